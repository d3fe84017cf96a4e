/* Extents of a buffer that lose holders: what is taken away, copied and told of as changed, against
 * a map of single bytes; the places are more than one word holds. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "memory/coherence.h"

#define SIZE 60u
#define N_PLACES 70u

static chx__coherence coherence;
static bool holds[SIZE][N_PLACES];

static void
setup(void)
{
    memset(holds, 0, sizeof holds);
    for (uint32_t i = 0; i < SIZE; i++)
        holds[i][3] = true;
    ck_assert_int_eq(chx__coherence_init(&coherence, SIZE, chx__places_of(3)), CHX_OK);
}

static void
teardown(void)
{
    chx__coherence_finish(&coherence);
}

static void
reserve(void)
{
    ck_assert_int_eq(chx__coherence_reserve(&coherence, 1), CHX_OK);
}

/* Some bytes, some place. */
typedef struct change {
    size_t begin, end;
    uint32_t place;
} change;

static change
draw(void)
{
    const uint32_t few[] = {0, 3, 63, 64, N_PLACES - 1};
    size_t begin = (size_t)rand() % SIZE;
    return (change){begin, begin + 1 + (size_t)rand() % (SIZE - begin), few[rand() % 5]};
}

static void
set(change of)
{
    reserve();
    chx__coherence_set(&coherence, of.begin, of.end, chx__places_of(of.place));
    for (size_t i = of.begin; i < of.end; i++) {
        memset(holds[i], 0, sizeof holds[i]);
        holds[i][of.place] = true;
    }
}

static void
add(change of)
{
    reserve();
    chx__coherence_add(&coherence, of.begin, of.end, chx__places_of(of.place));
    for (size_t i = of.begin; i < of.end; i++)
        holds[i][of.place] = true;
}

static void
subtract(change of)
{
    chx__coherence_subtract(&coherence, of.begin, of.end, chx__places_of(of.place));
    for (size_t i = of.begin; i < of.end; i++)
        holds[i][of.place] = false;
}

static void
remove_place(uint32_t place)
{
    chx__coherence_remove(&coherence, chx__places_of(place));
    for (size_t i = 0; i < SIZE; i++)
        holds[i][place] = false;
}

static void
change_anything(void)
{
    switch (rand() % 8) {
    case 0:
        remove_place(draw().place);
        break;
    case 1:
    case 2:
        subtract(draw());
        break;
    case 3:
    case 4:
        set(draw());
        break;
    default:
        add(draw());
    }
}

/* Byte by byte, and in as few extents as can be. */
static void
check_map(const chx__coherence *map)
{
    size_t n_extents = 1;
    for (size_t i = 0; i < SIZE; i++) {
        chx__places places = chx__places_none();
        for (uint32_t p = 0; p < N_PLACES; p++)
            if (holds[i][p])
                places = chx__places_union(places, chx__places_of(p));
        ck_assert(chx__places_equal(chx__coherence_places(map, i, i + 1), places));
        n_extents += i > 0 && memcmp(holds[i], holds[i - 1], sizeof holds[i]) != 0;
    }
    ck_assert_uint_eq(map->n_extents, n_extents);
    ck_assert_uint_eq(map->extents[0].begin, 0);
    ck_assert_uint_eq(map->extents[n_extents - 1].end, SIZE);
    for (size_t e = 1; e < n_extents; e++)
        ck_assert_uint_eq(map->extents[e].begin, map->extents[e - 1].end);
}

START_TEST(a_range_that_is_lost_is_lost_to_the_byte)
{
    subtract((change){20, 30, 3});
    check_map(&coherence);
    ck_assert_uint_eq(coherence.n_extents, 3);
    subtract((change){0, 20, 3});
    subtract((change){30, SIZE, 3});
    check_map(&coherence);
    ck_assert_uint_eq(coherence.n_extents, 1);
}
END_TEST

START_TEST(any_changes_agree_with_a_map_of_bytes)
{
    srand(1 + (unsigned)_i);
    for (uint32_t n = 0; n < 150; n++) {
        change_anything();
        check_map(&coherence);
    }
}
END_TEST

START_TEST(a_copy_is_equal_and_stays_when_the_original_changes)
{
    chx__coherence copy = {0};
    srand(1);
    ck_assert_int_eq(chx__coherence_init(&copy, SIZE, chx__places_of(0)), CHX_OK);
    for (uint32_t n = 0; n < 10; n++) {
        for (uint32_t c = 0; c < 5; c++)
            change_anything();
        uint64_t n_changes = copy.n_changes;
        ck_assert_int_eq(chx__coherence_copy(&copy, &coherence), CHX_OK);
        ck_assert_uint_ne(copy.n_changes, n_changes);
        check_map(&copy);
        chx__coherence_set(&coherence, 0, SIZE, chx__places_of(1));
        check_map(&copy);
        chx__coherence_take(&coherence, &copy);
        check_map(&coherence);
    }
    chx__coherence_finish(&copy);
}
END_TEST

/* By the number of changes plans know that nothing has moved since. */
START_TEST(only_what_says_something_new_counts_as_a_change)
{
    uint64_t n_changes = coherence.n_changes;
    set((change){10, 20, 3});
    add((change){0, SIZE, 3});
    ck_assert_uint_eq(coherence.n_changes, n_changes);
    add((change){10, 20, 64});
    ck_assert_uint_eq(coherence.n_changes, n_changes + 1);
    add((change){12, 18, 64});
    add((change){10, 20, 3});
    ck_assert_uint_eq(coherence.n_changes, n_changes + 1);
    set((change){12, 18, 64}); /* which takes it from another */
    ck_assert_uint_eq(coherence.n_changes, n_changes + 2);
    add((change){10, 18, 3});
    ck_assert_uint_eq(coherence.n_changes, n_changes + 3);
    subtract((change){10, 18, 3});
    ck_assert_uint_gt(coherence.n_changes, n_changes + 3);
    check_map(&coherence);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("extents");
    TCase *tests = tcase_create("extents");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, a_range_that_is_lost_is_lost_to_the_byte);
    tcase_add_loop_test(tests, any_changes_agree_with_a_map_of_bytes, 0, 10);
    tcase_add_test(tests, a_copy_is_equal_and_stays_when_the_original_changes);
    tcase_add_test(tests, only_what_says_something_new_counts_as_a_change);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed != 0;
}
