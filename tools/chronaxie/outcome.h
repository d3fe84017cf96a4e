/* An outcome: how a command ended, as an exit code and one sentence on stderr. */
#ifndef CHRONAXIE_OUTCOME_H
#define CHRONAXIE_OUTCOME_H

#include <stdbool.h>

#include <chronaxie/status.h>

/* Exit codes, a promise to scripts: docs/chronaxie.1 lists them. */
typedef enum outcome {
    OUTCOME_OK = 0,
    OUTCOME_WORK = 1, /* the work itself failed */
    OUTCOME_USAGE = 2, /* unknown command or option, bad value */
    OUTCOME_INPUT = 3, /* an input file is missing or malformed */
    OUTCOME_NO_DEVICE = 4, /* no usable device, or none of the name asked for */
    OUTCOME_DEVICE = 5, /* a device, its compiler or its memory failed */
    OUTCOME_OUTPUT = 6, /* a result could not be written */
    OUTCOME_HELPER = 7, /* a helper program is missing or failed */
    OUTCOME_MEMORY = 8, /* host memory is exhausted */
    OUTCOME_SIGNAL = 128, /* plus the number of the signal that ended the command */
} outcome;

/* What was being done: a file that fails is an input or an output. */
enum stage {
    STAGE_INPUT = 1,
    STAGE_WORK,
    STAGE_OUTPUT,
};

/* Prints the library's last error for a status and returns the exit code; OUTCOME_OK for CHX_OK. */
int outcome_report(chx_status status, enum stage stage);

/* The same for an error record kept from another thread. */
int outcome_report_error(const chx_error *error, enum stage stage);

/* Says, once, that a signal stopped the command; returns its exit code, 128 plus the signal's
 * number. */
int outcome_stopped(void);

/* Prints one sentence after "chronaxie: " and returns the code given. */
int outcome_say(outcome code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints one sentence after "chronaxie: note: ": what a person may want to know though all is
 * well. */
void outcome_remark(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints what the library logs. Not once it was said how the command ends, unless all is wanted:
 * what is under way then only fails for the same reason. From any thread. */
void outcome_log(const char *begin, const char *line, bool all);

/* Flushes stdout and turns a failed write into OUTCOME_OUTPUT; otherwise returns the code given. */
int outcome_close(int code);

#endif
