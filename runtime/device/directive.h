/* A directive: one logical line of a C source, as the preprocessor reads it. */
#ifndef CHX_DEVICE_DIRECTIVE_H
#define CHX_DEVICE_DIRECTIVE_H

#include <stdbool.h>
#include <stdint.h>

typedef enum chx__directive_kind {
    CHX__DIRECTIVE_BLANK = 0, /* nothing but blanks and comments */
    CHX__DIRECTIVE_TEXT, /* no directive, or one that does not matter here */
    CHX__DIRECTIVE_INCLUDE, /* of a name in quotes */
    CHX__DIRECTIVE_OPEN, /* another way of taking in a file: <name>, a macro, #import */
    CHX__DIRECTIVE_IFNDEF,
    CHX__DIRECTIVE_IF,
    CHX__DIRECTIVE_IFDEF,
    CHX__DIRECTIVE_ELSE, /* and its like */
    CHX__DIRECTIVE_ENDIF,
    CHX__DIRECTIVE_ONCE, /* #pragma once */
} chx__directive_kind;

typedef struct chx__directive {
    chx__directive_kind kind;
    const char *end; /* past the newline */
    unsigned n_lines; /* of the file */
    const char *name; /* of an INCLUDE, a span of the buffer */
    int name_length;
    bool is_never, is_always; /* a condition that is false, or true, for all OpenCL compilers */
    bool asks_for_files; /* by __has_include or __has_embed */
} chx__directive;

/* The conditions around a line; all zeroes at the begin of a text. */
typedef struct chx__conditions {
    unsigned depth;
    uint64_t always; /* bit d: the condition of depth d is true for all OpenCL compilers */
    unsigned dead_depth; /* of the outermost branch that no compiler takes; 0 outside of one */
} chx__conditions;

/* Reads the line at `at`, which is before `end`, where a NUL stands. The buffer holds as many bytes
 * as the text and one more. */
chx__directive chx__directive_read(const char *at, const char *end, char *buffer);

/* Goes past a line. */
void chx__conditions_follow(chx__conditions *conditions, const chx__directive *line);

#endif
