/* A command's table is the one source of its parsing, help and suggestions; getopt's own tables
 * are made from it. Values go through the pointers of the rules, which must outlive the parse.
 * Numbers are read in the C locale, as the command never sets another. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "outcome.h"
#include "suggest.h"

#define MAX_RULES 48

typedef struct rule_set {
    option_rule rules[MAX_RULES];
    size_t n;
    bool help;
} rule_set;

static void
collect(const struct syntax *syntax, rule_set *set)
{
    shared_options *shared = syntax->shared;
    const option_rule devices[] = {
        {OPTION_TEXT, 'd', "device", "WHICH",
         "indices or parts of names, separated by commas, or 'all'", &shared->devices, 0, 0, NULL},
        {OPTION_UINT, 0, "split", "N", "cut each device into N sub-devices", &shared->split, 1, 64,
         NULL},
    };
    const option_rule all[] = {
        {OPTION_FLAG, 0, "json", NULL, "print the result as JSON", &shared->json, 0, 0, NULL},
        {OPTION_COUNT, 'v', "verbose", NULL, "log more to stderr; twice for all of it",
         &shared->verbose, 0, 0, NULL},
        {OPTION_FLAG, 'h', "help", NULL, "show this help", &set->help, 0, 0, NULL},
    };

    for (const option_rule *rule = syntax->rules; rule->kind != OPTION_END; rule++)
        set->rules[set->n++] = *rule;
    for (size_t i = 0; !shared->no_devices && i < sizeof devices / sizeof devices[0]; i++)
        set->rules[set->n++] = devices[i];
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        set->rules[set->n++] = all[i];
}

static void
print_help(const struct syntax *syntax, const rule_set *set)
{
    const struct command *command = syntax->command;

    printf("usage: chronaxie %s%s%s [options]\n\n%s.\n", command->name, command->operand ? " " : "",
           command->operand ? command->operand : "", command->summary);
    if (command->details)
        printf("\n%s\n", command->details);
    printf("\noptions:\n");
    for (size_t i = 0; i < set->n; i++) {
        const option_rule *rule = &set->rules[i];
        char left[64];
        if (!rule->help)
            continue;
        snprintf(left, sizeof left, "--%s%s%s", rule->name, rule->value ? " " : "",
                 rule->value ? rule->value : "");
        printf("  %c%c%c %-24s %s\n", rule->letter ? '-' : ' ', rule->letter ? rule->letter : ' ',
               rule->letter ? ',' : ' ', left, rule->help);
    }
    printf("\nexample:\n%s", command->example);
}

/* A number, or the fraction of two. Independent of the locale, which the command never sets. */
static bool
read_number(const char *text, double *number)
{
    char *end;
    double divisor = 1.0;
    double value = strtod(text, &end);

    if (end == text)
        return false;
    if (*end == '/') {
        const char *below = end + 1;
        divisor = strtod(below, &end);
        if (end == below || divisor == 0.0)
            return false;
    }
    *number = value / divisor;
    return *end == '\0' && isfinite(*number);
}

static bool
read_uint(const char *text, char stop, uint32_t *value, const char **rest)
{
    char *end;
    unsigned long long number;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    number = strtoull(text, &end, 10);
    if (errno || number > UINT32_MAX || *end != stop)
        return false;
    *value = (uint32_t)number;
    if (rest)
        *rest = end + 1;
    return true;
}

static bool
read_seed(const char *text, uint64_t *seed)
{
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    *seed = strtoull(text, &end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
    return !errno && *end == '\0';
}

static bool
inside(const option_rule *rule, double value)
{
    return value >= rule->minimum && value <= rule->maximum;
}

static bool
read_size(const option_rule *rule, const char *text, uint32_t *size)
{
    uint32_t width, height;
    const char *below;
    if (!read_uint(text, 'x', &width, &below) || !read_uint(below, '\0', &height, NULL))
        return false;
    size[0] = width;
    size[1] = height;
    return inside(rule, width) && inside(rule, height);
}

/* Stores a value in the rule's target; false when the text is no such value. */
static bool
store(const option_rule *rule, const char *text)
{
    double number;
    uint32_t whole;

    switch (rule->kind) {
    case OPTION_FLAG:
        *(bool *)rule->target = true;
        return true;
    case OPTION_COUNT:
        ++*(uint32_t *)rule->target;
        return true;
    case OPTION_TEXT:
        *(const char **)rule->target = text;
        return *text != '\0';
    case OPTION_UINT:
        if (!read_uint(text, '\0', &whole, NULL) || !inside(rule, whole))
            return false;
        *(uint32_t *)rule->target = whole;
        return true;
    case OPTION_SEED:
        return read_seed(text, rule->target);
    case OPTION_NUMBER:
        if (!read_number(text, &number) || !inside(rule, number))
            return false;
        *(double *)rule->target = number;
        return true;
    case OPTION_SIZE:
        return read_size(rule, text, rule->target);
    case OPTION_END:
        break;
    }
    return false;
}

static int
say_bad_value(const option_rule *rule, const char *text)
{
    switch (rule->kind) {
    case OPTION_UINT:
        return outcome_say(OUTCOME_USAGE, "--%s takes a whole number from %.0f to %.0f, not '%s'",
                           rule->name, rule->minimum, rule->maximum, text);
    case OPTION_SEED:
        return outcome_say(OUTCOME_USAGE, "--%s takes a whole number below 2^64, not '%s'",
                           rule->name, text);
    case OPTION_NUMBER:
        return outcome_say(OUTCOME_USAGE, "--%s takes a number from %g to %g, not '%s'", rule->name,
                           rule->minimum, rule->maximum, text);
    case OPTION_SIZE:
        return outcome_say(OUTCOME_USAGE,
                           "--%s takes WIDTHxHEIGHT, each from %.0f to %.0f, not '%s'", rule->name,
                           rule->minimum, rule->maximum, text);
    default:
        return outcome_say(OUTCOME_USAGE, "--%s needs a value", rule->name);
    }
}

static int
say_unknown(const struct syntax *syntax, const rule_set *set, const char *typed)
{
    const char *words[MAX_RULES];
    const char *near;
    char name[40];
    size_t length = strcspn(typed, "=");

    for (size_t i = 0; i < set->n; i++)
        words[i] = set->rules[i].name;
    snprintf(name, sizeof name, "%.*s", (int)(length < 39 ? length : 39), typed);
    near = strncmp(name, "--", 2) == 0 ? suggest_word(name + 2, words, set->n) : NULL;
    if (near)
        return outcome_say(OUTCOME_USAGE, "%s has no option '%s'; did you mean '--%s'?",
                           syntax->command->name, name, near);
    return outcome_say(OUTCOME_USAGE, "%s has no option '%s'; see 'chronaxie %s --help'",
                       syntax->command->name, name, syntax->command->name);
}

/* Index of the rule of a getopt_long() result: long options return 256 + index. */
static const option_rule *
find_rule(const rule_set *set, int found)
{
    for (size_t i = 0; i < set->n; i++) {
        if (found == 256 + (int)i || (found && found == set->rules[i].letter))
            return &set->rules[i];
    }
    return NULL;
}

static void
make_getopt_tables(const rule_set *set, struct option *names, char *letters)
{
    *letters++ = ':';
    for (size_t i = 0; i < set->n; i++) {
        const option_rule *rule = &set->rules[i];
        int takes = rule->value ? required_argument : no_argument;
        names[i] = (struct option){rule->name, takes, NULL, 256 + (int)i};
        if (rule->letter)
            *letters++ = rule->letter;
        if (rule->letter && rule->value)
            *letters++ = ':';
    }
    names[set->n] = (struct option){0};
    *letters = '\0';
}

static int
parse_options(const struct syntax *syntax, rule_set *set, int argc, char **argv)
{
    struct option names[MAX_RULES + 1];
    char letters[3 * MAX_RULES + 2];
    int found;

    make_getopt_tables(set, names, letters);
    opterr = 0;
    optind = 0; /* starts a new scan: help parses twice */
    while ((found = getopt_long(argc, argv, letters, names, NULL)) != -1) {
        const option_rule *rule = find_rule(set, found == ':' ? optopt : found);
        if (found == '?' || !rule) {
            char letter[3] = {'-', (char)optopt, '\0'};
            bool is_letter = optopt > 0 && optopt < 256;
            return say_unknown(syntax, set, is_letter ? letter : argv[optind - 1]);
        }
        if (found == ':')
            return outcome_say(OUTCOME_USAGE, "--%s needs a value: %s", rule->name, rule->help);
        if (!store(rule, optarg))
            return say_bad_value(rule, optarg);
        if (rule->given)
            *rule->given = true;
    }
    return OUTCOME_OK;
}

static int
parse_operand(const struct syntax *syntax, int argc, char **argv)
{
    const struct command *command = syntax->command;
    int n = argc - optind;

    if (command->operand && n == 0 && command->operand[0] != '[')
        return outcome_say(OUTCOME_USAGE, "%s needs %s; see 'chronaxie %s --help'", command->name,
                           command->operand, command->name);
    if (syntax->operands) {
        *syntax->operands = (operand_list){argv + optind, n};
        return OUTCOME_OK;
    }
    if (n > (command->operand ? 1 : 0))
        return outcome_say(OUTCOME_USAGE,
                           "%s: '%s' is one word too many; see 'chronaxie %s --help'",
                           command->name, argv[argc - 1], command->name);
    if (n == 1)
        *syntax->operand = argv[optind];
    return OUTCOME_OK;
}

bool
options_parse(const struct syntax *syntax, int argc, char **argv, int *code)
{
    rule_set set = {.n = 0};

    collect(syntax, &set);
    *code = parse_options(syntax, &set, argc, argv);
    if (*code != OUTCOME_OK)
        return false;
    if (set.help) {
        print_help(syntax, &set);
        return false;
    }
    *code = parse_operand(syntax, argc, argv);
    return *code == OUTCOME_OK;
}

/* A failure is told once, by the command that it ends; the log has it again for each run. */
static void
log_line(void *data, chx_log_level level, const char *line)
{
    static const char *const names[] = {"", "error: ", "warning: ", "", ""};
    const shared_options *shared = data;
    if (level == CHX_LOG_ERROR && shared->verbose == 0)
        return;
    outcome_log(level <= CHX_LOG_DEBUG ? names[level] : "", line, shared->verbose > 0);
}

chx_runtime_params
options_runtime_params(const shared_options *shared)
{
    chx_runtime_params params = {
        .devices = shared->devices,
        .split = shared->split,
        .log = log_line,
        .log_data = (void *)shared,
        .log_level = shared->verbose == 0   ? CHX_LOG_WARNING
                     : shared->verbose == 1 ? CHX_LOG_INFO
                                            : CHX_LOG_DEBUG,
    };
    return params;
}
