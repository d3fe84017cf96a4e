/* The head of a user's model: the comment that the file begins with. After a line
 * "chronaxie-model 1" each of its lines is blank or one declaration,
 *
 *   parameter NAME [= NUMBER] [above N | at least N] [below N | at most N]
 *   constant NAME = FORMULA
 *   port NAME
 *   state NAME = FORMULA
 *
 * Words stay where they are in a copy of the head, cut by NULs. Formulas are computed once with the
 * defaults, to find what is wrong with them in the file's own line. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "io/number.h"
#include "network/formula.h"
#include "network/own_model.h"

#define MARK "chronaxie-model"
#define MAX_NAME 40
#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyz_0123456789"

typedef struct head {
    chx_model *model;
    char *at; /* the rest of the line */
    unsigned line;
    chx__symbol symbols[1 + CHX__MODEL_MAX_PARAMETERS + CHX__MODEL_MAX_CONSTANTS];
    uint32_t n_symbols;
} head;

/* Words of C and types of OpenCL C that look like names. */
static const char *const reserved[] = {
    "auto",    "break",   "case",     "char",     "const",    "constant", "continue", "default",
    "do",      "double",  "else",     "enum",     "extern",   "float",    "for",      "global",
    "goto",    "half",    "if",       "inline",   "int",      "kernel",   "local",    "long",
    "private", "quad",    "register", "restrict", "return",   "short",    "signed",   "sizeof",
    "static",  "struct",  "switch",   "typedef",  "unsigned", "union",    "void",     "volatile",
    "while",   "bool",    "uchar",    "uint",     "ulong",    "ushort",   "event_t",  "size_t",
    "model",   "initial", "true",     "false",    "linux",    "unix",     "exp",      "expm1",
    "log",     "sqrt",
};

static chx_status
fail(const head *h, const char *sentence)
{
    return chx__fail(CHX_ERROR_FORMAT, "%s:%u: %s", h->model->path, h->line, sentence);
}

static chx_status
fail_word(const head *h, const char *word, const char *sentence)
{
    return chx__fail(CHX_ERROR_FORMAT, "%s:%u: '%.64s' %s", h->model->path, h->line, word,
                     sentence);
}

/* The next word of the line, ended by a NUL; an empty one at its end. */
static char *
next_word(head *h)
{
    char *word = h->at + strspn(h->at, " \t,");
    h->at = word + strcspn(word, " \t,");
    if (*h->at)
        *h->at++ = '\0';
    return word;
}

static bool
takes(head *h, const char *word)
{
    const size_t length = strlen(word);
    char *at = h->at + strspn(h->at, " \t,");
    if (strncmp(at, word, length) != 0 || (at[length] && !strchr(" \t,", at[length])))
        return false;
    h->at = at + length;
    return true;
}

/* A name that nothing else in the head has. */
static chx_status
read_name(head *h, const char **name)
{
    const chx_model *model = h->model;
    char *word = next_word(h);
    *name = word;
    if (!*word)
        return fail(h, "lacks a name");
    if (word[strspn(word, NAME_LETTERS)] || word[0] < 'a' || strlen(word) > MAX_NAME)
        return fail_word(h, word,
                         "is no name: up to 40 small letters, digits and '_', with a letter first");
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (strcmp(reserved[i], word) == 0)
            return fail_word(h, word, "has a meaning already; take another name");
    bool is_known = false;
    for (uint32_t i = 0; i < h->n_symbols; i++)
        is_known = is_known || strcmp(h->symbols[i].name, word) == 0;
    for (uint32_t i = 0; i < model->n_states; i++)
        is_known = is_known || strcmp(model->states[i].name, word) == 0;
    for (uint32_t i = 0; i < model->n_ports; i++)
        is_known = is_known || strcmp(model->ports[i], word) == 0;
    return is_known ? fail_word(h, word, "stands twice, or is time_step_ms; take another name")
                    : CHX_OK;
}

static chx_status
read_number(head *h, double *value)
{
    const char *word = next_word(h);
    if (!*word)
        return fail(h, "lacks a number");
    if (!chx__number_parse(word, strlen(word), value))
        return fail_word(h, word, "is no number");
    return CHX_OK;
}

/* Reads what may follow a parameter's name and default. */
static chx_status
read_bounds(head *h, chx__bounds *bounds)
{
    *bounds = (chx__bounds){.least = -INFINITY, .most = INFINITY};
    const char *words[2] = {"", ""};
    chx_status status = CHX_OK;
    if (takes(h, "above")) {
        bounds->is_above = true;
        words[0] = "above";
        status = read_number(h, &bounds->least);
    } else if (takes(h, "at least")) {
        words[0] = "of at least";
        status = read_number(h, &bounds->least);
    }
    if (!status && takes(h, "below")) {
        bounds->is_below = true;
        words[1] = "below";
        status = read_number(h, &bounds->most);
    } else if (!status && takes(h, "at most")) {
        words[1] = "of at most";
        status = read_number(h, &bounds->most);
    }
    char least[32] = "", most[32] = "";
    if (words[0][0])
        snprintf(least, sizeof least, " %s %.12g", words[0], bounds->least);
    if (words[1][0])
        snprintf(most, sizeof most, " %s %.12g", words[1], bounds->most);
    snprintf(bounds->sentence, sizeof bounds->sentence, "must be a number%s%s%s", least,
             least[0] && most[0] ? " and" : "", most);
    if (!status && !(bounds->least < bounds->most))
        return fail(h, "leaves no number between its bounds");
    return status;
}

static bool
is_within(const chx__bounds *bounds, double value)
{
    return (bounds->is_above ? value > bounds->least : value >= bounds->least) &&
           (bounds->is_below ? value < bounds->most : value <= bounds->most);
}

static void
add_symbol(head *h, const char *name, double value)
{
    h->symbols[h->n_symbols++] = (chx__symbol){name, value};
}

static chx_status
add_parameter(head *h, const char *name, bool has_default, double preset, const chx__bounds *bounds)
{
    chx_model *model = h->model;
    if (model->n_parameters == CHX__MODEL_MAX_PARAMETERS)
        return fail(h, "is one parameter too many; a model has at most 32 with bias_pa and "
                       "refractory_ms");
    chx__range range = CHX__RANGE_ANY;
    if (strcmp(name, "bias_pa") == 0)
        range = CHX__RANGE_CURRENT;
    if (strcmp(name, "refractory_ms") == 0)
        range = CHX__RANGE_NOT_NEGATIVE;
    model->parameters[model->n_parameters] = (chx__parameter){name, range, has_default, preset};
    model->bounds[model->n_parameters++] = *bounds;
    add_symbol(h, name, preset);
    return CHX_OK;
}

static chx_status
read_parameter(head *h)
{
    const char *name;
    double preset = 0;
    chx__bounds bounds;
    chx_status status = read_name(h, &name);
    const bool has_default = !status && takes(h, "=");
    if (has_default)
        status = read_number(h, &preset);
    if (!status)
        status = read_bounds(h, &bounds);
    if (status)
        return status;
    if (*next_word(h))
        return fail(h, "goes on after 'parameter NAME = DEFAULT, above N, below N'; the bounds are "
                       "above or at least, and then below or at most");
    if (has_default && (!is_within(&bounds, preset) || !(fabs(preset) <= CHX__MAX_MAGNITUDE)))
        return fail_word(h, name, "has a default outside of its own bounds, or beyond 1e12");
    if (!has_default)
        preset = isfinite(bounds.least) ? bounds.least + 1 : isfinite(bounds.most) ? 0 : 1;
    return add_parameter(h, name, has_default, preset, &bounds);
}

static chx_status
read_value(head *h, chx__own_value *values, uint32_t most, uint32_t *n, double *value)
{
    const char *name, *fault, *place;
    chx_status status = read_name(h, &name);
    if (status)
        return status;
    if (!takes(h, "="))
        return fail_word(h, name, "lacks '=' and a formula");
    if (*n == most)
        return fail(h, "is one too many; a model has at most 16 states and 31 constants");
    values[*n] = (chx__own_value){name, h->at};
    if (!chx__formula_compute(h->at, h->symbols, h->n_symbols, value, &fault, &place))
        return *place ? chx__fail(CHX_ERROR_FORMAT, "%s:%u: the formula of '%s' %s, at '%.32s'",
                                  h->model->path, h->line, name, fault, place)
                      : chx__fail(CHX_ERROR_FORMAT, "%s:%u: the formula of '%s' %s", h->model->path,
                                  h->line, name, fault);
    ++*n;
    return CHX_OK;
}

static chx_status
read_port(head *h)
{
    chx_model *model = h->model;
    if (model->n_ports == CHX__MODEL_MAX_PORTS)
        return fail(h, "is one port too many; a model has at most 8");
    chx_status status = read_name(h, &model->ports[model->n_ports]);
    model->n_ports += !status;
    return status;
}

static chx_status
read_declaration(head *h)
{
    chx_model *model = h->model;
    double value = 0;
    if (takes(h, "parameter"))
        return read_parameter(h);
    if (takes(h, "port"))
        return read_port(h);
    if (takes(h, "state"))
        return read_value(h, model->states, CHX__MODEL_MAX_STATES, &model->n_states, &value);
    if (takes(h, "constant")) {
        chx_status status = read_value(h, model->constants, 31, &model->n_constants, &value);
        if (!status)
            add_symbol(h, model->constants[model->n_constants - 1].name, value);
        return status;
    }
    return fail_word(h, next_word(h),
                     "is unknown; a line says parameter, port, constant or state, or is empty");
}

/* Words of a declaration may stand in a sentence on a terminal. */
static bool
is_plain(const char *line)
{
    for (; *line; line++)
        if ((*line < ' ' && *line != '\t') || *line > '~')
            return false;
    return true;
}

/* One line without what comments are decorated with. */
static chx_status
read_line(head *h, char *line, bool *is_begun)
{
    line += strspn(line, " \t*");
    size_t length = strlen(line);
    while (length && strchr(" \t\r", line[length - 1]))
        line[--length] = '\0';
    h->at = line;
    if ((*is_begun || takes(h, MARK)) && !is_plain(line))
        return fail(h, "holds what is no letter, digit or mark of ASCII; remove it");
    h->at = line;
    if (*is_begun)
        return length ? read_declaration(h) : CHX_OK;
    if (!takes(h, MARK))
        return CHX_OK;
    *is_begun = true;
    const char *version = next_word(h);
    return strcmp(version, "1") == 0 && !*next_word(h)
               ? CHX_OK
               : fail_word(h, version, "is a version that this program cannot read, which is 1");
}

static chx_status
finish(head *h, bool is_begun)
{
    static const chx__bounds none = {.least = -INFINITY, .most = INFINITY};
    static const char *const always[] = {"bias_pa", "refractory_ms"};
    if (!is_begun)
        return fail(h, "the comment ends without a line '" MARK " 1' and declarations; "
                       "docs/models.md has an example");
    if (h->model->n_states == 0)
        return fail(h, "the comment ends without a state; declare the potential, 'state v = 0'");
    if (h->model->n_ports == 0)
        h->model->ports[h->model->n_ports++] = "input";
    chx_status status = CHX_OK;
    for (int i = 0; i < 2 && !status; i++) {
        bool is_declared = false;
        for (uint32_t k = 0; k < h->n_symbols; k++)
            is_declared = is_declared || strcmp(h->symbols[k].name, always[i]) == 0;
        if (!is_declared)
            status = add_parameter(h, always[i], true, 0, &none);
    }
    return status;
}

chx_status
chx__own_head_read(chx_model *model)
{
    head h = {.model = model, .line = 1};
    const char *text = model->text;
    const size_t begin = strspn(text, " \t\r\n");
    const char *end = strncmp(text + begin, "/*", 2) == 0 ? strstr(text + begin + 2, "*/") : NULL;
    if (!end)
        return fail(&h, "a model's file begins with a comment that declares what it has; "
                        "docs/models.md has an example");
    model->head = chx__format("%.*s", (int)(end - text), text);
    if (!model->head)
        return chx__fail_memory("reading a model");
    add_symbol(&h, "time_step_ms", 0.1);
    bool is_begun = false;
    chx_status status = CHX_OK;
    for (size_t i = 0; i < begin; i++)
        h.line += text[i] == '\n';
    for (char *line = model->head + begin + 1; line && !status;) {
        char *next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        status = read_line(&h, line, &is_begun);
        if (!status && next)
            h.line++;
        line = next;
    }
    model->code_offset = (size_t)(end + 2 - text);
    model->code_line = h.line;
    return status ? status : finish(&h, is_begun);
}
