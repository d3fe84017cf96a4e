/* A JSON file that knows its lines: values are fetched with their types and ranges checked, and
 * every complaint names file, line and value. Reading only. */
#ifndef CHX_IO_JSON_H
#define CHX_IO_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include <chronaxie/status.h>

typedef struct chx__json {
    char *path;
    char *text;
    size_t size_bytes;
    json_t *root;
} chx__json;

/* A value and how one gets there. A child points at its parent, which must outlive it. */
typedef struct chx__json_at {
    const chx__json *json;
    const struct chx__json_at *parent; /* NULL at the root */
    const char *key; /* in an object; NULL in an array */
    size_t index; /* in an array */
    json_t *value; /* borrowed; NULL where an optional member is absent */
} chx__json_at;

/* Reads and parses a file of at most max_bytes. Members of equal name, bytes that are not UTF-8 and
 * numbers that overflow are errors. On success the caller finishes *json. Errors: FILE, LIMIT,
 * FORMAT, MEMORY. */
chx_status chx__json_load(const char *path, size_t max_bytes, chx__json *json);
void chx__json_finish(chx__json *json); /* accepts a finished one */

chx__json_at chx__json_root(const chx__json *json);

/* Checks that the value is an object with no other members than the named; keys ends with NULL. */
chx_status chx__json_object(const chx__json_at *at, const char *const *keys);

/* A member of an object. An absent optional one is a success with a NULL value. */
chx_status chx__json_member(const chx__json_at *object, const char *key, chx__json_at *member);
chx_status chx__json_optional(const chx__json_at *object, const char *key, chx__json_at *member);

/* Checks that the value is an array of at least min and at most max elements and counts them. */
chx_status chx__json_array(const chx__json_at *at, size_t min, size_t max, size_t *n);
chx__json_at chx__json_element(const chx__json_at *array, size_t index);

/* The value as what it has to be. The text lives as long as the document, and is not empty. */
chx_status chx__json_number(const chx__json_at *at, double min, double max, double *number);
chx_status chx__json_integer(const chx__json_at *at, long long min, long long max,
                             long long *integer);
chx_status chx__json_text(const chx__json_at *at, const char **text);
chx_status chx__json_bool(const chx__json_at *at, bool *value);

/* The line of the value, or of its name where it has one, counted from 1. */
int chx__json_line(const chx__json_at *at);

/* Fails with CHX_ERROR_FORMAT and "FILE:LINE: a.b[3]: ...". */
chx_status chx__json_fail(const chx__json_at *at, const char *format, ...)
    __attribute__((format(printf, 2, 3), cold));

#endif
