/* Allocation with checked sizes. Everything is released with free(). */
#ifndef CHX_BASE_ALLOC_H
#define CHX_BASE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* count x size bytes of zeroes; NULL when the product overflows or memory is out, so that a table
 * of rows is asked for as rows x the size of one. Never NULL for a count of zero on success. */
void *chx__alloc(size_t count, size_t size);

/* The same at an address that is aligned for every type of a kernel, for a device to work on. */
void *chx__alloc_shared(size_t count, size_t size);

/* The same with bytes that nobody has set, for whoever fills them. */
void *chx__alloc_bare(size_t count, size_t size);

/* Gives *array, which may be NULL, room for exactly so many elements; new ones are left unset. On
 * failure the array stays as it was. */
bool chx__resize(void *array, size_t count, size_t size);

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

/* For tests: of the allocations from now on the nth is refused, and with is_lasting all after it;
 * none with 0, as it is from the beginning. Any thread. */
void chx__alloc_arm(uint64_t nth, bool is_lasting);

/* Allocations that were asked for since that, 0 when none was to be refused. */
uint64_t chx__alloc_asked(void);

#endif
