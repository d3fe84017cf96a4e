/* When neurons fire, for tests of what is published of them. */
#ifndef CHX_TESTS_FIRING_H
#define CHX_TESTS_FIRING_H

#include <math.h>

#include <chronaxie/simulation.h>

#include "runtime.h"
#include "sample.h"

#define END_MS 500
#define MAX_SPIKES 2000

/* When one neuron fires, in ms. */
typedef struct firing {
    double ms[MAX_SPIKES];
    uint32_t n;
} firing;

static inline void
add_spike(firing *f, double ms)
{
    ck_assert_uint_lt(f->n, MAX_SPIKES);
    f->ms[f->n++] = ms;
}

static inline void
take_firing(chx_simulation *simulation, double step_ms, firing *firings, uint32_t n_neurons)
{
    const chx_spike *spikes;
    size_t n_spikes;
    check_ok(chx_simulation_spikes(simulation, &spikes, &n_spikes));
    for (uint32_t n = 0; n < n_neurons; n++)
        firings[n].n = 0;
    for (size_t s = 0; s < n_spikes; s++)
        add_spike(&firings[spikes[s].neuron], spikes[s].step * step_ms);
}

/* The same spikes, give or take a tenth of a millisecond. */
static inline void
compare(const char *name, const firing *is, const firing *expected)
{
    ck_assert_uint_gt(expected->n, 0);
    for (uint32_t s = 0; s < is->n && s < expected->n; s++)
        ck_assert_msg(fabs(is->ms[s] - expected->ms[s]) < 0.1001,
                      "%s: spike %u at %g instead of %g", name, s, is->ms[s], expected->ms[s]);
    ck_assert_msg(is->n == expected->n, "%s: %u spikes instead of %u", name, is->n, expected->n);
}

static inline uint32_t
count(const firing *f, double from_ms, double to_ms)
{
    uint32_t n = 0;
    for (uint32_t s = 0; s < f->n; s++)
        n += f->ms[s] >= from_ms && f->ms[s] < to_ms;
    return n;
}

static inline double
interval(const firing *f, uint32_t s)
{
    ck_assert_uint_lt(s + 1, f->n);
    return f->ms[s + 1] - f->ms[s];
}

/* Spikes that are less than a gap apart make a burst; sets the spikes of each. */
static inline uint32_t
find_bursts(const firing *f, double gap_ms, uint32_t sizes[MAX_SPIKES])
{
    uint32_t n = 0;
    for (uint32_t s = 0; s < f->n; s++) {
        if (s == 0 || f->ms[s] - f->ms[s - 1] >= gap_ms)
            sizes[n++] = 0;
        sizes[n - 1]++;
    }
    return n;
}

/* One neuron of each type without stimuli, for END_MS. */
static inline void
simulate_types(const chx_neuron_type *types, uint32_t n_types, double step_ms, firing *firings)
{
    uint64_t random = 1;
    chx_neuron *neurons = sample_neurons(n_types, 1, &random);
    for (uint32_t n = 0; n < n_types; n++)
        neurons[n].type = n;
    chx_network *network = sample_finish(&(chx_network_info){.name = "types",
                                                             .time_step_ms = step_ms,
                                                             .duration_ms = END_MS,
                                                             .n_types = n_types,
                                                             .types = types,
                                                             .n_neurons = n_types,
                                                             .neurons = neurons,
                                                             .view = sample_view()});
    free(neurons);
    chx_simulation *simulation;
    check_ok(chx_simulation_create(runtime, network, NULL, &simulation));
    check_ok(chx_simulation_advance(simulation, (uint64_t)lround(END_MS / step_ms)));
    take_firing(simulation, step_ms, firings, n_types);
    chx_simulation_destroy(&simulation);
    chx_network_destroy(&network);
}

/* Standard deviation of the intervals by their mean, from one spike on. */
static inline double
variation(const firing *f, uint32_t first)
{
    double sum = 0, squares = 0;
    const double n = (double)f->n - 1 - first;
    for (uint32_t s = first; s + 1 < f->n; s++) {
        sum += interval(f, s);
        squares += interval(f, s) * interval(f, s);
    }
    return sqrt(fmax(0, squares / n - sum / n * sum / n)) / (sum / n);
}

/* Runs a test in coarse steps, and in fine ones where kernels are quick. */
static inline int
run_coarse_and_fine(const char *name, const TTest *coarse, const TTest *fine)
{
    Suite *suite = suite_create(name);
    TCase *tests = tcase_create(name), *slow = tcase_create("slow on a device");
    tcase_set_tags(slow, "slow");
    for (int i = 0; i < 2; i++) {
        TCase *one = i ? slow : tests;
        tcase_add_checked_fixture(one, open_runtime, close_runtime);
        tcase_set_timeout(one, 280);
        if (i == 0 || test_has_quick_kernels())
            tcase_add_test(one, i ? fine : coarse);
        suite_add_tcase(suite, one);
    }
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed > 0;
}

#endif
