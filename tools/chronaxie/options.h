/* Options: one table per command makes its parsing, its --help and its suggestions. */
#ifndef CHRONAXIE_OPTIONS_H
#define CHRONAXIE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include <chronaxie/runtime.h>

#include "command.h"

typedef enum option_kind {
    OPTION_END = 0, /* ends a table */
    OPTION_FLAG, /* bool */
    OPTION_COUNT, /* uint32_t, one more each time */
    OPTION_TEXT, /* const char * */
    OPTION_UINT, /* uint32_t in [minimum, maximum] */
    OPTION_SEED, /* uint64_t, decimal or 0x... */
    OPTION_NUMBER, /* double in [minimum, maximum], also as a fraction "1/25" */
    OPTION_SIZE, /* uint32_t[2] from "1920x1080", each in [minimum, maximum] */
} option_kind;

typedef struct option_rule {
    option_kind kind;
    char letter; /* short form, 0 for none */
    const char *name;
    const char *value; /* the value's name in help, NULL for flags and counts */
    const char *help; /* NULL for one that is only refused, and so is not listed */
    void *target; /* of the type the kind names; keeps its value when the option is not given */
    double minimum;
    double maximum;
    bool *given; /* set when the option is given; may be NULL */
} option_rule;

/* Options that commands share. */
typedef struct shared_options {
    bool no_devices; /* set by a command that opens none, before parsing */
    bool json;
    uint32_t verbose;
    const char *devices;
    uint32_t split;
} shared_options;

/* The operands of a command that takes several: words of its arguments. */
typedef struct operand_list {
    char **words;
    int n;
} operand_list;

struct syntax {
    const struct command *command;
    const option_rule *rules; /* of the command's own, ended by OPTION_END */
    shared_options *shared;
    const char **operand; /* receives the operand when the command takes one */
    operand_list *operands; /* receives all of them when it takes several, else NULL */
};

/* Parses everything after the command's name into the targets. False when the command is over,
 * because help was asked for or because something is wrong and has been said; *code is then its
 * exit code. */
bool options_parse(const struct syntax *syntax, int argc, char **argv, int *code);

/* Parameters of a runtime as the shared options ask for; the log goes to stderr. */
chx_runtime_params options_runtime_params(const shared_options *shared);

#endif
