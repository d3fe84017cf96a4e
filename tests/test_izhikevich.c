/* Izhikevich 2004, doi:10.1109/TNN.2004.832719: twenty things that neurons do, with the numbers of
 * its figure1.m (https://www.izhikevich.org/publications/figure1.m), each beside an integration of
 * the same equations in double precision and beside what its author says of it. figure1.m takes
 * steps of .1 to .5 ms by Euler's method, and three of its pictures owe something to them; see the
 * notes below. */
#include <math.h>

#include <chronaxie/simulation.h>

#include "firing.h"
#include "folder.h"

/* Current from one time to another, plus what a ramp of equal stairs adds. */
typedef struct pulse {
    double from_ms, to_ms, pa, pa_per_ms;
    uint32_t n_stairs;
} pulse;

/* dv/dt = .04 v^2 + linear v + constant - u + I;  du/dt = a (b v - u), or a b (v + 65);
 * v >= 30: v = c, u = u + d */
typedef struct simple {
    const char *name;
    double a, b, c, d, start_mv, linear, constant, base_pa;
    pulse pulses[4];
    bool is_flat; /* u does not decay */
} simple;

enum {
    TONIC_SPIKING,
    PHASIC_SPIKING,
    TONIC_BURSTING,
    PHASIC_BURSTING,
    MIXED_MODE,
    FREQUENCY_ADAPTATION,
    CLASS_1,
    CLASS_2,
    SPIKE_LATENCY,
    SUBTHRESHOLD_OSCILLATIONS,
    RESONATOR,
    INTEGRATOR,
    REBOUND_SPIKE,
    REBOUND_BURST,
    THRESHOLD_VARIABILITY,
    BISTABILITY,
    BISTABILITY_UNTOUCHED,
    BISTABILITY_OUT_OF_PHASE,
    DEPOLARISING_AFTERPOTENTIAL,
    N_BUILT_IN,
    ACCOMMODATION = N_BUILT_IN,
    INHIBITION_INDUCED_SPIKING,
    INHIBITION_INDUCED_BURSTING,
    N_SIMPLE
};

/* Bistability: the pulse that ends the firing comes at 207 ms here. At figure1.m's 216 ms it finds
 * exact solutions in another phase, and they fire on.
 * Depolarising afterpotential: d is -18 instead of -21, with which exact solutions fire again from
 * the afterpotential, ever faster; with -18 it stays a hump.
 * Inhibition-induced bursting: d is 0 instead of -2, with which exact solutions never end a burst.
 * Ramps are stairs, of 2.5 or 10 ms. */
static const simple cases[N_SIMPLE] = {
    {"tonic spiking", 0.02, 0.2, -65, 6, -70, 5, 140, 0, {{10, END_MS, 14}}},
    {"phasic spiking", 0.02, 0.25, -65, 6, -64, 5, 140, 0, {{20, END_MS, 0.5}}},
    {"tonic bursting", 0.02, 0.2, -50, 2, -70, 5, 140, 0, {{22, END_MS, 15}}},
    {"phasic bursting", 0.02, 0.25, -55, 0.05, -64, 5, 140, 0, {{20, END_MS, 0.6}}},
    {"mixed mode", 0.02, 0.2, -55, 4, -70, 5, 140, 0, {{16, END_MS, 10}}},
    {"frequency adaptation", 0.01, 0.2, -65, 8, -70, 5, 140, 0, {{8.5, END_MS, 30}}},
    {"class 1", 0.02, -0.1, -55, 6, -60, 4.1, 108, 0, {{30, 300, 0, 0.075, 27}}},
    {"class 2", 0.2, 0.26, -65, 0, -64, 5, 140, -0.5, {{30, 300, 0, 0.015, 27}}},
    {"spike latency", 0.02, 0.2, -65, 6, -70, 5, 140, 0, {{10, 13, 7.04}}},
    {"subthreshold oscillations", 0.05, 0.26, -60, 0, -62, 5, 140, 0, {{20, 25, 2}}},
    {"resonator",
     0.1,
     0.26,
     -60,
     -1,
     -62,
     5,
     140,
     0,
     {{40, 44, 0.65}, {60, 64, 0.65}, {280, 284, 0.65}, {320, 324, 0.65}}},
    {"integrator",
     0.02,
     -0.1,
     -55,
     6,
     -60,
     4.1,
     108,
     0,
     {{9.1, 11.1, 9}, {14.1, 16.1, 9}, {70, 72, 9}, {80, 82, 9}}},
    {"rebound spike", 0.03, 0.25, -60, 4, -64, 5, 140, 0, {{20, 25, -15}}},
    {"rebound burst", 0.03, 0.25, -52, 0, -64, 5, 140, 0, {{20, 25, -15}}},
    {"threshold variability",
     0.03,
     0.25,
     -60,
     4,
     -64,
     5,
     140,
     0,
     {{10, 15, 1}, {70, 75, -6}, {80, 85, 1}}},
    {"bistability", 0.1, 0.26, -60, 0, -61, 5, 140, 0.24, {{37.5, 42.5, 1}, {207, 212, 1}}},
    {"bistability, one pulse", 0.1, 0.26, -60, 0, -61, 5, 140, 0.24, {{37.5, 42.5, 1}}},
    {"bistability, out of phase",
     0.1,
     0.26,
     -60,
     0,
     -61,
     5,
     140,
     0.24,
     {{37.5, 42.5, 1}, {216, 221, 1}}},
    {"depolarising afterpotential", 1, 0.2, -60, -18, -70, 5, 140, 0, {{9, 11, 20}}},
    {"accommodation",
     0.02,
     1,
     -55,
     4,
     -65,
     5,
     140,
     0,
     {{0, 200, 0, 0.04, 20}, {300, 312.5, 0, 0.32, 5}},
     true},
    {"inhibition-induced spiking",
     -0.02,
     -1,
     -60,
     8,
     -63.8,
     5,
     140,
     75,
     {{0, 50, 5}, {250, END_MS, 5}}},
    {"inhibition-induced bursting",
     -0.026,
     -1,
     -45,
     0,
     -63.8,
     5,
     140,
     75,
     {{0, 50, 5}, {250, END_MS, 5}}},
};

/* The built-in model has no u that grows by itself (a < 0) or does not decay. */
static const char own_simple[] =
    "/* chronaxie-model 1\n"
    " parameter a\n"
    " parameter b\n"
    " parameter reset_mv\n"
    " parameter jump\n"
    " parameter start_mv\n"
    " parameter start_u\n"
    " parameter zero_mv\n"
    " parameter decay\n"
    " constant half_step = time_step_ms / 2\n"
    " constant sixth_step = time_step_ms / 6\n"
    " state v = start_mv\n"
    " state u = start_u */\n"
    "#define SLOPES(own_v, own_u, dv, du) \\\n"
    "    do { \\\n"
    "        const wide_float top = (wide_float)(30), there = (own_v), also = (own_u); \\\n"
    "        const wide_float at = select(there, top, there > top); \\\n"
    "        dv = (0.04f * at + 5.0f) * at + 140.0f - also + drive; \\\n"
    "        du = c->a * (c->b * (at - c->zero_mv) - c->decay * also); \\\n"
    "    } while (0)\n"
    "MODEL_STEP {\n"
    " const wide_float v = n->v, u = n->u, h = (wide_float)(c->half_step);\n"
    " wide_float v1, u1, v2, u2, v3, u3, v4, u4;\n"
    " SLOPES(v, u, v1, u1);\n"
    " SLOPES(v + h * v1, u + h * u1, v2, u2);\n"
    " SLOPES(v + h * v2, u + h * u2, v3, u3);\n"
    " SLOPES(v + 2.0f * h * v3, u + 2.0f * h * u3, v4, u4);\n"
    " n->v = v + c->sixth_step * ((v1 + v4) + 2.0f * (v2 + v3));\n"
    " fired = n->v >= (wide_float)(30);\n"
    " n->u = u + select(c->sixth_step * ((u1 + u4) + 2.0f * (u2 + u3)),\n"
    "                   2.0f * h * u1 + c->jump, fired);\n"
    " n->v = select(n->v, (wide_float)(c->reset_mv), fired);\n"
    "}\n";

static double
stair_pa(const pulse *p, uint32_t stair)
{
    const double width_ms = (p->to_ms - p->from_ms) / p->n_stairs;
    return p->pa_per_ms * width_ms * (stair + 0.5);
}

/* What flows in the step that begins at a time. */
static double
current_pa(const simple *c, double ms)
{
    double pa = c->base_pa;
    for (int i = 0; i < 4; i++) {
        const pulse *p = &c->pulses[i];
        if (ms < p->from_ms - 1e-6 || ms >= p->to_ms - 1e-6)
            continue;
        const double stair = (ms - p->from_ms + 1e-6) / (p->to_ms - p->from_ms) * p->n_stairs;
        pa += p->pa + (p->n_stairs ? stair_pa(p, (uint32_t)stair) : 0);
    }
    return pa;
}

static void
simple_slopes(const simple *c, double v, double u, double pa, double *dv, double *du)
{
    *dv = 0.04 * v * v + c->linear * v + c->constant - u + pa;
    *du = c->is_flat ? c->a * c->b * (v + 65) : c->a * (c->b * v - u);
}

static double
simple_start(const simple *c)
{
    return c->is_flat ? -16 : c->b * c->start_mv;
}

/* The midpoint method with steps so many times finer. v is reset at the end of the step in which it
 * reaches its peak, and u moves in that step as at its begin, as the models have it. */
static void
integrate_simple(const simple *c, double step_ms, uint32_t n_fine, firing *f)
{
    const uint32_t n_steps = (uint32_t)lround(END_MS / step_ms);
    const double h = step_ms / n_fine;
    double v = c->start_mv, u = simple_start(c);
    f->n = 0;
    for (uint32_t step = 0; step < n_steps; step++) {
        const double pa = current_pa(c, step * step_ms), u_begin = u;
        double dv, du, du_begin;
        simple_slopes(c, v, u, pa, &dv, &du_begin);
        for (uint32_t fine = 0; fine < n_fine && v < 30; fine++) {
            simple_slopes(c, v, u, pa, &dv, &du);
            simple_slopes(c, fmin(v + h / 2 * dv, 30), u + h / 2 * du, pa, &dv, &du);
            v += h * dv;
            u += h * du;
        }
        if (v >= 30) {
            v = c->c;
            u = u_begin + step_ms * du_begin + c->d;
            add_spike(f, step * step_ms);
        }
    }
}

/* With R = start_mv the built-in model begins where the paper's does. As u counts from b R there,
 * .04 (V - R) (V - T) and the paper's polynomial differ by what the bias makes up for. */
static void
describe_simple(const simple *c, chx_parameter parameters[11])
{
    const double resting_mv = c->start_mv, threshold_mv = -c->linear / 0.04 - resting_mv;
    const double bias_pa =
        c->base_pa + c->constant - 0.04 * resting_mv * threshold_mv - c->b * resting_mv;
    const chx_parameter all[] = {{"capacitance_pf", 1},
                                 {"gain_ns_per_mv", 0.04},
                                 {"resting_mv", resting_mv},
                                 {"threshold_mv", threshold_mv},
                                 {"peak_mv", 30},
                                 {"reset_mv", c->c},
                                 {"recovery_per_ms", c->a},
                                 {"coupling_ns", c->b},
                                 {"jump_pa", c->d},
                                 {"tau_synapse_ms", 5},
                                 {"bias_pa", fabs(bias_pa) < 1e-9 ? 0 : bias_pa}};
    memcpy(parameters, all, sizeof all);
}

static void
describe_own(const simple *c, chx_parameter parameters[9])
{
    const chx_parameter all[] = {{"a", c->a},
                                 {"b", c->b},
                                 {"reset_mv", c->c},
                                 {"jump", c->d},
                                 {"start_mv", c->start_mv},
                                 {"start_u", simple_start(c)},
                                 {"zero_mv", c->is_flat ? -65 : 0},
                                 {"decay", c->is_flat ? 0 : 1},
                                 {"bias_pa", c->base_pa}};
    memcpy(parameters, all, sizeof all);
}

/* All cases, a neuron each. Sets when they fire, and traces the potentials of two. */
static void
simulate_simple(double step_ms, firing firings[N_SIMPLE], chx_trace *trace)
{
    static chx_stimulus stimuli[150];
    static const uint32_t indices[N_SIMPLE] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                               11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21};
    static const uint32_t traced[] = {SUBTHRESHOLD_OSCILLATIONS, DEPOLARISING_AFTERPOTENTIAL};
    chx_parameter parameters[N_SIMPLE][11];
    chx_neuron_type types[N_SIMPLE];
    chx_model *own = NULL;
    char *folder = test_folder_create(), path[4200];
    test_folder_write(folder, "simple.cl", own_simple);
    snprintf(path, sizeof path, "%s/simple.cl", folder);
    check_ok(chx_model_from_file(path, &own));
    test_folder_destroy(folder);
    uint64_t random = 1;
    uint32_t n_stimuli = 0;
    chx_neuron *neurons = sample_neurons(N_SIMPLE, 1, &random);
    for (uint32_t n = 0; n < N_SIMPLE; n++) {
        types[n] = (chx_neuron_type){.name = cases[n].name, .parameters = parameters[n]};
        if (n < N_BUILT_IN) {
            types[n].model = "izhikevich";
            types[n].n_parameters = 11;
            describe_simple(&cases[n], parameters[n]);
        } else {
            types[n].own = own;
            types[n].n_parameters = 9;
            describe_own(&cases[n], parameters[n]);
        }
        neurons[n].type = n;
        for (int i = 0; i < 4; i++) {
            const pulse *p = &cases[n].pulses[i];
            const uint32_t n_stairs = p->n_stairs ? p->n_stairs : 1;
            const double width_ms = (p->to_ms - p->from_ms) / n_stairs;
            for (uint32_t s = 0; s < n_stairs && p->to_ms > 0; s++)
                stimuli[n_stimuli++] =
                    (chx_stimulus){.kind = CHX_STIMULUS_STEP,
                                   .start_ms = p->from_ms + width_ms * s,
                                   .stop_ms = p->from_ms + width_ms * (s + 1),
                                   .current_pa = p->n_stairs ? stair_pa(p, s) : p->pa,
                                   .neurons = &indices[n],
                                   .n_neurons = 1};
        }
    }
    chx_network *network = sample_finish(&(chx_network_info){.name = "simple",
                                                             .time_step_ms = step_ms,
                                                             .duration_ms = END_MS,
                                                             .n_types = N_SIMPLE,
                                                             .types = types,
                                                             .n_neurons = N_SIMPLE,
                                                             .neurons = neurons,
                                                             .n_stimuli = n_stimuli,
                                                             .stimuli = stimuli,
                                                             .view = sample_view()});
    free(neurons);
    chx_model_destroy(&own);
    const chx_probe probe = {.neurons = traced, .n_neurons = 2, .interval_ms = 0.1};
    chx_simulation *simulation;
    check_ok(chx_simulation_create(
        runtime, network, &(chx_simulation_params){.probes = &probe, .n_probes = 1}, &simulation));
    check_ok(chx_simulation_advance(simulation, (uint64_t)lround(END_MS / step_ms)));
    take_firing(simulation, step_ms, firings, N_SIMPLE);
    check_ok(chx_simulation_take_trace(simulation, 0, trace));
    chx_simulation_destroy(&simulation);
    chx_network_destroy(&network);
}

/* What the names promise. */
static void
check_constant_currents(const firing *f)
{
    uint32_t sizes[MAX_SPIKES] = {0}, n_bursts;
    const firing *tonic = &f[TONIC_SPIKING], *adapts = &f[FREQUENCY_ADAPTATION];
    ck_assert_uint_ge(tonic->n, 15);
    for (uint32_t s = 3; s + 1 < tonic->n; s++)
        ck_assert_double_eq_tol(interval(tonic, s), interval(tonic, tonic->n - 2), 0.21);

    ck_assert_uint_eq(f[PHASIC_SPIKING].n, 1);
    ck_assert_uint_eq(count(&f[PHASIC_SPIKING], 20, 60), 1);

    n_bursts = find_bursts(&f[TONIC_BURSTING], 15, sizes);
    ck_assert_uint_ge(n_bursts, 6);
    for (uint32_t b = 0; b + 1 < n_bursts; b++) /* the last may be cut */
        ck_assert_uint_ge(sizes[b], 3);

    ck_assert_uint_eq(find_bursts(&f[PHASIC_BURSTING], 15, sizes), 1);
    ck_assert_uint_ge(sizes[0], 5);

    n_bursts = find_bursts(&f[MIXED_MODE], 10, sizes);
    ck_assert_uint_ge(sizes[0], 3);
    ck_assert_uint_ge(n_bursts, 10);
    for (uint32_t b = 1; b < n_bursts; b++)
        ck_assert_uint_eq(sizes[b], 1);

    for (uint32_t s = 0; s < 4; s++)
        ck_assert_double_gt(interval(adapts, s + 1), interval(adapts, s));
    ck_assert_double_gt(interval(adapts, 10), 10 * interval(adapts, 0));

    ck_assert_uint_eq(count(&f[INHIBITION_INDUCED_SPIKING], 0, 50), 0);
    ck_assert_uint_ge(count(&f[INHIBITION_INDUCED_SPIKING], 50, 250), 3);
    ck_assert_uint_eq(count(&f[INHIBITION_INDUCED_SPIKING], 265, END_MS), 0);

    ck_assert_uint_eq(count(&f[INHIBITION_INDUCED_BURSTING], 0, 50), 0);
    ck_assert_uint_eq(count(&f[INHIBITION_INDUCED_BURSTING], 300, END_MS), 0);
    ck_assert_uint_ge(find_bursts(&f[INHIBITION_INDUCED_BURSTING], 15, sizes), 2);
    ck_assert_uint_ge(sizes[0], 5);
    ck_assert_uint_ge(sizes[1], 5);
}

/* Rates at the onset are low in class 1 and not in class 2, and both grow with the current. */
static void
check_ramps(const firing *f)
{
    const firing *first = &f[CLASS_1], *second = &f[CLASS_2], *flat = &f[ACCOMMODATION];
    for (int i = 0; i < 2; i++) {
        ck_assert_uint_ge(f[CLASS_1 + i].n, 9);
        for (uint32_t s = 0; s < 7; s++)
            ck_assert_double_gt(interval(&f[CLASS_1 + i], s), interval(&f[CLASS_1 + i], s + 1));
    }
    ck_assert_double_gt(interval(first, 0), 38);
    ck_assert_double_lt(interval(second, 0), 21);
    ck_assert_double_gt(interval(first, 0), 2.5 * interval(first, first->n - 2));

    ck_assert_uint_eq(flat->n, 1); /* at 4 pA of a steep ramp, not at 8 pA of a slow one */
    ck_assert_uint_eq(count(flat, 300, 315), 1);
}

static void
check_pulses(const firing *f)
{
    uint32_t sizes[MAX_SPIKES] = {0};
    ck_assert_uint_eq(f[SPIKE_LATENCY].n, 1);
    ck_assert_uint_eq(count(&f[SPIKE_LATENCY], 16, 20), 1);
    ck_assert_uint_eq(f[SUBTHRESHOLD_OSCILLATIONS].n, 1);
    ck_assert_uint_eq(f[RESONATOR].n, 1);
    ck_assert_uint_eq(count(&f[RESONATOR], 320, 340), 1); /* pulses 40 ms apart, not 20 */
    ck_assert_uint_eq(f[INTEGRATOR].n, 1);
    ck_assert_uint_eq(count(&f[INTEGRATOR], 14.1, 22), 1); /* 5 ms apart, not 10 */
    ck_assert_uint_eq(f[REBOUND_SPIKE].n, 1);
    ck_assert_uint_eq(count(&f[REBOUND_SPIKE], 25, 65), 1);
    ck_assert_uint_eq(find_bursts(&f[REBOUND_BURST], 15, sizes), 1);
    ck_assert_uint_ge(sizes[0], 8);
    ck_assert_uint_eq(count(&f[REBOUND_BURST], 0, 25), 0);
    ck_assert_uint_eq(f[THRESHOLD_VARIABILITY].n, 1);
    ck_assert_uint_eq(count(&f[THRESHOLD_VARIABILITY], 80, 95), 1); /* after inhibition only */

    for (int n = BISTABILITY; n <= BISTABILITY_OUT_OF_PHASE; n++) {
        ck_assert_uint_eq(count(&f[n], 0, 37.5), 0);
        ck_assert_uint_eq(count(&f[n], 37.5, 207), 5);
        ck_assert_uint_eq(count(&f[n], 207, END_MS) > 6, n != BISTABILITY);
    }
    ck_assert_uint_eq(count(&f[BISTABILITY], 207, END_MS), 0);
    ck_assert_uint_eq(f[DEPOLARISING_AFTERPOTENTIAL].n, 1);
}

/* Between spikes: damped oscillations about the rest, -62.5 mV, and a hump above the reset. */
static void
check_potentials(const chx_trace *trace, const firing *f)
{
    uint32_t n_rises = 0;
    float highest = -100;
    double rises[MAX_SPIKES];
    const double after_ms = f[DEPOLARISING_AFTERPOTENTIAL].ms[0];
    for (size_t r = 1; r < trace->n_rows; r++) {
        const float *last = &trace->values[2 * (r - 1)], *now = &trace->values[2 * r];
        const double ms = 0.1 * (double)r;
        if (ms > 30 && ms < 300 && last[0] < -62.5f && now[0] >= -62.5f)
            rises[n_rises++] = ms;
        if (ms > after_ms + 0.3)
            highest = fmaxf(highest, now[1]);
    }
    ck_assert_uint_ge(n_rises, 3);
    for (uint32_t i = 1; i + 1 < n_rises; i++)
        ck_assert_double_eq_tol(rises[i + 1] - rises[i], rises[i] - rises[i - 1], 10);
    ck_assert_float_gt(highest, -58);
    ck_assert_float_lt(highest, -40);
    ck_assert_float_lt(trace->values[2 * trace->n_rows - 1], -69);
}

static void
check_simple(double step_ms, uint32_t n_fine)
{
    static firing firings[N_SIMPLE], expected;
    chx_trace trace;
    simulate_simple(step_ms, firings, &trace);
    for (int n = 0; n < N_SIMPLE; n++) {
        /* In steps of .1 ms a spike that moves by one moves all after it. */
        if (n == CLASS_2 && step_ms > 0.05)
            continue;
        integrate_simple(&cases[n], step_ms, n_fine, &expected);
        compare(cases[n].name, &firings[n], &expected);
    }
    check_constant_currents(firings);
    check_ramps(firings);
    check_pulses(firings);
    check_potentials(&trace, firings);
    free(trace.values);
}

START_TEST(simple_neurons_do_the_twenty_things)
{
    check_simple(0.1, 200);
}
END_TEST

START_TEST(simple_neurons_do_the_twenty_things_in_fine_steps)
{
    check_simple(0.01, 20);
}
END_TEST

int
main(void)
{
    return run_coarse_and_fine("izhikevich", simple_neurons_do_the_twenty_things,
                               simple_neurons_do_the_twenty_things_in_fine_steps);
}
