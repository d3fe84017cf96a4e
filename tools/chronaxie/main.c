/* The command `chronaxie`: simulates and draws nervous systems on this machine's devices. */
#include <stdio.h>
#include <string.h>

#include <chronaxie/version.h>

#include "command.h"
#include "interrupt.h"
#include "options.h"
#include "outcome.h"
#include "result.h"
#include "suggest.h"

const struct command *const commands[] = {
    &command_devices, &command_run,  &command_render,
    &command_import,  &command_plan, &command_bench,
    &command_version, &command_help, NULL,
};

#define N_COMMANDS (sizeof commands / sizeof commands[0] - 1)

static const struct command *
find_command(const char *name)
{
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    }
    return NULL;
}

static int
say_unknown_command(const char *typed)
{
    const char *words[N_COMMANDS];
    const char *near;

    for (size_t i = 0; i < N_COMMANDS; i++)
        words[i] = commands[i]->name;
    near = suggest_word(typed, words, N_COMMANDS);
    if (near)
        return outcome_say(OUTCOME_USAGE, "there is no command '%s'; did you mean '%s'?", typed,
                           near);
    return outcome_say(OUTCOME_USAGE, "there is no command '%s'; see 'chronaxie help'", typed);
}

static void
print_overview(FILE *to)
{
    fputs("usage: chronaxie COMMAND [options]\n\n"
          "Simulates nervous systems and draws them, on whatever compute devices are there.\n\n"
          "commands:\n",
          to);
    for (size_t i = 0; i < N_COMMANDS; i++) {
        const struct command *command = commands[i];
        char left[40];
        snprintf(left, sizeof left, "%s%s%s", command->name, command->operand ? " " : "",
                 command->operand ? command->operand : "");
        fprintf(to, "  %-16s %s\n", left, command->summary);
    }
    fputs("\n'chronaxie COMMAND --help' describes one command, 'man chronaxie' all of them.\n\n"
          "example:\n  chronaxie render examples/celegans -o worm.png\n",
          to);
}

static int
help(const struct command *self, int argc, char **argv)
{
    static char flag[] = "--help";
    const char *topic = NULL;
    shared_options shared = {.no_devices = true};
    const option_rule none[] = {{.kind = OPTION_END}};
    const struct syntax syntax = {self, none, &shared, &topic};
    const struct command *asked;
    int code;

    if (!options_parse(&syntax, argc, argv, &code))
        return code;
    if (!topic) {
        print_overview(stdout);
        return OUTCOME_OK;
    }
    asked = find_command(topic);
    if (!asked)
        return say_unknown_command(topic);
    return asked->run(asked, 2, (char *[]){argv[0], flag, NULL});
}

static int
version(const struct command *self, int argc, char **argv)
{
    shared_options shared = {.no_devices = true};
    const option_rule none[] = {{.kind = OPTION_END}};
    const struct syntax syntax = {self, none, &shared, NULL};
    int code;

    if (!options_parse(&syntax, argc, argv, &code))
        return code;
    if (shared.json)
        return result_print(json_pack("{s:s}", "version", CHX_VERSION));
    printf("chronaxie %s\n", CHX_VERSION);
    return OUTCOME_OK;
}

const struct command command_version = {
    .name = "version",
    .summary = "Print the version",
    .example = "  chronaxie version --json\n",
    .run = version,
};

const struct command command_help = {
    .name = "help",
    .operand = "[COMMAND]",
    .summary = "Describe the commands, or one of them",
    .example = "  chronaxie help render\n",
    .run = help,
};

int
main(int argc, char **argv)
{
    const struct command *command;

    interrupt_begin();
    if (argc < 2) {
        print_overview(stderr);
        return OUTCOME_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_overview(stdout);
        return outcome_close(OUTCOME_OK);
    }
    if (strcmp(argv[1], "--version") == 0)
        command = &command_version;
    else
        command = find_command(argv[1]);
    if (!command)
        return say_unknown_command(argv[1]);
    return outcome_close(command->run(command, argc - 1, argv + 1));
}
