/* What the child prints goes to files without a name, so that nobody must read while it runs. */
#include "child.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "stopwatch.h"

#define LOOK_UP_NS 2000000

static void
become(const struct child *child, int output, int said)
{
    char *words[CHILD_MAX_WORDS + 2] = {"chronaxie"};
    size_t n = 0;
    for (; child->words[n]; n++)
        words[n + 1] = (char *)child->words[n];
    for (n = 0; child->variables[n][0]; n++)
        setenv(child->variables[n][0], child->variables[n][1], 1);
    const int nothing = open("/dev/null", O_RDWR);
    if (dup2(nothing, 0) < 0 || dup2(output, 1) < 0 || dup2(said, 2) < 0)
        _exit(127);
    execv("/proc/self/exe", words);
    _exit(127);
}

static void
await_end(struct child *child, pid_t process)
{
    int status = 0;
    const uint64_t begin_ns = stopwatch_now_ns();
    while (waitpid(process, &status, WNOHANG) == 0) {
        if (stopwatch_seconds_since(begin_ns) > child->most_seconds && !child->is_late) {
            child->is_late = true;
            kill(process, SIGKILL);
        }
        nanosleep(&(struct timespec){.tv_nsec = LOOK_UP_NS}, NULL);
    }
    child->seconds = stopwatch_seconds_since(begin_ns);
    child->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    child->code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

static void
take(FILE *from, char *text, size_t capacity)
{
    rewind(from);
    text[fread(text, 1, capacity - 1, from)] = '\0';
}

static bool
run_into(struct child *child, FILE *output, FILE *said)
{
    child->is_late = false;
    fflush(stdout);
    const pid_t process = fork();
    if (process == 0)
        become(child, fileno(output), fileno(said));
    if (process < 0)
        return false;
    await_end(child, process);
    take(output, child->output, sizeof child->output);
    take(said, child->said, sizeof child->said);
    return true;
}

bool
child_run(struct child *child)
{
    FILE *output = tmpfile(), *said = tmpfile();
    const bool ok = output && said && run_into(child, output, said);
    if (output)
        fclose(output);
    if (said)
        fclose(said);
    return ok;
}
