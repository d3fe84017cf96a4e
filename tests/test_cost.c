/* Estimates stand against outliers and a first slow sample, follow what lasts, and keep to
 * themselves by kernel, device and band. */
#include <check.h>
#include <math.h>
#include <pthread.h>

#include "device/cache.h"
#include "folder.h"
#include "schedule/cost.h"
#include "execute/cost_book.h"

static chx__costs *costs;

static void
begin(void)
{
    ck_assert_int_eq(chx__costs_create(&costs), CHX_OK);
}

static void
end(void)
{
    chx__costs_destroy(&costs);
    ck_assert_ptr_null(costs);
    chx__costs_destroy(&costs);
}

static const chx__cost_key key = {.kernel = 1, .device = 2, .size = 1000};

START_TEST(cost_first_sample_is_dropped)
{
    double ns;
    ck_assert(!chx__costs_find(costs, &key, &ns));
    ck_assert(!chx__costs_add(costs, &key, 5e8));
    ck_assert(!chx__costs_find(costs, &key, &ns));
    ck_assert(chx__costs_add(costs, &key, 100.0));
    ck_assert(chx__costs_find(costs, &key, &ns));
    ck_assert_double_eq_tol(ns, 100.0, 1e-9);
}
END_TEST

START_TEST(cost_one_outlier_moves_nothing)
{
    double ns;
    for (int i = 0; i < 20; i++) {
        bool moved = chx__costs_add(costs, &key, i % 5 == 4 ? 1e9 : 100.0 + i);
        ck_assert_int_eq(moved, i == 1);
        if (i == 0)
            continue;
        ck_assert(chx__costs_find(costs, &key, &ns));
        ck_assert(ns >= 100.0 && ns < 120.0);
    }
}
END_TEST

START_TEST(cost_lasting_change_is_learnt_and_told_once)
{
    double ns;
    int told = 0;
    for (int i = 0; i < 10; i++)
        chx__costs_add(costs, &key, 100.0);
    for (int i = 0; i < 9; i++)
        told += chx__costs_add(costs, &key, 300.0);
    ck_assert_int_eq(told, 1);
    ck_assert(chx__costs_find(costs, &key, &ns));
    ck_assert_double_eq_tol(ns, 300.0, 1e-9);
}
END_TEST

/* The middle of the last nine, the lower of two, counted out. */
static double
middle_of(const double *samples, int n)
{
    for (int i = 0; i < n; i++) {
        int n_below = 0, n_equal = 0;
        for (int j = 0; j < n; j++) {
            n_below += samples[j] < samples[i];
            n_equal += samples[j] == samples[i];
        }
        if (n_below <= (n - 1) / 2 && (n - 1) / 2 < n_below + n_equal)
            return samples[i];
    }
    return -1.0;
}

START_TEST(cost_is_the_middle_of_the_last_nine_samples)
{
    double samples[200], ns;
    uint32_t seed = 1;
    chx__costs_add(costs, &key, 40.0);
    for (int i = 0; i < 200; i++) {
        seed = seed * 1664525u + 1013904223u;
        samples[i] = (double)(10 + (seed >> 16) % 20);
        chx__costs_add(costs, &key, samples[i]);
        ck_assert(chx__costs_find(costs, &key, &ns));
        int n = i < 9 ? i + 1 : 9;
        ck_assert_double_eq_tol(ns, middle_of(&samples[i + 1 - n], n), 1e-9);
    }
}
END_TEST

START_TEST(cost_slow_drift_is_told_too)
{
    int told = 0;
    double ns = 100.0;
    chx__costs_add(costs, &key, ns);
    for (int i = 0; i < 100; i++, ns *= 1.01)
        told += chx__costs_add(costs, &key, ns);
    ck_assert_int_ge(told, 3);
    ck_assert_int_le(told, 6);
}
END_TEST

static void
add_twice(const chx__cost_key *at, double ns)
{
    chx__costs_add(costs, at, ns);
    chx__costs_add(costs, at, ns);
}

START_TEST(cost_scales_within_a_power_of_two_and_to_those_around)
{
    chx__cost_key at = key;
    double ns;
    add_twice(&at, 1000.0);
    for (at.size = 512; at.size < 1024; at.size++) {
        ck_assert(chx__costs_find(costs, &at, &ns));
        ck_assert_double_eq_tol(ns, (double)at.size, 1e-9);
    }
    at.size = 8191;
    ck_assert(!chx__costs_find(costs, &at, &ns));
    ck_assert(chx__costs_find_near(costs, &at, &ns));
    ck_assert_double_eq_tol(ns, 8191.0, 1e-6);
    at.size = 8192;
    ck_assert(!chx__costs_find_near(costs, &at, &ns));
    at.size = 63;
    ck_assert(!chx__costs_find_near(costs, &at, &ns));
    at.size = 0;
    ck_assert(!chx__costs_find_near(costs, &at, &ns));
    at.size = UINT64_MAX;
    ck_assert(!chx__costs_find_near(costs, &at, &ns));
}
END_TEST

/* A launch of 5 us and a nanosecond an item. */
START_TEST(cost_of_a_size_between_is_on_the_line)
{
    chx__cost_key at = key;
    double ns;
    for (at.size = 1536; at.size <= 98304; at.size *= 4)
        add_twice(&at, 5000.0 + (double)at.size);
    for (at.size = 3000; at.size < 200000; at.size *= 4) {
        ck_assert(chx__costs_find_near(costs, &at, &ns));
        ck_assert_double_eq_tol(ns, 5000.0 + (double)at.size, 1.0);
    }
}
END_TEST

#define N_SERIES 300u
#define N_SAMPLES 200u
#define FEW 3u

/* About the stated duration, and once in ten times ten times as long. */
static double
disturbed(double ns, uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    uint32_t word = *seed >> 8;
    return ns * (0.95 + 0.1 * (double)(word % 1000) / 1000) * (word / 1000 % 10 == 0 ? 10 : 1);
}

/* From the third sample on the faster device is known to be, and nobody is told otherwise. */
START_TEST(cost_outliers_move_no_placement)
{
    uint32_t seed = 1;
    for (uint64_t series = 0; series < N_SERIES; series++)
        for (uint32_t i = 0; i < N_SAMPLES; i++) {
            chx__cost_key fast = {series, 1, 1000}, slow = {series, 2, 1000};
            bool moved = chx__costs_add(costs, &fast, disturbed(1e5, &seed));
            moved = chx__costs_add(costs, &slow, disturbed(1.5e5, &seed)) || moved;
            double fast_ns = 0, slow_ns = 0;
            if (i < FEW)
                continue;
            ck_assert(chx__costs_find(costs, &fast, &fast_ns));
            ck_assert(chx__costs_find(costs, &slow, &slow_ns));
            ck_assert_msg(fast_ns < slow_ns && (!moved || i < 2 * FEW), "series %u, sample %u",
                          (unsigned)series, i);
        }
}
END_TEST

START_TEST(cost_much_longer_is_learnt_when_it_lasts)
{
    double ns;
    for (int i = 0; i < 12; i++)
        chx__costs_add(costs, &key, 100.0);
    for (int i = 0; i < 6; i++)
        chx__costs_add(costs, &key, 1000.0);
    ck_assert(chx__costs_find(costs, &key, &ns));
    ck_assert_double_eq_tol(ns, 1000.0, 1e-9);
}
END_TEST

START_TEST(cost_apart_is_what_lies_beyond_all_but_one_sample)
{
    double ratio = -1.0;
    for (int i = 0; i < 4; i++) {
        ck_assert(!chx__costs_compare(costs, &key, 300.0, &ratio));
        chx__costs_add(costs, &key, 100.0);
    }
    chx__costs_add(costs, &key, 300.0);
    ck_assert(chx__costs_compare(costs, &key, 300.0, &ratio));
    ck_assert_double_eq_tol(ratio, 3.0, 1e-9);
    ck_assert(chx__costs_compare(costs, &key, 50.0, &ratio));
    ck_assert_double_eq_tol(ratio, 0.5, 1e-9);
    chx__costs_add(costs, &key, 300.0);
    ck_assert(chx__costs_compare(costs, &key, 300.0, &ratio));
    ck_assert_double_eq_tol(ratio, 1.0, 1e-9);
}
END_TEST

START_TEST(cost_is_scaled_at_all_sizes_of_the_kernel_on_the_device)
{
    chx__cost_key larger = key, elsewhere = key, other = key;
    double ns;
    larger.size = 100000;
    elsewhere.device = 3;
    other.kernel = 4;
    add_twice(&key, 100.0);
    add_twice(&larger, 10000.0);
    add_twice(&elsewhere, 100.0);
    add_twice(&other, 100.0);
    chx__costs_scale(costs, key.kernel, key.device, 4.0);
    ck_assert(chx__costs_find(costs, &key, &ns));
    ck_assert_double_eq_tol(ns, 400.0, 1e-9);
    ck_assert(chx__costs_find(costs, &larger, &ns));
    ck_assert_double_eq_tol(ns, 40000.0, 1e-6);
    ck_assert(chx__costs_find(costs, &elsewhere, &ns));
    ck_assert_double_eq_tol(ns, 100.0, 1e-9);
    ck_assert(chx__costs_find(costs, &other, &ns));
    ck_assert_double_eq_tol(ns, 100.0, 1e-9);
    ck_assert(!chx__costs_add(costs, &key, 400.0));
}
END_TEST

START_TEST(cost_of_another_device_is_a_reference)
{
    double ns = -1.0;
    uint64_t reference = 0;
    chx__cost_key other = key;
    other.device = 77;
    ck_assert(!chx__costs_find_elsewhere(costs, &other, &reference, &ns));
    add_twice(&key, 1000.0);
    other.size = 900;
    ck_assert(chx__costs_find_elsewhere(costs, &other, &reference, &ns));
    ck_assert_uint_eq(reference, key.device);
    ck_assert_double_eq_tol(ns, 900.0, 1e-9);
    ck_assert(!chx__costs_find(costs, &other, &ns));
    ck_assert(!chx__costs_find_elsewhere(costs, &key, &reference, &ns));
}
END_TEST

START_TEST(cost_nonsense_durations_are_ignored)
{
    double ns;
    for (int i = 0; i < 3; i++) {
        ck_assert(!chx__costs_add(costs, &key, NAN));
        ck_assert(!chx__costs_add(costs, &key, -1.0));
        ck_assert(!chx__costs_add(costs, &key, INFINITY));
    }
    ck_assert(!chx__costs_find(costs, &key, &ns));
}
END_TEST

START_TEST(cost_many_models_stay_apart)
{
    for (int round = 0; round < 2; round++)
        for (uint64_t kernel = 0; kernel < 500; kernel++)
            for (uint64_t device = 0; device < 4; device++)
                chx__costs_add(costs, &(chx__cost_key){kernel, device, 1},
                               (double)(kernel * 4 + device));
    for (uint64_t kernel = 0; kernel < 500; kernel++)
        for (uint64_t device = 0; device < 4; device++) {
            double ns;
            ck_assert(chx__costs_find(costs, &(chx__cost_key){kernel, device, 1}, &ns));
            ck_assert_double_eq(ns, (double)(kernel * 4 + device));
        }
}
END_TEST

static void
ck_models(const chx__costs *in, size_t n, const chx__cost_model *first)
{
    chx__cost_model models[8];
    ck_assert_uint_eq(chx__costs_list(in, models, 8), n);
    ck_assert_str_eq(models[0].name, first->name);
    ck_assert_uint_eq(models[0].key.size, first->key.size);
    ck_assert_uint_eq(models[0].n_samples, first->n_samples);
    ck_assert_double_eq_tol(models[0].median_ns, first->median_ns, 1e-9);
    ck_assert_double_eq_tol(models[0].spread_ns, first->spread_ns, 1e-9);
}

/* Quartiles of 1 to 9 are 3 and 7. */
START_TEST(cost_of_a_named_kernel_is_listed)
{
    const chx__cost_model expected = {{1, 2, 768}, 768.0 * 5, 768.0 * 4, 9, "blend"};
    chx__costs_name(costs, &key, "too soon", 0);
    for (int i = 0; i < 10; i++)
        chx__costs_add(costs, &key, 1000.0 * (i > 0 ? i : 9));
    ck_assert_uint_eq(chx__costs_list(costs, NULL, 0), 0);
    chx__costs_name(costs, &key, "blend", 0);
    chx__costs_name(costs, &key, "another", 0);
    ck_models(costs, 1, &expected);
}
END_TEST

/* What another process knew is a prior that two samples replace. */
START_TEST(cost_is_kept_in_a_book)
{
    const chx__cost_model expected = {{1, 2, 768}, 768.0, 0, 1, "blend"};
    chx__cost_key other = {3, 9, 1};
    chx__cache *cache;
    char *folder = test_folder_create();
    double ns;
    ck_assert_int_eq(chx__cache_create(folder, &cache), CHX_OK);
    add_twice(&key, 1000.0);
    add_twice(&other, 1000.0);
    chx__costs_name(costs, &key, "blend", 0);
    chx__costs_name(costs, &other, "of another device", 0);
    chx__cost_book_keep(cache, key.device, costs);
    chx__costs_destroy(&costs);
    ck_assert_int_eq(chx__costs_create(&costs), CHX_OK);
    chx__cost_book_recall(cache, key.device, costs);
    ck_models(costs, 1, &expected);
    ck_assert(chx__costs_find(costs, &key, &ns));
    ck_assert_double_eq_tol(ns, 1000.0, 1e-9);
    for (int i = 0; i < 2; i++)
        chx__costs_add(costs, &key, 500.0);
    ck_assert(chx__costs_find(costs, &key, &ns));
    ck_assert_double_eq_tol(ns, 500.0, 1e-9);
    chx__cost_book_keep(cache, key.device, costs);
    chx__costs_destroy(&costs);
    ck_assert_int_eq(chx__costs_create(&costs), CHX_OK);
    add_twice(&other, 7.0);
    chx__costs_name(costs, &other, "lately", 0);
    other.device = key.device;
    add_twice(&other, 7.0);
    chx__costs_name(costs, &other, "here too", 0);
    chx__cost_book_keep(cache, key.device, costs);
    chx__cost_book_recall(cache, key.device, costs);
    ck_assert_uint_eq(chx__costs_list(costs, NULL, 0), 3);
    chx__cost_book_recall(NULL, key.device, costs);
    chx__cost_book_keep(NULL, key.device, costs);
    chx__cache_destroy(&cache);
    test_folder_destroy(folder);
}
END_TEST

static void *
add_many(void *device)
{
    for (uint64_t i = 0; i < 20000; i++) {
        double ns;
        chx__cost_key at = {i % 100, *(uint64_t *)device, 1};
        chx__costs_add(costs, &at, 5.0);
        chx__costs_find(costs, &at, &ns);
    }
    return NULL;
}

START_TEST(cost_threads_may_add_together)
{
    pthread_t threads[4];
    uint64_t devices[4] = {0, 1, 2, 3};
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, add_many, &devices[i]), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (uint64_t i = 0; i < 400; i++) {
        double ns;
        ck_assert(chx__costs_find(costs, &(chx__cost_key){i / 4, i % 4, 1}, &ns));
        ck_assert_double_eq(ns, 5.0);
    }
}
END_TEST

/* Of a piece that another process measured while its device was busy, or this one long ago. */
START_TEST(what_was_known_before_gives_way_to_what_other_sizes_cost_now)
{
    double ns;
    chx__cost_key whole = {1, 2, 1024}, half = {1, 2, 512};
    const chx__cost_model known = {.key = half, .median_ns = 9000.0, .n_samples = 9, .name = "k"};
    chx__costs_recall(costs, &known);
    ck_assert(chx__costs_find_lately(costs, &half, &ns));
    add_twice(&whole, 8000.0);
    ck_assert(!chx__costs_find_lately(costs, &half, &ns));
    ck_assert(chx__costs_find_near(costs, &half, &ns));
    ck_assert_double_eq_tol(ns, 4000.0, 1.0);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("cost");
    TCase *cases = tcase_create("cost");
    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_test(cases, cost_first_sample_is_dropped);
    tcase_add_test(cases, cost_one_outlier_moves_nothing);
    tcase_add_test(cases, cost_lasting_change_is_learnt_and_told_once);
    tcase_add_test(cases, cost_is_the_middle_of_the_last_nine_samples);
    tcase_add_test(cases, cost_slow_drift_is_told_too);
    tcase_add_test(cases, cost_scales_within_a_power_of_two_and_to_those_around);
    tcase_add_test(cases, cost_of_a_size_between_is_on_the_line);
    tcase_add_test(cases, cost_outliers_move_no_placement);
    tcase_add_test(cases, cost_much_longer_is_learnt_when_it_lasts);
    tcase_add_test(cases, cost_apart_is_what_lies_beyond_all_but_one_sample);
    tcase_add_test(cases, cost_is_scaled_at_all_sizes_of_the_kernel_on_the_device);
    tcase_add_test(cases, cost_of_another_device_is_a_reference);
    tcase_add_test(cases, cost_nonsense_durations_are_ignored);
    tcase_add_test(cases, cost_many_models_stay_apart);
    tcase_add_test(cases, cost_of_a_named_kernel_is_listed);
    tcase_add_test(cases, what_was_known_before_gives_way_to_what_other_sizes_cost_now);
    tcase_add_test(cases, cost_is_kept_in_a_book);
    tcase_add_test(cases, cost_threads_may_add_together);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
