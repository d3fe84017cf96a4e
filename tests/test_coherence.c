/* Extents against what a map of single bytes says, over thousands of random changes. */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>

#include "memory/coherence.h"

static chx__coherence coherence;

static void
setup(void)
{
    ck_assert_int_eq(chx__coherence_init(&coherence, 100, chx__places_of(0)), CHX_OK);
}

static void
teardown(void)
{
    chx__coherence_finish(&coherence);
}

static void
set(size_t begin, size_t end, uint64_t places)
{
    ck_assert_int_eq(chx__coherence_reserve(&coherence, 1), CHX_OK);
    chx__coherence_set(&coherence, begin, end, chx__places_from_bits(places));
}

static void
add(size_t begin, size_t end, uint64_t places)
{
    ck_assert_int_eq(chx__coherence_reserve(&coherence, 1), CHX_OK);
    chx__coherence_add(&coherence, begin, end, chx__places_from_bits(places));
}

START_TEST(coherence_starts_with_one_extent)
{
    ck_assert_uint_eq(chx__coherence_places(&coherence, 0, 100).bits[0], 1);
    ck_assert_uint_eq(coherence.n_extents, 1);
}
END_TEST

START_TEST(coherence_write_leaves_only_the_writer)
{
    set(20, 40, 2);
    ck_assert_uint_eq(chx__coherence_places(&coherence, 0, 20).bits[0], 1);
    ck_assert_uint_eq(chx__coherence_places(&coherence, 20, 40).bits[0], 2);
    ck_assert_uint_eq(chx__coherence_places(&coherence, 40, 100).bits[0], 1);
    ck_assert_uint_eq(chx__coherence_places(&coherence, 10, 30).bits[0], 0);
}
END_TEST

START_TEST(coherence_copy_adds_a_holder)
{
    add(50, 100, 4);
    ck_assert_uint_eq(chx__coherence_places(&coherence, 50, 100).bits[0], 5);
    ck_assert_uint_eq(chx__coherence_places(&coherence, 0, 100).bits[0], 1);
}
END_TEST

START_TEST(coherence_joins_neighbours_that_agree)
{
    set(20, 40, 2);
    set(40, 60, 2);
    ck_assert_uint_eq(coherence.n_extents, 3);
    set(20, 60, 1);
    ck_assert_uint_eq(coherence.n_extents, 1);
}
END_TEST

START_TEST(coherence_removal_leaves_lost_ranges)
{
    set(20, 40, 2);
    add(30, 40, 1);
    chx__coherence_remove(&coherence, chx__places_of(1));
    ck_assert_uint_eq(chx__coherence_places(&coherence, 20, 30).bits[0], 0);
    ck_assert_uint_eq(chx__coherence_places(&coherence, 30, 40).bits[0], 1);
}
END_TEST

/* Against an array with one mask per byte. */
START_TEST(coherence_agrees_with_a_byte_map)
{
    uint64_t bytes[100];
    srand(7);
    for (int i = 0; i < 100; i++)
        bytes[i] = 1;
    for (int step = 0; step < 2000; step++) {
        size_t begin = (size_t)(rand() % 100);
        size_t end = begin + 1 + (size_t)(rand() % (int)(100 - begin));
        uint64_t places = UINT64_C(1) << (rand() % 4);
        bool keep = rand() % 2;
        if (keep)
            add(begin, end, places);
        else
            set(begin, end, places);
        for (size_t i = begin; i < end; i++)
            bytes[i] = keep ? bytes[i] | places : places;
        size_t from = (size_t)(rand() % 100), to = from + 1;
        uint64_t expected = bytes[from];
        for (; to < 100 && rand() % 4; to++)
            expected &= bytes[to];
        ck_assert_uint_eq(chx__coherence_places(&coherence, from, to).bits[0], expected);
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("coherence");
    TCase *tcase = tcase_create("extents");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, coherence_starts_with_one_extent);
    tcase_add_test(tcase, coherence_write_leaves_only_the_writer);
    tcase_add_test(tcase, coherence_copy_adds_a_holder);
    tcase_add_test(tcase, coherence_joins_neighbours_that_agree);
    tcase_add_test(tcase, coherence_removal_leaves_lost_ranges);
    tcase_add_test(tcase, coherence_agrees_with_a_byte_map);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
