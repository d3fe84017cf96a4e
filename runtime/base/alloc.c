/* What is allocated here is zeroed, also what a growing array gains unless it is bare, so that a
 * struct that was half filled in can be finished. An empty array gets one element, so NULL always
 * means that memory is out. On failure an array stays as it was. */
#include "base/alloc.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE ((uintptr_t)2 << 20)
#define WIDEST_TYPE 128 /* of OpenCL, double16 */

/* Asks for huge pages within a large block: a page fault and an entry of the processor's table of
 * pages for 2 MiB of it, not for 4 KiB. Nothing depends on what the system makes of it. */
static void
ask_for_huge_pages(void *block, size_t bytes)
{
    const uintptr_t begin = ((uintptr_t)block + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
    const uintptr_t end = ((uintptr_t)block + bytes) & ~(HUGE_PAGE - 1);
    if (bytes >= 2 * HUGE_PAGE)
        madvise((void *)begin, end - begin, MADV_HUGEPAGE);
}

void *
chx__alloc(size_t count, size_t size)
{
    void *block = calloc(count ? count : 1, size);
    if (block)
        ask_for_huge_pages(block, count * size);
    return block;
}

void *
chx__alloc_shared(size_t count, size_t size)
{
    void *block = NULL;
    if (size > 0 && count > (SIZE_MAX - HUGE_PAGE) / size)
        return NULL;
    const size_t bytes = count * size;
    if (posix_memalign(&block, bytes < HUGE_PAGE ? WIDEST_TYPE : HUGE_PAGE, bytes ? bytes : 1))
        return NULL;
    ask_for_huge_pages(block, bytes);
    return memset(block, 0, bytes);
}

bool
chx__grow_bare(void *array, size_t *capacity, size_t needed, size_t size)
{
    if (needed <= *capacity)
        return true;
    size_t grown = *capacity ? *capacity : 8;
    while (grown < needed) {
        if (grown > SIZE_MAX / 2)
            return false;
        grown *= 2;
    }
    if (grown > SIZE_MAX / size)
        return false;
    void **address = array;
    void *moved = realloc(*address, grown * size);
    if (!moved)
        return false;
    *address = moved;
    *capacity = grown;
    return true;
}

bool
chx__grow(void *array, size_t *capacity, size_t needed, size_t size)
{
    size_t before = *capacity;
    if (!chx__grow_bare(array, capacity, needed, size))
        return false;
    if (*capacity > before)
        memset(*(char **)array + before * size, 0, (*capacity - before) * size);
    return true;
}

char *
chx__strdup(const char *text)
{
    if (!text)
        return NULL;
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

char *
chx__format(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0)
        return NULL;
    char *text = malloc((size_t)length + 1);
    if (!text)
        return NULL;
    va_start(args, format);
    vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
    return text;
}

void
chx__keep(void *memory)
{
    static _Atomic(void **) kept;
    void **link = memory ? chx__alloc(2, sizeof *link) : NULL;
    if (!link)
        return;
    link[0] = memory;
    void **next = atomic_load(&kept);
    do
        link[1] = next;
    while (!atomic_compare_exchange_weak(&kept, &next, link));
}
