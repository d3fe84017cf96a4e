/* A scan of OpenCL C by tokens, which is no compiler: it finds what a compiler accepts and what yet
 * rounds differently from device to device. Operators other than / are exact or rounded once, as
 * long as numbers are floats; of the driver's functions, those that round once are left alone.
 *
 * Names after . and -> are members. Names of common words (length, step, mix) are taken for the
 * driver's only where they are called.
 *
 * Outside of directives a file is the step and nothing else: what stands there is put into a loop
 * of the frame. */
#include "network/own_code.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/error.h"

typedef struct scan {
    const char *path;
    const char *at;
    unsigned line;
    bool in_directive;
    bool after_member; /* . or -> stands before */
    int depth; /* of braces */
    const char *step; /* MODEL_STEP, once it was there, */
    unsigned step_line; /* in this line */
    bool is_step_over;
} scan;

#define STEP "MODEL_STEP"

/* What OpenCL 1.2 lets drivers round as they like, or does not say how. */
static const char *const inexact[] = {
    "acos",
    "acosh",
    "acospi",
    "asin",
    "asinh",
    "asinpi",
    "atan",
    "atan2",
    "atan2pi",
    "atanh",
    "atanpi",
    "cbrt",
    "cos",
    "cosh",
    "cospi",
    "erf",
    "erfc",
    "exp",
    "exp10",
    "exp2",
    "expm1",
    "fma",
    "hypot",
    "lgamma",
    "lgamma_r",
    "log",
    "log10",
    "log1p",
    "log2",
    "mad",
    "pow",
    "pown",
    "powr",
    "rootn",
    "rsqrt",
    "sin",
    "sinh",
    "sincos",
    "sinpi",
    "sqrt",
    "tan",
    "tanh",
    "tanpi",
    "tgamma",
    "dot",
    "cross",
    "mix",
    "length",
    "distance",
    "normalize",
    "fast_length",
    "fast_distance",
    "fast_normalize",
    "smoothstep",
    "degrees",
    "radians",
    "divide",
    "recip",
    "logb",
};

/* What belongs to the frame, or makes bits depend on the device. */
static const char *const foreign[] = {
    "kernel", "__kernel", "barrier", "double", "half", "printf", "asm", "_Pragma", "goto",
};

static const char *const foreign_starts[] = {
    "get_global_", "get_local_", "get_group_", "atomic_",     "atom_",
    "double",      "__builtin_", "vload_half", "vstore_half", "async_work_"};

static const char *const directives[] = {"define", "undef", "if",   "ifdef",
                                         "ifndef", "else",  "elif", "endif"};

#define SIZE(array) (sizeof(array) / sizeof *(array))

static bool
is_one_of(const char *word, size_t length, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strlen(list[i]) == length && memcmp(list[i], word, length) == 0)
            return true;
    return false;
}

static bool
starts_with(const char *word, size_t length, const char *start)
{
    return length >= strlen(start) && memcmp(word, start, strlen(start)) == 0;
}

static bool
is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static chx_status
fail(const scan *s, const char *sentence)
{
    return chx__fail(CHX_ERROR_FORMAT, "%s:%u: %s", s->path, s->line, sentence);
}

static const char *
skip_blanks(const char *at)
{
    return at + strspn(at, " \t\r\n\\");
}

static chx_status
check_word(const scan *s, const char *word, size_t length)
{
    if (s->after_member)
        return CHX_OK;
    const bool is_called = *skip_blanks(word + length) == '(' || s->in_directive;
    size_t prefix = starts_with(word, length, "native_") ? 7 : 0;
    prefix = starts_with(word, length, "half_") ? 5 : prefix;
    if (is_called && is_one_of(word + prefix, length - prefix, inexact, SIZE(inexact)))
        return chx__fail(CHX_ERROR_FORMAT,
                         "%s:%u: %.*s() is the driver's, and each rounds it in its own way; take "
                         "WIDE_EXP(), WIDE_LOG(), WIDE_TANH() or WIDE_POW(), sums and products, or "
                         "a constant that the head computes",
                         s->path, s->line, (int)length, word);
    bool is_foreign = is_one_of(word, length, foreign, SIZE(foreign));
    for (size_t i = 0; i < SIZE(foreign_starts); i++)
        is_foreign = is_foreign || starts_with(word, length, foreign_starts[i]);
    if (is_foreign)
        return chx__fail(CHX_ERROR_FORMAT,
                         "%s:%u: a model has no use for %.*s; it moves floats of neurons that "
                         "know nothing of each other",
                         s->path, s->line, (int)length, word);
    return CHX_OK;
}

/* Of what stands outside of all braces. */
static chx_status
check_outside(scan *s)
{
    if (s->is_step_over)
        return fail(s, STEP " and its braces are the last of a model's file; macros stand above");
    if (*s->at == '}')
        return fail(s, "this brace closes none");
    if (s->step && *s->at == '{')
        return CHX_OK;
    const size_t length = strlen(STEP);
    if (!starts_with(s->at, strlen(s->at), STEP) || is_word(s->at[length]))
        return fail(s,
                    "a model's file holds macros and " STEP " { ... }, and nothing else; write a "
                    "function as a macro, for some drivers compute calls wrong");
    if (*skip_blanks(s->at + length) != '{')
        return fail(s, STEP " is followed by a time step's statements in braces");
    s->step = s->at;
    s->step_line = s->line;
    return CHX_OK;
}

static chx_status
read_word(scan *s)
{
    size_t length = 0;
    while (is_word(s->at[length]))
        length++;
    chx_status status = check_word(s, s->at, length);
    if (!status && length == 6 && memcmp(s->at, "return", length) == 0)
        status =
            fail(s, STEP " is no function and returns nothing; set fired to -1 where neurons fire");
    s->at += length;
    s->after_member = false;
    return status;
}

/* A number as the preprocessor sees it. */
static chx_status
read_number(scan *s)
{
    const char *begin = s->at;
    const bool is_hexadecimal = begin[0] == '0' && (begin[1] == 'x' || begin[1] == 'X');
    bool is_real = false;
    while (is_word(*s->at) || *s->at == '.') {
        const char c = (char)tolower((unsigned char)*s->at++);
        const bool is_exponent = c == (is_hexadecimal ? 'p' : 'e');
        is_real = is_real || c == '.' || is_exponent;
        if (is_exponent && (*s->at == '+' || *s->at == '-'))
            s->at++;
    }
    s->after_member = false;
    if (is_real && s->at[-1] != 'f' && s->at[-1] != 'F')
        return chx__fail(CHX_ERROR_FORMAT,
                         "%s:%u: %.*s is a double on some devices and a float on others; write "
                         "%.*sf",
                         s->path, s->line, (int)(s->at - begin), begin, (int)(s->at - begin),
                         begin);
    return CHX_OK;
}

static chx_status
skip_comment(scan *s)
{
    if (s->at[1] == '/') {
        s->at += strcspn(s->at, "\n");
        return CHX_OK;
    }
    const char *end = strstr(s->at + 2, "*/");
    if (!end)
        return fail(s, "this comment does not end");
    for (; s->at < end; s->at++)
        s->line += *s->at == '\n';
    s->at = end + 2;
    return CHX_OK;
}

static chx_status
read_directive(scan *s)
{
    const char *word = s->at + 1 + strspn(s->at + 1, " \t");
    size_t length = 0;
    while (is_word(word[length]))
        length++;
    if (length && !is_one_of(word, length, directives, SIZE(directives)))
        return chx__fail(CHX_ERROR_FORMAT,
                         "%s:%u: a model's file has no #%.*s; it is one file, and common/math.h "
                         "is there already",
                         s->path, s->line, (int)length, word);
    s->in_directive = true;
    s->at = word + length;
    return CHX_OK;
}

static chx_status
read_quoted(scan *s)
{
    const char quote = *s->at++;
    while (*s->at && *s->at != quote && *s->at != '\n')
        s->at += s->at[0] == '\\' && s->at[1] ? 2 : 1;
    s->at += *s->at == quote;
    return CHX_OK;
}

/* Follows braces, by which the step is found. */
static chx_status
read_mark(scan *s)
{
    const char c = *s->at;
    const bool ends_member = c == '.' || (c == '-' && s->at[1] == '>');
    if (c == '/')
        return fail(s,
                    "a quotient is not rounded the same on every device; take WIDE_QUOTIENT(), or "
                    "multiply by a constant that the head computes");
    s->at += c == '-' && s->at[1] == '>' ? 2 : 1;
    s->after_member = ends_member;
    if (s->in_directive)
        return CHX_OK;
    if (c == '{')
        s->depth++;
    else if (c == '}')
        s->is_step_over = --s->depth == 0;
    return CHX_OK;
}

static chx_status
read_code(scan *s)
{
    const char c = *s->at;
    const bool is_outside = s->depth == 0 && !s->in_directive;
    chx_status status = is_outside ? check_outside(s) : CHX_OK;
    if (status)
        return status;
    if (c == '"' || c == '\'')
        return read_quoted(s);
    if (isdigit((unsigned char)c) || (c == '.' && isdigit((unsigned char)s->at[1])))
        return read_number(s);
    return is_word(c) ? read_word(s) : read_mark(s);
}

static chx_status
read_token(scan *s)
{
    const char c = *s->at;
    if (c == '\\' && (s->at[1] == '\n' || (s->at[1] == '\r' && s->at[2] == '\n'))) {
        s->at += s->at[1] == '\n' ? 2 : 3;
        s->line++;
    } else if (c == '\n') {
        s->line++;
        s->at++;
        s->in_directive = false;
    } else if (c == ' ' || c == '\t' || c == '\r')
        s->at++;
    else if (c == '/' && (s->at[1] == '/' || s->at[1] == '*'))
        return skip_comment(s);
    else if (c == '#' && !s->in_directive)
        return read_directive(s);
    else
        return read_code(s);
    return CHX_OK;
}

chx_status
chx__own_code_check(const char *path, const char *text, unsigned line, const char **step,
                    unsigned *step_line)
{
    scan s = {.path = path, .at = text, .line = line};
    chx_status status = CHX_OK;
    while (*s.at && !status)
        status = read_token(&s);
    if (!status && s.depth > 0)
        status = fail(&s, "the file ends within braces; close them");
    if (!status && !s.is_step_over)
        status = fail(&s, "the file ends without " STEP " { ... }, the statements of a time step; "
                          "docs/models.md has an example");
    if (!status) {
        *step = s.step;
        *step_line = s.step_line;
    }
    return status;
}
