/* A handler sets a flag; where nothing is half-written that waits for it, as while a file is read
 * or a plan is searched, it ends the process, since those look at no flag. Handlers are reset by
 * the first signal, so a second ends the process at once, whatever hangs. What a parent chose to
 * ignore stays ignored (nohup). SIGPIPE is ignored, so that a closed pipe is an error of the
 * write. */
#include "interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "outcome.h"

static volatile sig_atomic_t pending_signal, is_at_once;

static void
note_signal(int number)
{
    static const char *const said[] = {
        [SIGHUP] = "chronaxie: stopped by signal 1\n",
        [SIGINT] = "chronaxie: stopped by signal 2\n",
        [SIGTERM] = "chronaxie: stopped by signal 15\n",
    };

    pending_signal = number;
    if (!is_at_once)
        return;
    if (write(STDERR_FILENO, said[number], strlen(said[number])) < 0)
        _exit(OUTCOME_OUTPUT);
    _exit(OUTCOME_SIGNAL + number);
}

void
interrupt_begin(void)
{
    static const int stops[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction note = {.sa_handler = note_signal, .sa_flags = SA_RESETHAND | SA_RESTART};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction present;

    sigemptyset(&note.sa_mask);
    sigemptyset(&ignore.sa_mask);
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++) {
        /* What a parent such as nohup chose to ignore stays ignored. */
        if (sigaction(stops[i], NULL, &present) == 0 && present.sa_handler != SIG_IGN)
            sigaction(stops[i], &note, NULL);
    }
    sigaction(SIGPIPE, &ignore, NULL);
}

void
interrupt_ends_at_once(bool at_once)
{
    is_at_once = at_once;
}

int
interrupt_pending(void)
{
    return pending_signal;
}
