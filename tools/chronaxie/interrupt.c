/* One thread waits for the signals, which every other thread blocks: a handler would run amid
 * whatever it meets. Drivers set handlers of their own while they compile, which take the files
 * away that are compiled; blocked signals never reach these, and none is lost where drivers ignore
 * signals for a time. SIGPIPE is ignored, so that a closed pipe is an error of the write. */
#include "interrupt.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "outcome.h"

static struct {
    pthread_mutex_t lock;
    sigset_t awaited;
    int pending;
    bool is_at_once;
} interrupt = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Under the lock, so that a signal is said once. */
static void
end_process(int number)
{
    char said[64];
    snprintf(said, sizeof said, "chronaxie: stopped by signal %d\n", number);
    if (write(STDERR_FILENO, said, strlen(said)) < 0)
        _exit(OUTCOME_OUTPUT);
    _exit(OUTCOME_SIGNAL + number);
}

/* The first is noted, unless nothing waits for it; a second ends the process, whatever hangs. */
static void *
await_signals(void *unused)
{
    int number;
    (void)unused;
    while (sigwait(&interrupt.awaited, &number) == 0) {
        pthread_mutex_lock(&interrupt.lock);
        if (interrupt.is_at_once || interrupt.pending)
            end_process(number);
        interrupt.pending = number;
        pthread_mutex_unlock(&interrupt.lock);
    }
    return NULL;
}

void
interrupt_begin(void)
{
    static const int stops[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction present;
    pthread_t thread;

    sigemptyset(&interrupt.awaited);
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++) {
        /* What a parent such as nohup chose to ignore stays ignored. */
        if (sigaction(stops[i], NULL, &present) == 0 && present.sa_handler != SIG_IGN)
            sigaddset(&interrupt.awaited, stops[i]);
    }
    pthread_sigmask(SIG_BLOCK, &interrupt.awaited, NULL);
    /* Without the thread, signals end the process as they do by default. */
    if (pthread_create(&thread, NULL, await_signals, NULL) == 0)
        pthread_detach(thread);
    else
        pthread_sigmask(SIG_UNBLOCK, &interrupt.awaited, NULL);
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGPIPE, &ignore, NULL);
}

void
interrupt_ends_at_once(bool at_once)
{
    pthread_mutex_lock(&interrupt.lock);
    interrupt.is_at_once = at_once;
    if (at_once && interrupt.pending)
        end_process(interrupt.pending);
    pthread_mutex_unlock(&interrupt.lock);
}

int
interrupt_pending(void)
{
    pthread_mutex_lock(&interrupt.lock);
    int number = interrupt.pending;
    pthread_mutex_unlock(&interrupt.lock);
    return number;
}
