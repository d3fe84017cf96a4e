/* One text per program, so that compilers need no include path and a digest covers everything. An
 * include is spliced in where it stands, with #line marks that name the real file. Embedded sources
 * are looked up by their names below kernels/, and kernel_path lets a file replace one of them,
 * includes too.
 *
 * The text means what the files mean to a preprocessor, though this is none: conditions are left to
 * the compiler, so a file is spliced in wherever it may be read. One with a guard is left out where
 * it has been read for certain, or is being read; #pragma once becomes a guard of ours. What cannot
 * be spliced is left for the compiler to find, and the text is not closed then: <names>, macros, a
 * file that is not there, one that includes itself on a condition.
 *
 * Names with quotes or backslashes are escaped in the marks. */
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
#include "base/hash.h"
#include "device/directive.h"

#define MAX_SOURCE_BYTES ((size_t)16 << 20)
#define MAX_DEPTH 200 /* as Clang's */

/* One file of the expansion. */
typedef struct source_file {
    char *key; /* what includes are relative to: a path, or a name below kernels/ */
    char *shown; /* what compilers are told */
    char *bytes;
    size_t size;
    bool has_guard; /* #ifndef around all of it */
    bool is_once; /* by #pragma once */
    const struct source_file *includer;
} source_file;

typedef struct expansion {
    bool is_embedded;
    const char *kernel_path;
    char *text;
    size_t size, capacity;
    unsigned n_conditions; /* around the includers, without their guards */
    char **taken; /* keys of files that are guarded and certainly read */
    size_t n_taken, taken_capacity;
} expansion;

/* A file on its way into the text. */
typedef struct reading {
    expansion *into;
    const source_file *file;
    chx__conditions conditions;
    unsigned line, depth;
} reading;

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
    chx_status status =
        loaded.key && loaded.shown
            ? chx__file_read_text(path, MAX_SOURCE_BYTES, &loaded.bytes, &loaded.size)
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

/* Learns how the file keeps itself from being read twice. */
static bool
find_guard(source_file *file)
{
    char *buffer = chx__alloc(file->size + 1, 1);
    if (!buffer)
        return false;
    const char *at = file->bytes, *end = file->bytes + file->size;
    chx__conditions around = {0};
    bool may_guard = true, is_open = false;
    while (at < end) {
        chx__directive line = chx__directive_read(at, end, buffer);
        bool begins = may_guard && !is_open && line.kind == CHX__DIRECTIVE_IFNDEF;
        file->is_once = file->is_once || line.kind == CHX__DIRECTIVE_ONCE;
        if (line.kind != CHX__DIRECTIVE_BLANK && around.depth == 0 && !begins)
            may_guard = false;
        if (line.kind == CHX__DIRECTIVE_ELSE && around.depth == 1)
            may_guard = false;
        is_open = is_open || begins;
        chx__conditions_follow(&around, &line);
        at = line.end;
    }
    file->has_guard = may_guard && is_open && around.depth == 0;
    free(buffer);
    return true;
}

static chx_status expand(expansion *into, const source_file *file, unsigned depth);

/* #pragma once as a condition around the file; other compilers warn of it in a main file. */
static bool
append_once(expansion *into, const source_file *file)
{
    char name[33];
    chx__digest_text(chx__hash(file->key, strlen(file->key)), name);
    char *head = chx__format("#ifndef CHX_ONCE_%s\n#define CHX_ONCE_%s\n", name, name);
    bool done = head && append(into, head, strlen(head));
    free(head);
    return done;
}

static chx_status
splice(reading *from, source_file *file)
{
    expansion *into = from->into;
    unsigned guards = from->file->has_guard ? 1 : 0;
    unsigned n_outside = from->conditions.depth - guards;
    file->includer = from->file;
    if (!find_guard(file) || (file->is_once && !append_once(into, file)))
        return chx__fail_memory("reading a kernel source");
    into->n_conditions += n_outside;
    if (into->n_conditions == 0 && (file->has_guard || file->is_once) && !take(into, file->key))
        return chx__fail_memory("reading a kernel source");
    chx_status status = expand(into, file, from->depth + 1);
    into->n_conditions -= n_outside;
    if (!status && file->is_once && !append(into, "#endif\n", 7))
        status = chx__fail_memory("reading a kernel source");
    return status;
}

static const source_file *
find_includer(const source_file *file, const char *key)
{
    while (file && strcmp(file->key, key) != 0)
        file = file->includer;
    return file;
}

/* Leaves the include to the compiler, with the whole path where there is such a file. */
static chx_status
leave(reading *from, const char *key, const char *name)
{
    char *path = from->into->is_embedded ? NULL : realpath(key, NULL);
    char *line = chx__format("#include \"%s\"\n", path ? path : name);
    bool done = line && append(from->into, line, strlen(line));
    free(path);
    free(line);
    return done ? CHX_OK : chx__fail_memory("reading a kernel source");
}

static chx_status
fail_include(const reading *from, const char *name)
{
    return chx__fail(CHX_ERROR_FILE, "%s:%u: cannot include \"%s\": %s", from->file->shown,
                     from->line, name, chx_last_error()->message);
}

/* A compiler may have folders of its own to look for a file that is not here, or never come to
 * ask for it. */
static chx_status
include_new(reading *from, const char *key, const char *name)
{
    expansion *into = from->into;
    source_file included = {0};
    bool may_be_elsewhere = !into->is_embedded || into->n_conditions + from->conditions.depth > 0;
    chx_status status = load(into, key, &included);
    if (status == CHX_ERROR_FILE && may_be_elsewhere && access(key, F_OK) != 0)
        return leave(from, key, name);
    if (status == CHX_ERROR_FILE)
        return fail_include(from, name);
    if (!status)
        status = splice(from, &included);
    finish_file(&included);
    return status;
}

static chx_status
include(reading *from, const char *key, const char *name)
{
    expansion *into = from->into;
    const source_file *includer = find_includer(from->file, key);
    if (is_taken(into, key) || (includer && (includer->has_guard || includer->is_once)))
        return CHX_OK;
    if (includer && !into->is_embedded)
        return leave(from, key, name);
    if (from->depth >= MAX_DEPTH)
        return chx__fail(CHX_ERROR_FILE, "%s:%u: includes are nested deeper than %d files",
                         from->file->shown, from->line, MAX_DEPTH);
    return include_new(from, key, name);
}

static chx_status
expand_include(reading *from, const chx__directive *line)
{
    char *name = chx__format("%.*s", line->name_length, line->name);
    char *key = name ? join(from->file->key, name) : NULL;
    chx_status status = key ? include(from, key, name) : chx__fail_memory("reading an include");
    if (!status && !append_line_mark(from->into, from->line + line->n_lines, from->file->shown))
        status = chx__fail_memory("reading a kernel source");
    free(name);
    free(key);
    return status;
}

static chx_status
expand_line(reading *from, const char *at, const chx__directive *line)
{
    size_t length = (size_t)(line->end - at);
    bool is_dead = from->conditions.dead_depth > 0;
    if (line->kind == CHX__DIRECTIVE_INCLUDE && !is_dead)
        return expand_include(from, line);
    bool done = line->kind == CHX__DIRECTIVE_ONCE ? append(from->into, "\n", 1)
                                                  : append(from->into, at, length);
    if (done && line->end[-1] != '\n')
        done = append(from->into, "\n", 1);
    return done ? CHX_OK : chx__fail_memory("reading a kernel source");
}

static chx_status
expand_lines(reading *from, char *buffer)
{
    const char *at = from->file->bytes, *end = at + from->file->size;
    while (at < end) {
        chx__directive line = chx__directive_read(at, end, buffer);
        chx_status status = expand_line(from, at, &line);
        if (!status && from->into->size > MAX_SOURCE_BYTES)
            status = chx__fail(CHX_ERROR_LIMIT,
                               "%s: with all its includes this source is larger "
                               "than %zu bytes",
                               from->file->shown, MAX_SOURCE_BYTES);
        if (status)
            return status;
        chx__conditions_follow(&from->conditions, &line);
        from->line += line.n_lines;
        at = line.end;
    }
    return CHX_OK;
}

static chx_status
expand(expansion *into, const source_file *file, unsigned depth)
{
    if (memchr(file->bytes, '\0', file->size))
        return chx__fail(CHX_ERROR_FILE, "%s: holds a NUL byte, so it is no kernel source",
                         file->shown);
    char *buffer = chx__alloc(file->size + 1, 1);
    reading from = {.into = into, .file = file, .line = 1, .depth = depth};
    chx_status status = CHX_OK;
    if (!buffer || !append_line_mark(into, 1, file->shown))
        status = chx__fail_memory("reading a kernel source");
    else
        status = expand_lines(&from, buffer);
    free(buffer);
    return status;
}

bool
chx__source_is_closed(const char *text)
{
    const char *end = text + strlen(text);
    char *buffer = chx__alloc((size_t)(end - text) + 1, 1);
    chx__conditions around = {0};
    bool is_closed = buffer != NULL;
    while (is_closed && text < end) {
        chx__directive line = chx__directive_read(text, end, buffer);
        bool opens = line.kind == CHX__DIRECTIVE_INCLUDE || line.kind == CHX__DIRECTIVE_OPEN ||
                     line.asks_for_files;
        is_closed = !opens || around.dead_depth > 0;
        chx__conditions_follow(&around, &line);
        text = line.end;
    }
    free(buffer);
    return is_closed;
}

static chx_status
expand_from(expansion *into, const char *key, char **text)
{
    source_file file = {0};
    chx_status status = load(into, key, &file);
    if (!status && !find_guard(&file))
        status = chx__fail_memory("reading a kernel source");
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
