/* Exit codes are a promise to scripts (chronaxie.1). What a failed file means depends on what
 * was being done, hence the stage. Every message clears the progress line first, and a signal
 * that came meanwhile explains what failed better than the failure does. The library logs from
 * threads of its own, so that a lock decides what came before the sentence that ends a command. */
#include "outcome.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "interrupt.h"
#include "progress.h"
#include "sentence.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool has_ended; /* guarded by the lock, as is stderr */

static void
say(const char *begin, const char *format, va_list args)
{
    progress_clear();
    sentence_print(begin, format, args);
}

static outcome
outcome_of(chx_status status, enum stage stage)
{
    switch (status) {
    case CHX_OK:
        return OUTCOME_OK;
    case CHX_ERROR_NO_DEVICE:
    case CHX_ERROR_UNKNOWN_DEVICE:
        return OUTCOME_NO_DEVICE;
    case CHX_ERROR_DEVICE:
    case CHX_ERROR_DEVICE_MEMORY:
    case CHX_ERROR_BUILD:
    case CHX_ERROR_KERNEL:
    case CHX_ERROR_TIMEOUT:
    case CHX_ERROR_UNSUPPORTED:
        return OUTCOME_DEVICE;
    case CHX_ERROR_PROGRAM:
        return OUTCOME_HELPER;
    case CHX_ERROR_MEMORY:
        return OUTCOME_MEMORY;
    default:
        break;
    }
    if (stage == STAGE_INPUT)
        return OUTCOME_INPUT;
    if (stage == STAGE_OUTPUT)
        return OUTCOME_OUTPUT;
    return status == CHX_ERROR_FILE ? OUTCOME_OUTPUT : OUTCOME_WORK;
}

int
outcome_say(outcome code, const char *format, ...)
{
    va_list args;
    pthread_mutex_lock(&lock);
    has_ended = true;
    va_start(args, format);
    say("chronaxie: ", format, args);
    va_end(args);
    pthread_mutex_unlock(&lock);
    return (int)code;
}

void
outcome_remark(const char *format, ...)
{
    va_list args;
    pthread_mutex_lock(&lock);
    va_start(args, format);
    say("chronaxie: note: ", format, args);
    va_end(args);
    pthread_mutex_unlock(&lock);
}

void
outcome_log(const char *begin, const char *line, bool all)
{
    pthread_mutex_lock(&lock);
    if (all || !has_ended) {
        progress_clear();
        fprintf(stderr, "chronaxie: %s%s\n", begin, line);
    }
    pthread_mutex_unlock(&lock);
}

int
outcome_stopped(void)
{
    static bool said;
    int number = interrupt_pending();

    if (!said)
        outcome_say(OUTCOME_OK, "stopped by signal %d; unfinished files were removed", number);
    said = true;
    return OUTCOME_SIGNAL + number;
}

int
outcome_report_error(const chx_error *error, enum stage stage)
{
    const char *sentence = error->message[0] ? error->message : chx_status_sentence(error->status);

    /* A signal may fail what was under way, such as a compiler that heard it too. */
    if (interrupt_pending())
        return outcome_stopped();
    return outcome_say(outcome_of(error->status, stage), "%s", sentence);
}

int
outcome_report(chx_status status, enum stage stage)
{
    const chx_error *error = chx_last_error();
    if (status == CHX_OK)
        return OUTCOME_OK;
    if (error->status == status)
        return outcome_report_error(error, stage);
    return outcome_say(outcome_of(status, stage), "%s", chx_status_sentence(status));
}

int
outcome_close(int code)
{
    errno = 0;
    int failed = fflush(stdout) != 0 || ferror(stdout);
    if (!failed || code != OUTCOME_OK)
        return code;
    return outcome_say(OUTCOME_OUTPUT, "standard output: %s; the result was not fully written",
                       strerror(errno ? errno : EIO));
}
