/*
 * A child process that eats a stream of bytes: the `ffmpeg` program.
 *
 * The child's standard input is one end of a socket pair, so that a child that
 * died is an error code and never a SIGPIPE; what it says on standard error
 * is kept in memory.
 */
#ifndef CHX_IO_ENCODER_H
#define CHX_IO_ENCODER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <chronaxie/status.h>

typedef struct chx__encoder {
    const char *program; /* borrowed; NULL when nothing was started */
    pid_t child; /* 0 once it has been waited for */
    int input; /* our end of the socket pair, -1 when closed */
    int output; /* borrowed */
    int complaints; /* what the child wrote to standard error, -1 when closed */
} chx__encoder;

/* The descriptor by which the child has the file that it is to write. */
#define CHX__ENCODER_OUTPUT 3

/* Starts a program found along PATH, which writes to `output`, open until the end; arguments end
 * with NULL. Errors: PROGRAM with `remedy` when it is missing. */
chx_status chx__encoder_begin(chx__encoder *encoder, int output, const char *const *arguments,
                              const char *remedy);

/* Hands bytes over; blocks while the child is behind. Errors: PROGRAM with what the child said. */
chx_status chx__encoder_write(chx__encoder *encoder, const void *bytes, size_t size_bytes);

/* Ends the child's input and waits for it. Errors: PROGRAM unless it ended well and wrote. */
chx_status chx__encoder_end(chx__encoder *encoder);

/* Kills the child if it still runs; accepts one that has ended or never began (program NULL). */
void chx__encoder_kill(chx__encoder *encoder);

#endif
