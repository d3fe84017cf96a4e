/* What can go wrong with a child is turned into an error of ours. Its input is a socket, written
 * with MSG_NOSIGNAL, because a pipe to a child that died would raise SIGPIPE in the caller's
 * process, whose signals a library does not touch. What it says goes to memory without a reader, so
 * it cannot block on that. It starts with default signals, and in a group of its own, so that an
 * interrupt meant for the caller lets it finish its file.
 *
 * Whoever waits for the child first (a caller's SIGCHLD handler may) takes its status away; the
 * result is then unknown and counts as failed. */
#include "io/encoder.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

extern char **environ;

/* Enough for a frame of 1080p to be under way while the next is drawn. */
#define SEND_BUFFER_BYTES (4 << 20)

static void
close_descriptor(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
}

/* What the child said, as the rest of a sentence. */
static void
read_complaints(const chx__encoder *encoder, char *text, size_t capacity)
{
    ssize_t n = pread(encoder->complaints, text, capacity - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
    for (size_t length = strlen(text); length > 0 && text[length - 1] == ' ';)
        text[--length] = '\0';
}

/* Waits for the child; its wait status, or -1 when someone else took that away. */
static int
reap(chx__encoder *encoder)
{
    int result = -1;
    pid_t child;
    do
        child = waitpid(encoder->child, &result, 0);
    while (child < 0 && errno == EINTR);
    encoder->child = 0;
    return child < 0 ? -1 : result;
}

static chx_status
fail_ended(chx__encoder *encoder, int result)
{
    char said[640], how[64];
    read_complaints(encoder, said, sizeof said);
    if (result != -1 && WIFSIGNALED(result))
        snprintf(how, sizeof how, "was ended by signal %d", WTERMSIG(result));
    else
        snprintf(how, sizeof how, "failed with status %d", result == -1 ? -1 : WEXITSTATUS(result));
    return chx__fail(CHX_ERROR_PROGRAM, "%s %s; it said: %s", encoder->program, how,
                     *said ? said : "nothing");
}

/* The child starts with our descriptors as its input, error output and the one beyond, where it
 * writes to, and with signals as they are by default; in a group of its own, so that a ^C
 * meant for us does not end it first. */
static int
spawn(chx__encoder *encoder, int input, int output, const char *const *arguments)
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
    error = posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
    if (!error)
        error = posix_spawn_file_actions_adddup2(&files, encoder->complaints, STDERR_FILENO);
    if (!error)
        error = posix_spawn_file_actions_adddup2(&files, encoder->complaints, STDOUT_FILENO);
    if (!error)
        error = posix_spawn_file_actions_adddup2(&files, output, CHX__ENCODER_OUTPUT);
    if (!error)
        error = posix_spawnp(&encoder->child, arguments[0], &files, &attributes,
                             (char *const *)arguments, environ);
    posix_spawnattr_destroy(&attributes);
out_files:
    posix_spawn_file_actions_destroy(&files);
    return error;
}

chx_status
chx__encoder_begin(chx__encoder *encoder, int output, const char *const *arguments,
                   const char *remedy)
{
    chx__encoder starting = {
        .program = arguments[0], .input = -1, .output = output, .complaints = -1};
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return chx__fail(CHX_ERROR_PROGRAM, "%s: cannot make a socket pair: %s", arguments[0],
                         strerror(errno));
    starting.input = pair[0];
    int bytes = SEND_BUFFER_BYTES;
    setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    starting.complaints = memfd_create("complaints", MFD_CLOEXEC);
    int error = starting.complaints < 0 ? errno : spawn(&starting, pair[1], output, arguments);
    close(pair[1]);
    if (!error) {
        *encoder = starting;
        return CHX_OK;
    }
    close_descriptor(&starting.input);
    close_descriptor(&starting.complaints);
    if (error == ENOENT)
        return chx__fail(CHX_ERROR_PROGRAM, "the program %s was not found along PATH; %s",
                         arguments[0], remedy);
    return chx__fail(CHX_ERROR_PROGRAM, "the program %s cannot be started: %s; %s", arguments[0],
                     strerror(error), remedy);
}

chx_status
chx__encoder_write(chx__encoder *encoder, const void *bytes, size_t size_bytes)
{
    for (const char *at = bytes; size_bytes > 0;) {
        ssize_t n = send(encoder->input, at, size_bytes, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            close_descriptor(&encoder->input);
            return fail_ended(encoder, reap(encoder));
        }
        at += n;
        size_bytes -= (size_t)n;
    }
    return CHX_OK;
}

chx_status
chx__encoder_end(chx__encoder *encoder)
{
    close_descriptor(&encoder->input);
    int result = reap(encoder);
    bool ended_well = result != -1 && WIFEXITED(result) && WEXITSTATUS(result) == 0;
    struct stat written;
    if (ended_well && fstat(encoder->output, &written) == 0 && written.st_size == 0) {
        char said[640];
        read_complaints(encoder, said, sizeof said);
        return chx__fail(CHX_ERROR_PROGRAM,
                         "%s ended as if all were well but wrote nothing; see what 'which %s' "
                         "names; it said: %s",
                         encoder->program, encoder->program, *said ? said : "nothing");
    }
    return ended_well ? CHX_OK : fail_ended(encoder, result);
}

void
chx__encoder_kill(chx__encoder *encoder)
{
    if (!encoder->program)
        return;
    close_descriptor(&encoder->input);
    if (encoder->child > 0) {
        kill(encoder->child, SIGKILL);
        reap(encoder);
    }
    close_descriptor(&encoder->complaints);
    encoder->program = NULL;
}
