/* Plans that check ranges: a kernel that keeps to what its task declares runs as ever; one that
 * does not is told by task, argument and byte, and its run never begins. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "launches.h"

static chx_plan *
checked_plan(void)
{
    chx_plan_params params = {.checks_ranges = true};
    chx_plan *plan;
    ck_assert_msg(chx_plan_create(graph, &params, &plan) == CHX_OK, "%s",
                  chx_last_error()->message);
    return plan;
}

/* `blend` of n words, declared to touch other ranges than it does. */
static void
add_blend(uint32_t x_words, chx_access access, uint32_t y_begin, uint32_t y_words)
{
    chx_kernel_task task = {
        .program = program,
        .kernel = access == CHX_ACCESS_WRITE ? "take" : "blend",
        .global = {16},
        .args = CHX_ARGS(CHX_BUFFER_RANGE(buffers[0], CHX_ACCESS_READ, 0, 4 * x_words), CHX_UINT(0),
                         CHX_BUFFER_RANGE(buffers[1], access, 4 * y_begin, 4 * y_words),
                         CHX_UINT(8), CHX_UINT(5)),
    };
    ck_assert_int_eq(chx_graph_kernel(graph, &task), CHX_OK);
}

static void
expect_refusal(const char *argument, const char *what)
{
    uint32_t words[WORDS];
    chx_run *run = NULL;
    chx_plan *plan = checked_plan();
    ck_assert_int_eq(chx_plan_submit(plan, &run), CHX_ERROR_KERNEL);
    ck_assert_msg(strstr(chx_last_error()->message, argument) &&
                      strstr(chx_last_error()->message, what),
                  "%s", chx_last_error()->message);
    ck_assert_ptr_null(run);
    chx_plan_destroy(&plan);
    ck_assert_int_eq(chx_buffer_read(buffers[1], 0, sizeof words, words), CHX_OK);
    ck_assert_mem_eq(words, expected[1], sizeof words);
}

START_TEST(true_declarations_run_as_ever)
{
    struct launch launches[8];
    srand((unsigned)_i + 1);
    for (int i = 0; i < 8; i++) {
        launches[i] = random_launch();
        add_launch(&launches[i]);
    }
    chx_plan *plan = checked_plan();
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 8; i++)
            expect_launch(&launches[i]);
        run_plan(plan);
    }
    check_buffers();
    chx_plan_destroy(&plan);
}
END_TEST

START_TEST(write_outside_is_told)
{
    add_blend(16, CHX_ACCESS_READ_WRITE, 8, 12);
    expect_refusal("argument 2, byte 80 ", "writes it without declaring so");
}
END_TEST

START_TEST(incomplete_write_is_told)
{
    add_blend(16, CHX_ACCESS_WRITE, 8, 20);
    expect_refusal("argument 2, byte 96 ", "declares to overwrite it and does not");
}
END_TEST

START_TEST(read_outside_is_told)
{
    add_blend(12, CHX_ACCESS_READ_WRITE, 8, 16);
    expect_refusal("argument 2, byte 80 ", "depends on bytes that it does not declare");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("rehearsal");
    TCase *tcase = tcase_create("ranges");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, true_declarations_run_as_ever, 0, 3);
    tcase_add_test(tcase, write_outside_is_told);
    tcase_add_test(tcase, incomplete_write_is_told);
    tcase_add_test(tcase, read_outside_is_told);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
