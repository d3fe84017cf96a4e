/* One thread only: from test_forbid_threads() on, as in a process that may have no more, none can
 * be made. */
#ifndef CHX_TESTS_ALONE_H
#define CHX_TESTS_ALONE_H

#include <check.h>
#include <pthread.h>
#include <stdint.h>

static void *
test_do_nothing(void *data)
{
    return data;
}

static inline void
test_set_stacks(size_t size_bytes)
{
    pthread_attr_t attributes;
    ck_assert_int_eq(pthread_attr_init(&attributes), 0);
    ck_assert_int_eq(pthread_attr_setstacksize(&attributes, size_bytes), 0);
    ck_assert_int_eq(pthread_setattr_default_np(&attributes), 0);
}

/* By stacks that no memory holds. */
static inline void
test_forbid_threads(void)
{
    pthread_t thread;
    test_set_stacks(SIZE_MAX & ~(size_t)0xfffff);
    ck_assert_int_ne(pthread_create(&thread, NULL, test_do_nothing, NULL), 0);
}

static inline void
test_allow_threads(void)
{
    test_set_stacks(1 << 20);
}

#endif
