/* A library cannot fork: the child of a program with threads may do next to nothing, and a driver's
 * state does not survive it. So a small program of ours is started by posix_spawn(); it finds the
 * same devices, as it has the same environment, and leaves a pass in the cache. It is looked for
 * where it is installed and beside the library, or at CHRONAXIE_SELF_TEST; without it devices are
 * tested in this process.
 *
 * Callers may ignore or reap all children, so a lost exit status is no verdict. Signals that come
 * from people or from the system, such as SIGKILL, are none either. */
#include "device/trial.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "device/cache.h"

#define DEADLINE_NS UINT64_C(60000000000)
#define NAP_NS 2000000

extern char **environ;

bool
chx__trial_is_this(void)
{
    const char *path = getenv("CHRONAXIE_SELF_TEST");
    return path && !*path;
}

static char *
find_beside_library(void)
{
    Dl_info info;
    int found = dladdr((const void *)(uintptr_t)chx__trial_run, &info);
    const char *slash = found && info.dli_fname ? strrchr(info.dli_fname, '/') : NULL;
    return slash ? chx__format("%.*s/chronaxie-self-test", (int)(slash - info.dli_fname),
                               info.dli_fname)
                 : NULL;
}

/* NULL when there is none. */
static char *
find_program(void)
{
    const char *wish = getenv("CHRONAXIE_SELF_TEST");
    char *path = wish ? chx__strdup(wish) : chx__strdup(SELF_TEST_PROGRAM);
    if (path && access(path, X_OK) == 0)
        return path;
    free(path);
    path = wish ? NULL : find_beside_library();
    if (path && access(path, X_OK) == 0)
        return path;
    free(path);
    return NULL;
}

/* In a group of its own, so that a ^C meant for us does not end it, with signals as they are by
 * default, and silent. */
static int
spawn(pid_t *child, char *const *arguments)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int error = posix_spawn_file_actions_init(&files);
    if (error)
        return error;
    error = posix_spawnattr_init(&attributes);
    if (error)
        goto out_files;
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                              POSIX_SPAWN_SETPGROUP);
    for (int i = 0; i < 3 && !error; i++)
        error = posix_spawn_file_actions_addopen(&files, i, "/dev/null", O_RDWR, 0);
    if (!error)
        error = posix_spawn(child, arguments[0], &files, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
out_files:
    posix_spawn_file_actions_destroy(&files);
    return error;
}

/* False when it did not end in time. *ended is -1 when the status went elsewhere. */
static bool
await(pid_t child, int *ended)
{
    uint64_t deadline_ns = chx__now_ns() + DEADLINE_NS;
    const struct timespec nap = {.tv_nsec = NAP_NS};
    for (;;) {
        pid_t got = waitpid(child, ended, WNOHANG);
        if (got == child)
            return true;
        if (got < 0 && errno != EINTR) {
            *ended = -1;
            return true;
        }
        if (chx__now_ns() > deadline_ns)
            return false;
        nanosleep(&nap, NULL);
    }
}

static bool
is_crash(int signal)
{
    return signal == SIGSEGV || signal == SIGABRT || signal == SIGBUS || signal == SIGILL ||
           signal == SIGFPE || signal == SIGSYS || signal == SIGTRAP;
}

static chx__trial_outcome
judge(int ended, char *how, size_t capacity)
{
    if (ended == -1)
        return CHX__TRIAL_NONE;
    if (WIFSIGNALED(ended)) {
        snprintf(how, capacity, "signal %d", WTERMSIG(ended));
        return is_crash(WTERMSIG(ended)) ? CHX__TRIAL_DIED : CHX__TRIAL_STOPPED;
    }
    snprintf(how, capacity, "exit status %d", WEXITSTATUS(ended));
    if (WEXITSTATUS(ended) == 127) /* it could not be loaded */
        return CHX__TRIAL_NONE;
    return WEXITSTATUS(ended) == 0 ? CHX__TRIAL_DONE : CHX__TRIAL_DIED;
}

chx__trial_outcome
chx__trial_run(const chx__cache *cache, const char *kernel_path, uint32_t index, bool with_speed,
               char *how, size_t capacity)
{
    char *program = cache ? find_program() : NULL;
    char number[16];
    pid_t child;
    int ended;
    if (!program)
        return CHX__TRIAL_NONE;
    snprintf(number, sizeof number, "%u", index);
    char *arguments[] = {program,
                         number,
                         (char *)chx__cache_path(cache),
                         with_speed ? "speed" : "plain",
                         (char *)kernel_path,
                         NULL};
    chx__trial_outcome outcome = CHX__TRIAL_NONE;
    if (spawn(&child, arguments) == 0) {
        if (await(child, &ended)) {
            outcome = judge(ended, how, capacity);
        } else {
            kill(child, SIGKILL);
            waitpid(child, &ended, 0);
            snprintf(how, capacity, "no end within a minute");
            outcome = CHX__TRIAL_STOPPED;
        }
    }
    free(program);
    return outcome;
}
