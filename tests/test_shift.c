/* Lanes that become slower or faster at once: runs made by hand, as a plan's commands would have
 * ended, against what the models say after them. */
#include <check.h>
#include <string.h>

#include "execute/shift.h"

enum { N_LANES = 2, N_MOST = 8, N_COMMANDS = N_LANES * N_MOST };

#define USUAL_NS 1000.0

static chx_runtime runtime;
static chx__device devices[N_LANES];
static chx__model_lane lanes[N_LANES];
static chx__lowered lowered;
static chx__command commands[N_COMMANDS];
static chx__step steps[N_COMMANDS];
static chx__shift shifts[N_LANES];
static uint32_t lane_begin[N_LANES + 1], lane_commands[N_COMMANDS];
static chx_run run;

/* Each lane runs so many kernels, which have always taken the same. */
static void
begin_with(uint32_t n_kernels)
{
    memset(shifts, 0, sizeof shifts);
    ck_assert_int_eq(chx__costs_create(&runtime.costs), CHX_OK);
    for (uint32_t l = 0; l < N_LANES; l++) {
        devices[l].pace = l + 1;
        lanes[l].device = &devices[l];
        lane_begin[l + 1] = (l + 1) * n_kernels;
    }
    for (uint32_t c = 0; c < N_LANES * n_kernels; c++) {
        const uint64_t pace = c / n_kernels + 1;
        lane_commands[c] = c;
        commands[c] = (chx__command){.kind = CHX__COMMAND_KERNEL, .finish_ns = USUAL_NS};
        commands[c].cost_keys.own = (chx__cost_key){c % n_kernels + 1, pace, 64};
        commands[c].cost_keys.kind = (chx__cost_key){100 + c % n_kernels, pace, 64};
        for (int sample = 0; sample < 12; sample++)
            chx__costs_add(runtime.costs, &commands[c].cost_keys.own, USUAL_NS);
    }
    lowered.commands = commands;
    lowered.n_commands = N_LANES * n_kernels;
    lowered.lane_begin = lane_begin;
    lowered.lane_commands = lane_commands;
    lowered.shifts = shifts;
    lowered.model.machine.n_lanes = N_LANES;
    lowered.model.lanes = lanes;
    run.runtime = &runtime;
    run.lowered = &lowered;
    run.steps = steps;
}

static void
end(void)
{
    chx__costs_destroy(&runtime.costs);
}

/* Of the second lane so many commands take so many times as long, and all others what they did. */
static uint32_t
look(uint32_t n_changed, double times)
{
    for (uint32_t c = 0; c < lowered.n_commands; c++) {
        bool is_changed = c >= lane_begin[1] && c < lane_begin[1] + n_changed;
        steps[c].parcel.start_ns = 500;
        steps[c].parcel.finish_ns = 500 + (uint64_t)(USUAL_NS * (is_changed ? times : 1.0));
    }
    return chx__shift_look(&run);
}

/* What all kernels of a lane take by their models. */
static void
check_models(uint32_t lane, double expected_ns)
{
    for (uint32_t c = lane_begin[lane]; c < lane_begin[lane + 1]; c++) {
        double found_ns;
        ck_assert(chx__costs_find(runtime.costs, &commands[c].cost_keys.own, &found_ns));
        ck_assert_double_eq_tol(found_ns, expected_ns, 1.0);
    }
}

START_TEST(what_all_kernels_show_in_two_runs_is_a_shift)
{
    const double times = _i ? 0.25 : 4.0;
    begin_with(8);
    ck_assert_uint_eq(look(8, times), 0);
    check_models(1, USUAL_NS);
    ck_assert_uint_eq(look(8, times), 1);
    check_models(0, USUAL_NS);
    check_models(1, USUAL_NS * times);
    end();
}
END_TEST

START_TEST(few_kernels_need_more_runs)
{
    begin_with(2);
    for (int r = 0; r < 3; r++)
        ck_assert_uint_eq(look(2, 3), 0);
    ck_assert_uint_eq(look(2, 3), 1);
    check_models(1, USUAL_NS * 3);
    end();
}
END_TEST

START_TEST(a_run_as_usual_between_begins_anew)
{
    begin_with(8);
    for (int r = 0; r < 4; r++) {
        ck_assert_uint_eq(look(8, 4), 0);
        ck_assert_uint_eq(look(8, 1), 0);
    }
    check_models(1, USUAL_NS);
    end();
}
END_TEST

/* Runs that do not agree on a factor, within one, or with the one before. */
START_TEST(noise_is_no_shift)
{
    begin_with(8);
    for (int r = 0; r < 4; r++)
        ck_assert_uint_eq(look(5, 4), 0);
    for (int r = 0; r < 4; r++)
        ck_assert_uint_eq(look(8, r % 2 ? 2 : 9), 0);
    check_models(1, USUAL_NS);
    end();
}
END_TEST

START_TEST(one_stranger_in_four_does_not_matter)
{
    begin_with(8);
    ck_assert_uint_eq(look(6, 4), 0);
    ck_assert_uint_eq(look(6, 4), 1);
    check_models(1, USUAL_NS * 4);
    end();
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("shift");
    TCase *tests = tcase_create("shift");
    tcase_add_loop_test(tests, what_all_kernels_show_in_two_runs_is_a_shift, 0, 2);
    tcase_add_test(tests, few_kernels_need_more_runs);
    tcase_add_test(tests, a_run_as_usual_between_begins_anew);
    tcase_add_test(tests, noise_is_no_shift);
    tcase_add_test(tests, one_stranger_in_four_does_not_matter);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed != 0;
}
