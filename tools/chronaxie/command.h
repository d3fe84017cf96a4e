/* A command: one verb of `chronaxie`, with what its --help says. */
#ifndef CHRONAXIE_COMMAND_H
#define CHRONAXIE_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

struct command {
    const char *name;
    const char *operand; /* what follows the command, such as "NETWORK"; NULL for nothing */
    const char *summary; /* half a line for the list of commands */
    const char *details; /* paragraph for --help, NULL for none */
    const char *example; /* lines for --help */
    int (*run)(const struct command *self, int argc, char **argv); /* returns the exit code */
};

extern const struct command command_devices;
extern const struct command command_run;
extern const struct command command_render;
extern const struct command command_import;
extern const struct command command_plan;
extern const struct command command_bench;
extern const struct command command_version;
extern const struct command command_help;

/* All commands, ended by NULL. */
extern const struct command *const commands[];

#endif
