/* Values come from jansson, places from us: it does not keep lines, so when something is wrong the
 * text is scanned again for the path that led to the value. That costs only where there is an
 * error, and may trust the syntax, which has been parsed. A chx__json_at points at its parent and
 * so lives on the stack of the reader that made it, no longer than that.
 *
 * Unknown keys are errors: most of them are misspelt known ones. */
#include "io/json.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "io/near.h"
#include "io/signature.h"

chx_status
chx__json_load(const char *path, size_t max_bytes, chx__json *json)
{
    chx__json loading = {.path = chx__strdup(path)};
    if (!loading.path)
        return chx__fail_memory("reading a JSON file");
    chx_status status = chx__file_read_text(path, max_bytes, &loading.text, &loading.size_bytes);
    if (!status)
        status = chx__signature_check(path, loading.text, loading.size_bytes);
    if (status)
        goto fail;
    json_error_t error;
    loading.root = json_loadb(loading.text, loading.size_bytes, JSON_REJECT_DUPLICATES, &error);
    if (!loading.root) {
        status = json_error_code(&error) == json_error_out_of_memory
                     ? chx__fail_memory("reading a JSON file")
                     : chx__fail(CHX_ERROR_FORMAT, "%s:%d: not valid JSON: %s", path,
                                 error.line > 0 ? error.line : 1, error.text);
        goto fail;
    }
    *json = loading;
    return CHX_OK;
fail:
    chx__json_finish(&loading);
    return status;
}

void
chx__json_finish(chx__json *json)
{
    json_decref(json->root);
    free(json->text);
    free(json->path);
    *json = (chx__json){0};
}

chx__json_at
chx__json_root(const chx__json *json)
{
    return (chx__json_at){.json = json, .value = json->root};
}

static const char *
type_name(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a text";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "true or false";
    case JSON_NULL:
        break;
    }
    return "null";
}

static bool
is_known(const char *key, const char *const *keys)
{
    for (; *keys; keys++)
        if (strcmp(key, *keys) == 0)
            return true;
    return false;
}

/* The key that was meant is most likely one that the object does not have. */
static chx_status
fail_unknown(const chx__json_at *member, const char *const *keys)
{
    for (; *keys; keys++)
        if (chx__is_near(member->key, *keys) && !json_object_get(member->parent->value, *keys))
            return chx__json_fail(member, "unknown key; did you mean \"%s\"?", *keys);
    return chx__json_fail(member, "unknown key; remove it or correct its spelling");
}

chx_status
chx__json_object(const chx__json_at *at, const char *const *keys)
{
    if (!json_is_object(at->value))
        return chx__json_fail(at, "must be an object, not %s", type_name(at->value));
    const char *key;
    json_t *value;
    json_object_foreach(at->value, key, value)
    {
        chx__json_at member = {.json = at->json, .parent = at, .key = key, .value = value};
        if (!is_known(key, keys))
            return fail_unknown(&member, keys);
    }
    return CHX_OK;
}

chx_status
chx__json_optional(const chx__json_at *object, const char *key, chx__json_at *member)
{
    if (!json_is_object(object->value))
        return chx__json_fail(object, "must be an object, not %s", type_name(object->value));
    *member = (chx__json_at){.json = object->json,
                             .parent = object,
                             .key = key,
                             .value = json_object_get(object->value, key)};
    return CHX_OK;
}

chx_status
chx__json_member(const chx__json_at *object, const char *key, chx__json_at *member)
{
    chx__json_at found;
    chx_status status = chx__json_optional(object, key, &found);
    if (status)
        return status;
    if (!found.value)
        return chx__json_fail(object, "the key \"%s\" is missing", key);
    *member = found;
    return CHX_OK;
}

chx_status
chx__json_array(const chx__json_at *at, size_t min, size_t max, size_t *n)
{
    if (!json_is_array(at->value))
        return chx__json_fail(at, "must be an array, not %s", type_name(at->value));
    size_t size = json_array_size(at->value);
    if (size < min || size > max)
        return min == max ? chx__json_fail(at, "has %zu elements where %zu are needed", size, min)
                          : chx__json_fail(at, "has %zu elements; %zu to %zu are accepted", size,
                                           min, max);
    *n = size;
    return CHX_OK;
}

chx__json_at
chx__json_element(const chx__json_at *array, size_t index)
{
    return (chx__json_at){.json = array->json,
                          .parent = array,
                          .index = index,
                          .value = json_array_get(array->value, index)};
}

chx_status
chx__json_number(const chx__json_at *at, double min, double max, double *number)
{
    if (!json_is_number(at->value))
        return chx__json_fail(at, "must be a number, not %s", type_name(at->value));
    double value = json_number_value(at->value);
    if (!(value >= min && value <= max) || !isfinite(value))
        return chx__json_fail(at, "%g is outside the range %g to %g", value, min, max);
    *number = value;
    return CHX_OK;
}

chx_status
chx__json_integer(const chx__json_at *at, long long min, long long max, long long *integer)
{
    if (!json_is_integer(at->value))
        return chx__json_fail(at, "must be a whole number");
    long long value = json_integer_value(at->value);
    if (value < min || value > max)
        return chx__json_fail(at, "%lld is outside the range %lld to %lld", value, min, max);
    *integer = value;
    return CHX_OK;
}

chx_status
chx__json_text(const chx__json_at *at, const char **text)
{
    if (!json_is_string(at->value))
        return chx__json_fail(at, "must be a text, not %s", type_name(at->value));
    if (!json_string_length(at->value))
        return chx__json_fail(at, "must not be empty");
    *text = json_string_value(at->value);
    return CHX_OK;
}

chx_status
chx__json_bool(const chx__json_at *at, bool *value)
{
    if (!json_is_boolean(at->value))
        return chx__json_fail(at, "must be true or false, not %s", type_name(at->value));
    *value = json_is_true(at->value);
    return CHX_OK;
}

/* The text is scanned again only to say where something is wrong. It has been parsed before, so the
 * scan trusts its syntax. */
static const char *
skip_space(const char *p)
{
    return p + strspn(p, " \t\r\n");
}

static const char *
skip_string(const char *p)
{
    for (p++; *p != '"'; p++)
        if (*p == '\\')
            p++;
    return p + 1;
}

static const char *
skip_value(const char *p)
{
    size_t depth = 0;
    do {
        if (*p == '"') {
            p = skip_string(p);
        } else if (strchr("{[]}", *p)) {
            depth = (*p == '{' || *p == '[') ? depth + 1 : depth - 1;
            p++;
        } else if (strchr(",: \t\r\n", *p)) {
            p++;
        } else {
            p += strcspn(p, ",:[]{} \t\r\n");
        }
    } while (depth);
    return p;
}

/* Where the nth element or member begins, given where its container does. */
static const char *
find_child(const char *container, size_t n)
{
    const char *p = skip_space(container + 1);
    for (size_t i = 0; i < n; i++) {
        if (*container == '{')
            p = skip_space(skip_string(p)) + 1;
        p = skip_space(skip_value(skip_space(p)));
        p = skip_space(p + 1);
    }
    return p;
}

/* Members keep the order of the file, and no name occurs twice. */
static size_t
member_order(json_t *object, const char *wanted)
{
    size_t order = 0;
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        if (strcmp(key, wanted) == 0)
            break;
        order++;
    }
    return order;
}

static const char *find_value(const chx__json_at *at);

/* Where the value begins, or its name where it has one. */
static const char *
find_start(const chx__json_at *at)
{
    if (!at->parent)
        return skip_space(at->json->text);
    const char *container = find_value(at->parent);
    size_t order = at->key ? member_order(at->parent->value, at->key) : at->index;
    return find_child(container, order);
}

static const char *
find_value(const chx__json_at *at)
{
    const char *p = find_start(at);
    return at->parent && at->key ? skip_space(skip_space(skip_string(p)) + 1) : p;
}

int
chx__json_line(const chx__json_at *at)
{
    while (!at->value)
        at = at->parent;
    int line = 1;
    const char *end = find_start(at);
    for (const char *p = at->json->text; p < end; p++)
        line += *p == '\n';
    return line;
}

static size_t
write_name(const chx__json_at *at, char *name, size_t capacity)
{
    if (!at->parent)
        return 0;
    size_t used = write_name(at->parent, name, capacity);
    if (used >= capacity)
        return used;
    int n = at->key ? snprintf(name + used, capacity - used, "%s%s", used ? "." : "", at->key)
                    : snprintf(name + used, capacity - used, "[%zu]", at->index);
    return used + (n > 0 ? (size_t)n : 0);
}

chx_status
chx__json_fail(const chx__json_at *at, const char *format, ...)
{
    char name[256] = "", message[512];
    write_name(at, name, sizeof name);
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return chx__fail(CHX_ERROR_FORMAT, "%s:%d: %s%s%s", at->json->path, chx__json_line(at), name,
                     name[0] ? ": " : "", message);
}
