/* Allocation with checked sizes. Everything is released with free(). */
#ifndef CHX_BASE_ALLOC_H
#define CHX_BASE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

/* count x size bytes of zeroes; NULL when the product overflows or memory is out, so that a table
 * of rows is asked for as rows x the size of one. Never NULL for a count of zero on success. */
void *chx__alloc(size_t count, size_t size);

/* The same at an address that is aligned for every type of a kernel, for a device to work on. */
void *chx__alloc_shared(size_t count, size_t size);

/* Grows *array to hold at least `needed` elements, doubling; new elements are zero. On failure the
 * array stays as it was. *array must be NULL when *capacity is 0. */
bool chx__grow(void *array, size_t *capacity, size_t needed, size_t size);

/* As above, but new elements are left unset: a long array's pages are first touched by those who
 * fill it. */
bool chx__grow_bare(void *array, size_t *capacity, size_t needed, size_t size);

/* Keeps memory that may never be freed, as a driver may come back to it at any time, reachable for
 * ever, so that it does not count as a leak. Accepts NULL. Any thread. */
void chx__keep(void *memory);

/* A copy of the text; NULL when text is NULL or memory is out. */
char *chx__strdup(const char *text);

/* A formatted text; NULL when memory is out. */
char *chx__format(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
