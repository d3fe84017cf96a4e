/* Hodgkin and Huxley 1952, doi:10.1113/jphysiol.1952.sp004764: rates against currents, beside an
 * integration of the same equations in double precision. Rinzel and Miller 1980,
 * doi:10.1016/0025-5564(80)90109-1: steady firing is possible from 6.26 uA/cm2 on, and rest is
 * unstable from 9.78 to 154.5. */
#include <math.h>

#include <chronaxie/simulation.h>

#include "firing.h"

/* 10 pA are 1 uA/cm2. */
#define AXON_STEP_MS 0.025
#define N_AXONS 16
#define N_SILENT_AT_LAST 2
#define N_BLOCKED 3
#define N_NEAR_REST 4

static const double axons_pa[N_AXONS] = {60,  61.5, 63.5, 65,  70,  80,  100,  120,
                                         150, 200,  300,  400, 600, 800, 1200, 1600};

static double
linear_rate(double x)
{
    return fabs(x) < 1e-7 ? 1 : x / (1 - exp(-x));
}

/* Of V + 65: how fast the gates m, h and n open and close. */
static void
axon_gates(double v, double open[3], double close[3])
{
    open[0] = linear_rate((v - 25) / 10);
    open[1] = 0.07 * exp(-v / 20);
    open[2] = 0.1 * linear_rate((v - 10) / 10);
    close[0] = 4 * exp(-v / 18);
    close[1] = 1 / (exp((30 - v) / 10) + 1);
    close[2] = 0.125 * exp(-v / 80);
}

static double
axon_slope(const double y[4], double pa)
{
    const double m = y[1], n = y[3];
    return (1200 * m * m * m * y[2] * (115 - y[0]) + 360 * n * n * n * n * (-12 - y[0]) +
            3 * (10.613 - y[0]) + pa) /
           10;
}

static void
axon_slopes(const double y[4], double pa, double slopes[4])
{
    double open[3], close[3];
    axon_gates(y[0], open, close);
    slopes[0] = axon_slope(y, pa);
    for (int k = 0; k < 3; k++)
        slopes[k + 1] = open[k] * (1 - y[k + 1]) - close[k] * y[k + 1];
}

/* The state in which nothing moves: V + 65 and the gates, where a larger V lets more flow out. */
static void
find_rest(double pa, double y[4])
{
    double low = -5, high = 60, open[3], close[3];
    for (int i = 0; i < 60; i++) {
        y[0] = (low + high) / 2;
        axon_gates(y[0], open, close);
        for (int k = 0; k < 3; k++)
            y[k + 1] = open[k] / (open[k] + close[k]);
        if (axon_slope(y, pa) > 0)
            low = y[0];
        else
            high = y[0];
    }
}

/* The classic Runge-Kutta method with half the steps, from the rest without current. */
static void
integrate_axon(double pa, firing *f)
{
    const double h = AXON_STEP_MS / 2;
    double y[4], k[4][4], there[4];
    find_rest(0, y);
    f->n = 0;
    for (uint32_t step = 0; step < END_MS / h; step++) {
        const double last = y[0];
        axon_slopes(y, pa, k[0]);
        for (int stage = 1; stage < 4; stage++) {
            for (int i = 0; i < 4; i++)
                there[i] = y[i] + (stage < 3 ? h / 2 : h) * k[stage - 1][i];
            axon_slopes(there, pa, k[stage]);
        }
        for (int i = 0; i < 4; i++)
            y[i] += h / 6 * (k[0][i] + 2 * (k[1][i] + k[2][i]) + k[3][i]);
        if (last < 65 && y[0] >= 65)
            add_spike(f, (step + (65 - last) / (y[0] - last)) * h);
    }
}

/* Spikes a second, once the first ones are over. */
static double
rate_hz(const firing *f)
{
    ck_assert_uint_ge(f->n, 15);
    return 1000 * (f->n - 6) / (f->ms[f->n - 1] - f->ms[5]);
}

static void
describe_axon(const double *pa, const chx_initial *initial, chx_parameter parameters[2],
              chx_neuron_type *type)
{
    parameters[0] = (chx_parameter){"bias_pa", *pa};
    parameters[1] = (chx_parameter){"tau_synapse_ms", 5};
    *type = (chx_neuron_type){.name = "axon",
                              .model = "hh",
                              .parameters = parameters,
                              .n_parameters = 2,
                              .initial = initial,
                              .n_initial = initial ? 4 : 0};
}

START_TEST(axons_fire_at_the_rates_of_their_currents)
{
    static firing firings[N_AXONS], expected;
    chx_parameter parameters[N_AXONS][2];
    chx_neuron_type types[N_AXONS];
    double last_hz = 50; /* the rate jumps */
    for (int n = 0; n < N_AXONS; n++)
        describe_axon(&axons_pa[n], NULL, parameters[n], &types[n]);
    simulate_types(types, N_AXONS, AXON_STEP_MS, firings);
    for (int n = 0; n < N_AXONS; n++) {
        integrate_axon(axons_pa[n], &expected);
        if (n < N_SILENT_AT_LAST || n >= N_AXONS - N_BLOCKED) {
            ck_assert_uint_ge(firings[n].n, 1);
            ck_assert_uint_eq(firings[n].n, expected.n);
            ck_assert_uint_eq(count(&firings[n], n < N_SILENT_AT_LAST ? 100 : 2, END_MS), 0);
            continue;
        }
        const double hz = rate_hz(&firings[n]), expected_hz = rate_hz(&expected);
        ck_assert_msg(fabs(hz / expected_hz - 1) < 0.002, "%g pA: %g Hz instead of %g", axons_pa[n],
                      hz, expected_hz);
        ck_assert_double_gt(hz, last_hz);
        last_hz = hz;
    }
    ck_assert_double_gt(last_hz, 120);
}
END_TEST

/* A tenth of a millivolt beside the rest dies away below the first and above the second current of
 * Rinzel and Miller, and grows between them. */
START_TEST(axons_lose_their_rest_where_it_is_unstable)
{
    static const double near_pa[N_NEAR_REST] = {95, 101, 1520, 1560};
    static const char *const states[] = {"potential_mv", "m", "h", "n"};
    static const uint32_t all[N_NEAR_REST] = {0, 1, 2, 3};
    chx_parameter parameters[N_NEAR_REST][2];
    chx_initial initial[N_NEAR_REST][4];
    chx_neuron_type types[N_NEAR_REST];
    double rest_mv[N_NEAR_REST];
    uint64_t random = 1;
    chx_neuron *neurons = sample_neurons(N_NEAR_REST, 1, &random);
    for (uint32_t n = 0; n < N_NEAR_REST; n++) {
        double y[4];
        find_rest(near_pa[n], y);
        rest_mv[n] = y[0] - 65;
        y[0] = rest_mv[n] + 0.1;
        for (int k = 0; k < 4; k++)
            initial[n][k] = (chx_initial){states[k], {.mean = y[k]}};
        describe_axon(&near_pa[n], initial[n], parameters[n], &types[n]);
        neurons[n].type = n;
    }
    chx_network *network = sample_finish(&(chx_network_info){.name = "axons",
                                                             .time_step_ms = AXON_STEP_MS,
                                                             .duration_ms = 300,
                                                             .n_types = N_NEAR_REST,
                                                             .types = types,
                                                             .n_neurons = N_NEAR_REST,
                                                             .neurons = neurons,
                                                             .view = sample_view()});
    free(neurons);
    const chx_probe probe = {.neurons = all, .n_neurons = N_NEAR_REST, .interval_ms = 0.1};
    const chx_simulation_params params = {.probes = &probe, .n_probes = 1};
    chx_simulation *simulation;
    chx_trace trace;
    check_ok(chx_simulation_create(runtime, network, &params, &simulation));
    check_ok(chx_simulation_advance(simulation, (uint64_t)lround(300 / AXON_STEP_MS)));
    check_ok(chx_simulation_take_trace(simulation, 0, &trace));
    for (int n = 0; n < N_NEAR_REST; n++) {
        double early_mv = 0, late_mv = 0;
        for (size_t r = 0; r < trace.n_rows; r++) {
            const double away_mv = fabs((double)trace.values[r * N_NEAR_REST + n] - rest_mv[n]);
            if (r >= 500 && r < 1000)
                early_mv = fmax(early_mv, away_mv);
            if (r >= 2500)
                late_mv = fmax(late_mv, away_mv);
        }
        const bool grows = n == 1 || n == 2;
        ck_assert_msg(grows ? late_mv > 1.5 * early_mv : late_mv < early_mv / 1.5,
                      "%g pA: %g mV from the rest, then %g", near_pa[n], early_mv, late_mv);
    }
    free(trace.values);
    chx_simulation_destroy(&simulation);
    chx_network_destroy(&network);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("axon");
    TCase *tests = tcase_create("axon");
    tcase_add_checked_fixture(tests, open_runtime, close_runtime);
    tcase_set_timeout(tests, 280);
    tcase_add_test(tests, axons_fire_at_the_rates_of_their_currents);
    tcase_add_test(tests, axons_lose_their_rest_where_it_is_unstable);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed > 0;
}
