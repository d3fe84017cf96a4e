/* What is allocated here is zeroed, also what a growing array gains unless it is bare, so that a
 * struct that was half filled in can be finished. An empty array gets one element, so NULL always
 * means that memory is out. On failure an array stays as it was.
 *
 * All memory of the library is got here, so that a test can have any allocation refused. Until it
 * asks for that they cost a look at one word that nobody writes, and are not counted. */
#include "base/alloc.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE ((uintptr_t)2 << 20)
#define WIDEST_TYPE 128 /* of OpenCL, double16 */

static _Atomic uint64_t refused; /* the first allocation that is, counted from 1; 0 for none */
static _Atomic uint64_t asked;
static atomic_bool is_out; /* all after it are refused as well */

void
chx__alloc_arm(uint64_t nth, bool is_lasting)
{
    atomic_store(&refused, 0);
    atomic_store(&asked, 0);
    atomic_store(&is_out, is_lasting);
    atomic_store(&refused, nth);
}

uint64_t
chx__alloc_asked(void)
{
    return atomic_load(&asked);
}

static bool
is_refused(void)
{
    const uint64_t first = atomic_load_explicit(&refused, memory_order_relaxed);
    if (first == 0)
        return false;
    const uint64_t n = atomic_fetch_add(&asked, 1) + 1;
    const bool is_due = n == first || (n > first && atomic_load(&is_out));
    if (is_due)
        errno = ENOMEM;
    return is_due;
}

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
    void *block = is_refused() ? NULL : calloc(count ? count : 1, size);
    if (block)
        ask_for_huge_pages(block, count * size);
    return block;
}

void *
chx__alloc_shared(size_t count, size_t size)
{
    void *block = NULL;
    if ((size > 0 && count > (SIZE_MAX - HUGE_PAGE) / size) || is_refused())
        return NULL;
    const size_t bytes = count * size;
    if (posix_memalign(&block, bytes < HUGE_PAGE ? WIDEST_TYPE : HUGE_PAGE, bytes ? bytes : 1))
        return NULL;
    ask_for_huge_pages(block, bytes);
    return memset(block, 0, bytes);
}

void *
chx__alloc_bare(size_t count, size_t size)
{
    void *block = NULL;
    return chx__resize(&block, count, size) ? block : NULL;
}

bool
chx__resize(void *array, size_t count, size_t size)
{
    void **address = array;
    if (size > 0 && count > SIZE_MAX / size)
        return false;
    const size_t bytes = count * size;
    void *moved = is_refused() ? NULL : realloc(*address, bytes ? bytes : 1);
    if (moved)
        *address = moved;
    return moved != NULL;
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
    if (!chx__resize(array, grown, size))
        return false;
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
    char *copy = chx__alloc_bare(size, 1);
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
    char *text = chx__alloc_bare((size_t)length + 1, 1);
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
