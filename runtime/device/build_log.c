/* Compilers differ in where they put file, line and "error:", and some ignore #line and count
 * lines of the text that they were given. Only the first error is kept, as the ones after are
 * mostly its effects. The log is untrusted text: spans point into it and nothing is assumed of
 * its end but the NUL. */
#include "device/build_log.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where an error is and what it says; spans of the log. */
typedef struct diagnostic {
    const char *file;
    int file_length;
    unsigned line;
    const char *text;
    int text_length;
} diagnostic;

static size_t
line_length(const char *line)
{
    return strcspn(line, "\r\n");
}

/* FILE:LINE[:COLUMN]: at the head of a span. */
static bool
parse_place(const char *at, const char *end, diagnostic *found, const char **rest)
{
    for (const char *colon = at; colon < end; colon++) {
        if (*colon != ':' || colon == at || colon[1] < '0' || colon[1] > '9')
            continue;
        char *after;
        unsigned long line = strtoul(colon + 1, &after, 10);
        if (*after == ':' && after[1] >= '0' && after[1] <= '9')
            strtoul(after + 1, &after, 10);
        if (*after != ':' || after >= end)
            continue;
        found->file = at;
        found->file_length = (int)(colon - at);
        found->line = (unsigned)line;
        *rest = after + 1;
        return true;
    }
    return false;
}

static void
set_text(diagnostic *found, const char *at, const char *end)
{
    while (at < end && *at == ' ')
        at++;
    found->text = at;
    found->text_length = (int)(end - at);
}

/* clang writes "FILE:LINE:COLUMN: error: TEXT", PoCL "error: FILE:LINE:COLUMN: TEXT". */
static bool
parse_error(const char *line, size_t length, diagnostic *found)
{
    static const char word[] = "error:";
    const char *end = line + length, *rest;
    if (strncmp(line, word, strlen(word)) == 0) {
        const char *at = line + strlen(word);
        while (at < end && *at == ' ')
            at++;
        if (!parse_place(at, end, found, &rest))
            return false;
        set_text(found, rest, end);
        return true;
    }
    if (!parse_place(line, end, found, &rest))
        return false;
    const char *at = strstr(rest, word);
    if (!at || at >= end)
        return false;
    set_text(found, at + strlen(word), end);
    return true;
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
    for (const char *line = log; *line;) {
        diagnostic found;
        size_t length = line_length(line);
        if (parse_error(line, length, &found)) {
            if (!is_named(text, found.file, found.file_length))
                trace_back(text, found.line, &found);
            snprintf(message, capacity, "%.*s:%u: error: %.*s", found.file_length, found.file,
                     found.line, found.text_length, found.text);
            return;
        }
        line += length;
        line += *line != '\0';
    }
    while (*log == '\n' || *log == '\r' || *log == ' ')
        log++;
    snprintf(message, capacity, "%s: error: %.*s", name, (int)line_length(log), log);
}
