/* Reductions on the host: what identities and results are for the kinds of numbers that callers
 * name, which partials arguments get, and what tasks that begin and combine them are told. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "graph/argument.h"
#include "graph/reduction.h"
#include "reduce/partial.h"

#define N 5u

/* Numbers at both ends and in the middle, as their bits. */
static const uint64_t numbers[N] = {0, 1, UINT64_C(0x7fffffff7fffffff),
                                    UINT64_C(0x8000000080000000), UINT64_MAX};

static const chx_reduction all[] = {
    CHX_REDUCTION_SUM_32,  CHX_REDUCTION_SUM_64,  CHX_REDUCTION_MIN_I32, CHX_REDUCTION_MIN_I64,
    CHX_REDUCTION_MIN_U32, CHX_REDUCTION_MIN_U64, CHX_REDUCTION_MAX_I32, CHX_REDUCTION_MAX_I64,
    CHX_REDUCTION_MAX_U32, CHX_REDUCTION_MAX_U64};

#define N_KINDS (sizeof all / sizeof *all)

static bool
is_wide(chx_reduction reduction)
{
    return chx__reduction_element_bytes(reduction) == 8;
}

/* By the caller's own types. */
static uint64_t
expected_of(chx_reduction reduction, uint64_t a, uint64_t b)
{
    const uint32_t u = (uint32_t)a, v = (uint32_t)b;
    switch (reduction) {
    case CHX_REDUCTION_SUM_32:
        return u + v;
    case CHX_REDUCTION_SUM_64:
        return a + b;
    case CHX_REDUCTION_MIN_I32:
        return (int32_t)u < (int32_t)v ? u : v;
    case CHX_REDUCTION_MAX_I32:
        return (int32_t)u > (int32_t)v ? u : v;
    case CHX_REDUCTION_MIN_U32:
        return u < v ? u : v;
    case CHX_REDUCTION_MAX_U32:
        return u > v ? u : v;
    case CHX_REDUCTION_MIN_I64:
        return (int64_t)a < (int64_t)b ? a : b;
    case CHX_REDUCTION_MAX_I64:
        return (int64_t)a > (int64_t)b ? a : b;
    case CHX_REDUCTION_MIN_U64:
        return a < b ? a : b;
    default:
        return a > b ? a : b;
    }
}

/* One element, between two that are not to be touched. */
static uint64_t
apply(chx_reduction reduction, uint64_t a, uint64_t b)
{
    const uint32_t narrow_b[] = {(uint32_t)b, 1};
    uint32_t narrow[] = {(uint32_t)a, 77};
    uint64_t wide[] = {a, 77}, wide_b[] = {b, 1};
    chx__reduction_apply(reduction, narrow, narrow_b, is_wide(reduction) ? 0 : sizeof *narrow);
    chx__reduction_apply(reduction, wide, wide_b, is_wide(reduction) ? sizeof *wide : 0);
    ck_assert_uint_eq(narrow[1], 77);
    ck_assert_uint_eq(wide[1], 77);
    return is_wide(reduction) ? wide[0] : narrow[0];
}

START_TEST(results_are_those_of_the_callers_numbers)
{
    for (size_t k = 0; k < N_KINDS; k++)
        for (uint32_t a = 0; a < N; a++)
            for (uint32_t b = 0; b < N; b++)
                ck_assert_uint_eq(apply(all[k], numbers[a], numbers[b]),
                                  expected_of(all[k], numbers[a], numbers[b]));
}
END_TEST

START_TEST(the_identity_changes_nothing)
{
    for (size_t k = 0; k < N_KINDS; k++) {
        const size_t element_bytes = chx__reduction_element_bytes(all[k]);
        uint64_t array[N] = {9, 9, 9, 9, 9};
        chx__reduction_fill(all[k], array, (N - 1) * sizeof *array);
        ck_assert_uint_eq(array[N - 1], 9);
        for (size_t i = 0; i < (N - 1) * sizeof *array; i += element_bytes) {
            uint64_t identity = 0;
            memcpy(&identity, (char *)array + i, element_bytes);
            for (uint32_t a = 0; a < N; a++)
                ck_assert_uint_eq(apply(all[k], numbers[a], identity),
                                  is_wide(all[k]) ? numbers[a] : (uint32_t)numbers[a]);
        }
    }
}
END_TEST

START_TEST(what_is_no_reduction_has_no_elements)
{
    ck_assert_uint_eq(chx__reduction_element_bytes(CHX_REDUCTION_NONE), 0);
    ck_assert_uint_eq(chx__reduction_element_bytes((chx_reduction)1000), 0);
    ck_assert_uint_eq(chx__reduction_element_bytes((chx_reduction)(CHX_REDUCTION_MAX_U64 + 1)), 0);
}
END_TEST

START_TEST(partials_are_large_enough_and_of_few_sizes)
{
    for (size_t size = 1; size < 5000; size++) {
        const size_t made = chx__partial_size(size);
        ck_assert_uint_ge(made, size);
        ck_assert_uint_eq(made & (made - 1), 0);
        ck_assert(made == 64 || made < 2 * size);
    }
    ck_assert_uint_eq(chx__partial_size(SIZE_MAX / 2 + 1), SIZE_MAX / 2 + 1);
    ck_assert_uint_eq(chx__partial_size(SIZE_MAX - 1), SIZE_MAX - 1);
}
END_TEST

START_TEST(arguments_take_turns_at_the_partials_of_their_size)
{
    chx__partial list[] = {{.size_bytes = 64, .turn = 0},
                           {.size_bytes = 128, .turn = 0},
                           {.size_bytes = 64, .turn = 1},
                           {.size_bytes = 128, .turn = 2}};
    const chx__partials partials = {.list = list, .n = 4, .n_turns = 3};
    for (uint32_t round = 0; round < 3; round++) {
        ck_assert_ptr_eq(chx__partials_find(&partials, 10, 3 * round), &list[0]);
        ck_assert_ptr_eq(chx__partials_find(&partials, 64, 3 * round + 1), &list[2]);
        ck_assert_ptr_null(chx__partials_find(&partials, 64, 3 * round + 2));
        ck_assert_ptr_eq(chx__partials_find(&partials, 65, 3 * round), &list[1]);
        ck_assert_ptr_eq(chx__partials_find(&partials, 128, 3 * round + 2), &list[3]);
        ck_assert_ptr_null(chx__partials_find(&partials, 129, 3 * round));
    }
}
END_TEST

static uint64_t
value_of(const chx__task *task, uint32_t index)
{
    uint64_t value = 0;
    ck_assert_int_eq(task->args[index].kind, CHX_ARG_VALUE);
    memcpy(&value, chx__arg_value(&task->args[index]), task->args[index].size_bytes);
    return value;
}

/* Work-items of each come in whole granules, and are told how many there are elements for. */
static void
check_made(chx__task *made, const char *kernel, uint32_t n_args, size_t n_elements)
{
    ck_assert_ptr_nonnull(made->args);
    ck_assert_str_eq(made->kernel, kernel);
    ck_assert_uint_eq(made->n_args, n_args);
    ck_assert_uint_eq(made->launch.n_dimensions, 1);
    ck_assert_uint_eq(made->launch.global[0] % 64, 0);
    ck_assert_uint_ge(made->launch.global[0], n_elements);
    ck_assert_uint_lt(made->launch.global[0], n_elements + 64);
    ck_assert_uint_eq(made->args[n_args - 1].size_bytes, 8);
    ck_assert_uint_eq(value_of(made, n_args - 1), n_elements);
    ck_assert_uint_eq(made->reduced, 2); /* the argument's number, from 1 */
    ck_assert_uint_eq(made->origin, 11);
}

START_TEST(tasks_that_begin_and_combine_know_their_numbers)
{
    const chx__partials partials = {0};
    for (size_t k = 0; k < N_KINDS; k++) {
        const size_t element_bytes = chx__reduction_element_bytes(all[k]), n = 63 + k % 3;
        const bool wide = is_wide(all[k]);
        uint64_t identity = 0;
        chx__reduction_fill(all[k], &identity, element_bytes);
        chx_arg args[] = {CHX_INT(0),
                          {.kind = CHX_ARG_BUFFER,
                           .access = CHX_ACCESS_READ_WRITE,
                           .size_bytes = n * element_bytes,
                           .reduction = all[k]}};
        const chx_arg partial = {.kind = CHX_ARG_BUFFER,
                                 .access = CHX_ACCESS_READ_WRITE,
                                 .size_bytes = n * element_bytes};
        const chx__task task = {.args = args, .n_args = 2, .origin = 11};
        ck_assert_uint_eq(chx__reduction_count(&task), 1);

        chx__task begin = chx__reduction_begin(&partials, &task, 1, &partial);
        check_made(&begin, wide ? "partial_begin_64" : "partial_begin_32", 3, n);
        ck_assert_int_eq(begin.args[0].access, CHX_ACCESS_WRITE);
        ck_assert_uint_eq(begin.args[1].size_bytes, element_bytes);
        ck_assert_uint_eq(value_of(&begin, 1), identity);
        free(begin.args);

        chx__task combine = chx__reduction_combine(&partials, &task, 1, &partial);
        check_made(&combine, wide ? "partial_combine_64" : "partial_combine_32", 5, n);
        ck_assert_int_eq(combine.args[0].access, CHX_ACCESS_READ_WRITE);
        ck_assert_int_eq(combine.args[1].access, CHX_ACCESS_READ);
        ck_assert_uint_eq(combine.args[3].size_bytes, element_bytes);
        /* As the kernel would, of two numbers. */
        const uint64_t sign = value_of(&combine, 3), a = numbers[2] ^ sign, b = numbers[3] ^ sign;
        const uint64_t found = CHX_COMBINE(value_of(&combine, 2), a, b) ^ sign;
        if (wide)
            ck_assert_uint_eq(found, expected_of(all[k], numbers[2], numbers[3]));
        free(combine.args);
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("reduction");
    TCase *tests = tcase_create("reduction");
    tcase_add_test(tests, results_are_those_of_the_callers_numbers);
    tcase_add_test(tests, the_identity_changes_nothing);
    tcase_add_test(tests, what_is_no_reduction_has_no_elements);
    tcase_add_test(tests, partials_are_large_enough_and_of_few_sizes);
    tcase_add_test(tests, arguments_take_turns_at_the_partials_of_their_size);
    tcase_add_test(tests, tasks_that_begin_and_combine_know_their_numbers);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed != 0;
}
