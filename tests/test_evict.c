/* More buffers than a device has room for: what was used longest ago makes room, and nothing is
 * lost. */
#include <check.h>
#include <stdlib.h>

#define N_BUFFERS 7u
#define N_FIT 3u
#include "tight.h"

/* From one buffer to another. */
typedef struct pair {
    uint32_t from, to;
    chx_graph *graph;
    chx_plan *plan;
} pair;

static pair
make_pair(uint32_t from, uint32_t to, bool recovers)
{
    pair made = {.from = from, .to = to};
    const chx_plan_params params = {.recovers = recovers};
    check_ok(chx_graph_create(runtime, &made.graph));
    add_grow(made.graph, from, to, from);
    check_ok(chx_plan_create(made.graph, &params, &made.plan));
    return made;
}

static void
submit(const pair *of)
{
    check_ok(chx_plan_submit(of->plan, NULL));
    expect(of->from, of->to, of->from);
}

static void
drop(pair *of)
{
    chx_plan_destroy(&of->plan);
    chx_graph_destroy(&of->graph);
}

/* Plans stay while others take the room of theirs; runs are not waited for. */
START_TEST(plans_whose_buffers_do_not_fit_together_take_turns)
{
    enum { N_PAIRS = 12, N_RUNS = 60 };
    pair pairs[N_PAIRS];
    srand(1 + (unsigned)_i);
    for (int p = 0; p < N_PAIRS; p++) {
        uint32_t from = (uint32_t)rand() % N_BUFFERS;
        uint32_t to = (from + 1 + (uint32_t)rand() % (N_BUFFERS - 1)) % N_BUFFERS;
        pairs[p] = make_pair(from, to, _i % 2 && getenv("CHRONAXIE_SERIAL") == NULL);
    }
    for (int r = 0; r < N_RUNS; r++) {
        submit(&pairs[rand() % N_PAIRS]);
        if (rand() % 16 == 0)
            check_buffers();
        check_used();
    }
    check_buffers();
    for (int p = 0; p < N_PAIRS; p++)
        drop(&pairs[p]);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("evict");
    TCase *tests = tcase_create("evict");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, plans_whose_buffers_do_not_fit_together_take_turns, 0, 4);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed != 0;
}
