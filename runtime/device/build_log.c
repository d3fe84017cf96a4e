/* Compilers differ in where they put file, line and "error:", some ignore #line and count lines of
 * the text that they were given, and a linker has no line to name. So each line of the log is
 * ranked by what it says of the fault, and the first of the highest rank is shown: an error with
 * its place, a symbol that is missing, an error by itself, anything else. Warnings and lines that
 * only say that something went wrong come last. The log is untrusted text: spans point into it and
 * nothing is assumed of its end but the NUL. */
#include "device/build_log.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Where an error is and what it says; spans of the log. */
typedef struct diagnostic {
    const char *file;
    int file_length;
    unsigned line;
    const char *text;
    int text_length;
} diagnostic;

/* What a line tells of the fault, from nothing to all. */
typedef enum rank { HOLLOW, SOMETHING, AN_ERROR, A_SYMBOL, A_PLACE } rank;

static size_t
line_length(const char *line)
{
    return strcspn(line, "\r\n");
}

static const char *
skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    return at;
}

/* Whether the span holds one of the words, a list ended by NULL, in either case. */
static bool
holds_any(const char *at, const char *end, const char *const *words)
{
    for (; *words; words++) {
        size_t length = strlen(*words);
        for (const char *from = at; (size_t)(end - from) >= length; from++)
            if (strncasecmp(from, *words, length) == 0)
                return true;
    }
    return false;
}

/* Past LINE[SEPARATOR COLUMN] and what closes it. NULL when there is no such thing. */
static const char *
parse_line(const char *at, const char *end, char separator, const char *close, unsigned *line)
{
    if (at >= end || *at < '0' || *at > '9')
        return NULL;
    char *after;
    *line = (unsigned)strtoul(at, &after, 10);
    if (*after == separator && after[1] >= '0' && after[1] <= '9')
        strtoul(after + 1, &after, 10);
    static const char spelling[] = " <Spelling="; /* PoCL, where a macro names the place */
    if (strncmp(after, spelling, sizeof spelling - 1) == 0)
        after += strcspn(after, ">\r\n") + 1;
    if (after >= end)
        return NULL;
    size_t length = strlen(close);
    return (size_t)(end - after) >= length && memcmp(after, close, length) == 0 ? after + length
                                                                                : NULL;
}

static void
set_file(diagnostic *found, const char *at, const char *end)
{
    found->file = at;
    found->file_length = (int)(end - at);
}

/* FILE:LINE[:COLUMN]: or FILE(LINE[,COLUMN]): or "FILE", line LINE: at the head of a span, FILE
 * being empty for some. */
static bool
parse_place(const char *at, const char *end, diagnostic *found, const char **rest)
{
    static const char line_word[] = "\", line ";
    size_t n = sizeof line_word - 1;
    for (const char *here = at; here < end; here++) {
        const char *after = NULL, *file = at, *file_end = here;
        if (*here == ':' && here[1] == ' ')
            return false;
        if (*here == ':')
            after = parse_line(here + 1, end, ':', ":", &found->line);
        else if (*here == '(')
            after = parse_line(here + 1, end, ',', "):", &found->line);
        else if (*here == '"' && *at == '"' && (size_t)(end - here) > n &&
                 memcmp(here, line_word, n) == 0) {
            after = parse_line(here + n, end, ',', ":", &found->line);
            file++;
        }
        if (!after)
            continue;
        set_file(found, file, file_end);
        *rest = after;
        return true;
    }
    return false;
}

/* Past "error:", "fatal error:", "Error #12 :" and their like; NULL when none stands there. */
static const char *
skip_error(const char *at, const char *end)
{
    static const char *const words[] = {"fatal error", "fatal", "error", NULL};
    at = skip_blanks(at, end);
    for (const char *const *word = words; *word; word++) {
        size_t length = strlen(*word);
        if ((size_t)(end - at) <= length || strncasecmp(at, *word, length) != 0)
            continue;
        const char *after = at + length;
        while (
            after < end && after < at + 24 &&
            (*after == ' ' || *after == '#' || *after == '-' || (*after >= '0' && *after <= '9')))
            after++;
        if (after < end && *after == ':')
            return after + 1;
    }
    return NULL;
}

static void
set_text(diagnostic *found, const char *at, const char *end)
{
    at = skip_blanks(at, end);
    found->text = at;
    found->text_length = (int)(end - at);
}

/* clang writes "FILE:LINE:COLUMN: error: TEXT", PoCL "error: FILE:LINE:COLUMN: TEXT". */
static bool
parse_error(const char *line, const char *end, diagnostic *found)
{
    const char *rest, *text = skip_error(line, end);
    if (text) {
        if (!parse_place(skip_blanks(text, end), end, found, &text))
            return false;
    } else if (!parse_place(line, end, found, &rest) || !(text = skip_error(rest, end))) {
        return false;
    }
    set_text(found, text, end);
    return true;
}

/* A line without a place is shown whole, but for its "error:". */
static rank
rank_line(const char *line, const char *end, diagnostic *found)
{
    static const char *const hollow[] = {"too many errors",
                                         "error generated",
                                         "errors generated",
                                         "compilation started",
                                         "compilation failed",
                                         "compilation aborted",
                                         "failed to build",
                                         "build failed",
                                         "error(s) while",
                                         "build log",
                                         "warning:",
                                         "warning :",
                                         "note:",
                                         "remark:",
                                         "in file included from",
                                         NULL};
    static const char *const symbol[] = {
        "undefined",          "unresolved", "undeclared", "unimplemented function",
        "cannot find symbol", "not found",  NULL};
    static const char *const error[] = {"error", "fatal", NULL};
    bool has_place = parse_error(line, end, found);
    if (has_place && !holds_any(found->text, end, (const char *const[]){"too many errors", NULL}))
        return A_PLACE;
    const char *text = skip_error(line, end);
    set_text(found, text && skip_blanks(text, end) < end ? text : line, end);
    if (found->text_length == 0 || holds_any(line, end, hollow))
        return HOLLOW;
    if (holds_any(line, end, symbol))
        return A_SYMBOL;
    return holds_any(line, end, error) ? AN_ERROR : SOMETHING;
}

/* Whether a #line directive of the text names the file. */
static bool
is_named(const char *text, const char *file, int length)
{
    for (const char *line = text; *line;) {
        const char *quote = strncmp(line, "#line ", 6) == 0 ? strchr(line, '"') : NULL;
        if (quote && strncmp(quote + 1, file, (size_t)length) == 0 && quote[1 + length] == '"')
            return true;
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    return false;
}

/* Follows the #line directives of the text down to its line `target`. */
static bool
trace_back(const char *text, unsigned target, diagnostic *found)
{
    unsigned shown = 0;
    const char *file = NULL;
    int length = 0;
    for (unsigned line = 1; *text && line < target; line++) {
        const char *quote = strncmp(text, "#line ", 6) == 0 ? strchr(text, '"') : NULL;
        shown++;
        if (quote) {
            shown = (unsigned)strtoul(text + 6, NULL, 10);
            file = quote + 1;
            length = (int)strcspn(file, "\"\n");
        }
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    if (!file)
        return false;
    found->file = file;
    found->file_length = length;
    found->line = shown;
    return true;
}

void
chx__build_log_summary(const char *log, const char *text, const char *name, char *message,
                       size_t capacity)
{
    diagnostic best = {.text = ""};
    rank best_rank = HOLLOW;
    for (const char *line = log; *line;) {
        diagnostic found = {0};
        const char *end = line + line_length(line);
        rank of_line = rank_line(line, end, &found);
        if (of_line > best_rank || best.text_length == 0) {
            best = found;
            best_rank = of_line;
        }
        line = end;
        line += *line != '\0';
    }
    if (best_rank == A_PLACE) {
        if (!is_named(text, best.file, best.file_length))
            trace_back(text, best.line, &best);
        snprintf(message, capacity, "%.*s:%u: error: %.*s", best.file_length, best.file, best.line,
                 best.text_length, best.text);
    } else {
        snprintf(message, capacity, "%s: error: %.*s", name, best.text_length, best.text);
    }
}
