/* A line "kernel NAME" for each kernel, and after it one line for each of its parameters: a letter
 * for the kind, a space and the type as the driver writes it. The letter is '?' where the driver
 * does not know. What lines stand for is part of BINARY_FORMAT in program.c. */
#include "device/parameters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define MAX_NAMES_BYTES 65536

static const char letters[] = {[CHX__PARAMETER_VALUE] = 'v',
                               [CHX__PARAMETER_GLOBAL] = 'g',
                               [CHX__PARAMETER_LOCAL] = 'l',
                               [CHX__PARAMETER_OPAQUE] = 'o'};

/* The text with one more line, or NULL; takes the text. */
static char *
with_line(char *text, const char *start, const char *rest)
{
    char *longer = text ? chx__format("%s%s %s\n", text, start, rest) : NULL;
    free(text);
    return longer;
}

static char *
with_parameters(char *text, const chx__backend *backend, cl_kernel kernel)
{
    uint32_t n = 0;
    if (backend->n_parameters(kernel, &n)) {
        free(text);
        return NULL;
    }
    for (uint32_t i = 0; text && i < n; i++) {
        chx__parameter_kind kind;
        char type[48] = "", letter[2] = "?";
        if (backend->parameter(kernel, i, &kind, type, sizeof type))
            letter[0] = letters[kind];
        text = with_line(text, letter, type);
    }
    return text;
}

static char *
with_kernel(char *text, const chx__backend *backend, cl_program program, const char *name)
{
    cl_kernel kernel;
    if (backend->create_kernel(program, name, &kernel)) {
        free(text);
        return NULL;
    }
    text = with_parameters(with_line(text, "kernel", name), backend, kernel);
    backend->release_kernel(kernel);
    return text;
}

char *
chx__parameters_read(const chx__backend *backend, cl_program program)
{
    char *names = chx__alloc(MAX_NAMES_BYTES, 1);
    if (names)
        backend->list_kernels(program, names, MAX_NAMES_BYTES);
    char *text = names && *names ? chx__strdup("") : NULL;
    for (char *name = names, *end; text && *name; name = end) {
        end = name + strcspn(name, ";");
        if (*end)
            *end++ = '\0';
        text = with_kernel(text, backend, program, name);
    }
    free(names);
    return text;
}

static const char *
line_after(const char *line)
{
    line += strcspn(line, "\n");
    return *line ? line + 1 : line;
}

/* The first parameter of a kernel, or NULL. */
static const char *
find_kernel(const char *text, const char *kernel)
{
    const size_t length = strlen(kernel);
    for (const char *line = text; *line; line = line_after(line))
        if (strncmp(line, "kernel ", 7) == 0 && strncmp(line + 7, kernel, length) == 0 &&
            line[7 + length] == '\n')
            return line_after(line);
    return NULL;
}

bool
chx__parameters_find(const char *text, const char *kernel, uint32_t index,
                     chx__parameter_kind *parameter, char *type, size_t capacity)
{
    const char *line = text ? find_kernel(text, kernel) : NULL;
    for (uint32_t i = 0; line && i <= index; i++) {
        if (line[0] == '\0' || line[1] != ' ') /* the next kernel's */
            return false;
        if (i < index)
            line = line_after(line);
    }
    const char *letter = line ? memchr(letters, line[0], sizeof letters) : NULL;
    if (!letter)
        return false;
    *parameter = (chx__parameter_kind)(letter - letters);
    snprintf(type, capacity, "%.*s", (int)strcspn(line + 2, "\n"), line + 2);
    return true;
}
