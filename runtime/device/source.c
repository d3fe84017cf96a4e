/* One text per program, so that compilers need no include path and a digest covers everything. An
 * include is spliced in where it stands, each file once, with #line marks that name the real file.
 * Embedded sources are looked up by their names below kernels/, and kernel_path lets a file replace
 * one of them, includes too.
 *
 * This is no preprocessor: conditions are not evaluated, and an include in a comment is left
 * alone but one below #if 0 is not. Names with quotes or backslashes are escaped in the marks. */
#include "device/source.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"

#define MAX_SOURCE_BYTES ((size_t)16 << 20)
#define MAX_DEPTH 32

/* One file of the expansion. */
typedef struct source_file {
    char *key; /* what includes are relative to: a path, or a name below kernels/ */
    char *shown; /* what compilers are told */
    char *bytes;
    size_t size;
} source_file;

typedef struct expansion {
    bool is_embedded;
    const char *kernel_path;
    char *text;
    size_t size, capacity;
    char **taken; /* keys of the files that are in already */
    size_t n_taken, taken_capacity;
} expansion;

static void
finish_file(source_file *file)
{
    free(file->key);
    free(file->shown);
    free(file->bytes);
    *file = (source_file){0};
}

static bool
append(expansion *into, const char *bytes, size_t size)
{
    if (!chx__grow(&into->text, &into->capacity, into->size + size + 1, 1))
        return false;
    memcpy(into->text + into->size, bytes, size);
    into->size += size;
    into->text[into->size] = '\0';
    return true;
}

static bool
append_line_mark(expansion *into, unsigned line, const char *name)
{
    char *head = chx__format("#line %u \"", line);
    bool done = head && append(into, head, strlen(head));
    free(head);
    for (; done && *name; name++) {
        if (*name == '"' || *name == '\\')
            done = append(into, "\\", 1);
        done = done && append(into, name, 1);
    }
    return done && append(into, "\"\n", 2);
}

/* folder of `base` + `name`, with "." and ".." taken out as far as they go. */
static char *
join(const char *base, const char *name)
{
    const char *slash = strrchr(base, '/');
    int folder = name[0] == '/' || !slash ? 0 : (int)(slash + 1 - base);
    char *path = chx__format("%.*s%s", folder, base, name);
    if (!path)
        return NULL;
    char *to = path;
    for (const char *from = path; *from;) {
        size_t length = strcspn(from, "/");
        bool ends = from[length] == '\0';
        if (length == 1 && from[0] == '.' && !ends) {
            from += 2;
            continue;
        }
        bool goes_up = length == 2 && from[0] == '.' && from[1] == '.';
        bool can_go_up = to > path + 1 && !(to - path >= 3 && memcmp(to - 3, "../", 3) == 0);
        if (goes_up && can_go_up) {
            for (to--; to > path && to[-1] != '/';)
                to--;
            from += ends ? 2 : 3;
            continue;
        }
        memmove(to, from, length + !ends);
        to += length + !ends;
        from += length + !ends;
    }
    *to = '\0';
    return path;
}

static chx_status
load_path(const char *path, source_file *file)
{
    source_file loaded = {.key = chx__strdup(path), .shown = chx__strdup(path)};
    chx_status status = loaded.key && loaded.shown
                            ? chx__file_read(path, MAX_SOURCE_BYTES, &loaded.bytes, &loaded.size)
                            : chx__fail_memory("reading a kernel source");
    if (status)
        finish_file(&loaded);
    else
        *file = loaded;
    return status;
}

static chx_status
load_override(const char *path, const char *name, source_file *file)
{
    source_file loaded;
    chx_status status = load_path(path, &loaded);
    if (status)
        return status;
    free(loaded.key);
    loaded.key = chx__strdup(name);
    if (!loaded.key) {
        finish_file(&loaded);
        return chx__fail_memory("reading a kernel source");
    }
    *file = loaded;
    return CHX_OK;
}

static chx_status
load_bytes(const chx__embedded_source *source, source_file *file)
{
    source_file loaded = {.key = chx__strdup(source->name),
                          .shown = chx__format("kernels/%s", source->name),
                          .bytes = chx__alloc(source->size + 1, 1),
                          .size = source->size};
    if (!loaded.key || !loaded.shown || !loaded.bytes) {
        finish_file(&loaded);
        return chx__fail_memory("reading a kernel source");
    }
    memcpy(loaded.bytes, source->bytes, source->size);
    *file = loaded;
    return CHX_OK;
}

static chx_status
load_embedded(const char *name, const char *kernel_path, source_file *file)
{
    if (kernel_path) {
        char *path = chx__format("%s/%s", kernel_path, name);
        if (!path)
            return chx__fail_memory("reading a kernel source");
        bool exists = access(path, F_OK) == 0;
        chx_status status = exists ? load_override(path, name, file) : CHX_OK;
        free(path);
        if (exists)
            return status;
    }
    for (const chx__embedded_source *source = chx__embedded_sources; source->name; source++)
        if (strcmp(source->name, name) == 0)
            return load_bytes(source, file);
    return chx__fail(CHX_ERROR_FILE, "kernels/%s: there is no such embedded kernel file", name);
}

static chx_status
load(const expansion *into, const char *key, source_file *file)
{
    return into->is_embedded ? load_embedded(key, into->kernel_path, file) : load_path(key, file);
}

static bool
is_taken(const expansion *into, const char *key)
{
    for (size_t i = 0; i < into->n_taken; i++)
        if (strcmp(into->taken[i], key) == 0)
            return true;
    return false;
}

static bool
take(expansion *into, const char *key)
{
    char *copy = chx__strdup(key);
    if (!copy || !chx__grow(&into->taken, &into->taken_capacity, into->n_taken + 1, sizeof copy)) {
        free(copy);
        return false;
    }
    into->taken[into->n_taken++] = copy;
    return true;
}

/* The name between the quotes of `#include "name"`; NULL in *name for any other line. */
static bool
parse_include(const char *line, size_t length, char **name)
{
    const char *at = line, *end = line + length;
    *name = NULL;
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    if (at == end || *at++ != '#')
        return true;
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    if (end - at < 7 || memcmp(at, "include", 7) != 0)
        return true;
    at += 7;
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    const char *close = at < end && *at == '"' ? memchr(at + 1, '"', (size_t)(end - at - 1)) : NULL;
    if (!close)
        return true;
    *name = chx__format("%.*s", (int)(close - at - 1), at + 1);
    return *name != NULL;
}

/* Whether a block comment is open after the line. Quotes matter little: no kernel holds "slash
 * star" in a string. */
static bool
comment_after(const char *line, size_t length, bool open)
{
    for (size_t i = 0; i + 1 < length; i++) {
        bool opens = !open && line[i] == '/' && line[i + 1] == '*';
        bool closes = open && line[i] == '*' && line[i + 1] == '/';
        if (!open && line[i] == '/' && line[i + 1] == '/')
            return false;
        if (opens || closes) {
            open = opens;
            i++;
        }
    }
    return open;
}

static chx_status expand(expansion *into, const source_file *file, unsigned depth);

static chx_status
include(expansion *into, const source_file *file, const char *name, unsigned line, unsigned depth)
{
    char *key = join(file->key, name);
    source_file included = {0};
    chx_status status = CHX_OK;
    if (!key)
        status = chx__fail_memory("reading a kernel source");
    else if (depth >= MAX_DEPTH)
        status = chx__fail(CHX_ERROR_FILE, "%s:%u: includes are nested deeper than %d files",
                           file->shown, line, MAX_DEPTH);
    else if (!is_taken(into, key)) {
        status = load(into, key, &included);
        if (status == CHX_ERROR_FILE)
            status = chx__fail(CHX_ERROR_FILE, "%s:%u: cannot include \"%s\": %s", file->shown,
                               line, name, chx_last_error()->message);
        if (!status)
            status = expand(into, &included, depth + 1);
    }
    if (!status && !append_line_mark(into, line + 1, file->shown))
        status = chx__fail_memory("reading a kernel source");
    finish_file(&included);
    free(key);
    return status;
}

static chx_status
expand_line(expansion *into, const source_file *file, const char *at, size_t length, unsigned line,
            unsigned depth)
{
    char *name;
    if (!parse_include(at, length, &name))
        return chx__fail_memory("reading a kernel source");
    if (name) {
        chx_status status = include(into, file, name, line, depth);
        free(name);
        return status;
    }
    if (!append(into, at, length) || !append(into, "\n", 1))
        return chx__fail_memory("reading a kernel source");
    return CHX_OK;
}

static chx_status
expand(expansion *into, const source_file *file, unsigned depth)
{
    if (memchr(file->bytes, '\0', file->size))
        return chx__fail(CHX_ERROR_FILE, "%s: holds a NUL byte, so it is no kernel source",
                         file->shown);
    if (!take(into, file->key) || !append_line_mark(into, 1, file->shown))
        return chx__fail_memory("reading a kernel source");
    const char *at = file->bytes, *end = file->bytes + file->size;
    bool in_comment = false;
    for (unsigned line = 1; at < end; line++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((newline ? newline : end) - at);
        chx_status status = CHX_OK;
        if (!in_comment)
            status = expand_line(into, file, at, length, line, depth);
        else if (!append(into, at, length) || !append(into, "\n", 1))
            status = chx__fail_memory("reading a kernel source");
        if (status)
            return status;
        in_comment = comment_after(at, length, in_comment);
        at += length + (newline != NULL);
    }
    return CHX_OK;
}

static chx_status
expand_from(expansion *into, const char *key, char **text)
{
    source_file file = {0};
    chx_status status = load(into, key, &file);
    if (!status)
        status = expand(into, &file, 0);
    finish_file(&file);
    for (size_t i = 0; i < into->n_taken; i++)
        free(into->taken[i]);
    free(into->taken);
    if (status)
        free(into->text);
    else
        *text = into->text;
    return status;
}

chx_status
chx__source_from_file(const char *path, char **text)
{
    expansion into = {0};
    return expand_from(&into, path, text);
}

chx_status
chx__source_from_embedded(const char *name, const char *kernel_path, char **text)
{
    expansion into = {.is_embedded = true, .kernel_path = kernel_path};
    return expand_from(&into, name, text);
}
