/* Where neurons are drawn that have no place of their own. */
#include <check.h>
#include <math.h>

#include "each.h"
#include "network/layout.h"

static void
check_ok(chx_status status)
{
    ck_assert_msg(status == CHX_OK, "%s", chx_status_name(status));
}

/* Places of neurons 1 apart, before any forces. */
static void
place(chx_neuron *neurons, uint32_t n, const chx_synapse *synapses, uint64_t n_synapses)
{
    chx__layout *layout = NULL;
    check_ok(chx__layout_create(n, synapses, n_synapses, 1, &layout));
    chx__layout_place(layout, neurons);
    chx__layout_destroy(&layout);
}

/* Rings of 3, 6 .. 24 neurons that nothing joins. */
START_TEST(parts_of_a_layout_lie_close_together)
{
    chx_neuron neurons[108];
    chx_synapse synapses[108];
    uint32_t n = 0;
    for (uint32_t ring = 1; ring <= 8; ring++) {
        uint32_t first = n;
        for (; n < first + 3 * ring; n++)
            synapses[n] = (chx_synapse){.pre = n, .post = first + (n - first + 1) % (3 * ring)};
    }
    place(neurons, n, synapses, n);
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (uint32_t i = 0; i < n; i++)
        for (int k = 0; k < 2; k++) {
            low[k] = fmin(low[k], neurons[i].position_um[k]);
            high[k] = fmax(high[k], neurons[i].position_um[k]);
        }
    double width = high[0] - low[0], height = high[1] - low[1];
    ck_assert_double_gt(width, height);
    ck_assert_double_lt(width, 3 * height);
    ck_assert_double_lt(width * height, 10.0 * n);
}
END_TEST

/* Five layers of 8, each neuron of which leads to three of the next layer, in a mixed order. */
START_TEST(layouts_lead_from_left_to_right_along_the_flow)
{
    chx_neuron neurons[40];
    chx_synapse synapses[96];
    uint32_t n = 0;
    for (uint32_t i = 0; i < 32; i++)
        for (uint32_t j = 0; j < 3; j++) {
            uint32_t pre = i / 8 * 8 + (i * 3) % 8, post = (i / 8 + 1) * 8 + (pre + j) % 8;
            synapses[n++] = (chx_synapse){.pre = pre * 7 % 40, .post = post * 7 % 40};
        }
    place(neurons, 40, synapses, n);
    float low[5], high[5];
    for (uint32_t layer = 0; layer < 5; layer++) {
        low[layer] = INFINITY;
        high[layer] = -INFINITY;
        for (uint32_t i = layer * 8; i < layer * 8 + 8; i++) {
            low[layer] = fminf(low[layer], neurons[i * 7 % 40].position_um[0]);
            high[layer] = fmaxf(high[layer], neurons[i * 7 % 40].position_um[0]);
        }
        if (layer > 0)
            ck_assert_float_gt(low[layer] - high[layer - 1], 1);
    }
    for (uint32_t i = 0; i < 40; i++)
        for (uint32_t j = 0; j < i; j++) {
            const float *a = neurons[i].position_um, *b = neurons[j].position_um;
            ck_each(hypotf(a[0] - b[0], a[1] - b[1]) > 0.3f);
        }
}
END_TEST

START_TEST(layouts_of_a_chain_lead_straight_on)
{
    chx_neuron neurons[41];
    chx_synapse synapses[40];
    for (uint32_t i = 0; i < 40; i++)
        synapses[i] = (chx_synapse){.pre = i, .post = i + 1};
    place(neurons, 41, synapses, 40);
    for (uint32_t i = 0; i < 40; i++) {
        const float *a = neurons[i].position_um, *b = neurons[i + 1].position_um;
        ck_assert_float_gt(b[0] - a[0], 0.9f);
        ck_assert_float_lt(fabsf(b[1] - a[1]), 0.3f);
    }
}
END_TEST

/* Of 500, in a mixed order: rows that fill a picture, each neuron beside the one before it. */
START_TEST(layouts_of_a_long_chain_lie_in_rows)
{
    chx_neuron neurons[500];
    chx_synapse synapses[499];
    for (uint32_t i = 0; i < 499; i++)
        synapses[i] = (chx_synapse){.pre = i * 7 % 500, .post = (i + 1) * 7 % 500};
    place(neurons, 500, synapses, 499);
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    uint32_t n_turns = 0;
    for (uint32_t i = 0; i < 500; i++) {
        const float *a = neurons[i * 7 % 500].position_um;
        const float *b = neurons[(i + 1) * 7 % 500].position_um;
        for (int k = 0; k < 2; k++) {
            low[k] = fmin(low[k], a[k]);
            high[k] = fmax(high[k], a[k]);
        }
        bool turns = i < 499 && fabsf(b[1] - a[1]) > 0.3f;
        n_turns += turns;
        if (i == 499)
            break;
        ck_assert_float_gt(hypotf(b[0] - a[0], b[1] - a[1]), 0.9f);
        ck_assert_float_lt(hypotf(b[0] - a[0], b[1] - a[1]), turns ? 2.5f : 1.5f);
    }
    ck_assert_uint_gt(n_turns, 3);
    ck_assert_uint_lt(n_turns, 30);
    double aspect = (high[0] - low[0]) / (high[1] - low[1]);
    ck_assert(aspect > 1.2 && aspect < 2.5);
}
END_TEST

/* Ten layers of 300, each neuron of which leads to three of the next layer by chance. */
START_TEST(layers_of_a_layout_stand_side_by_side)
{
    chx_neuron neurons[3000];
    chx_synapse synapses[8100];
    for (uint32_t i = 0; i < 8100; i++) {
        uint32_t pre = i / 3, mixed = (i + 1) * 2654435769u;
        mixed = (mixed ^ mixed >> 15) * 2246822519u;
        synapses[i] =
            (chx_synapse){.pre = pre, .post = (pre / 300 + 1) * 300 + (mixed >> 16) % 300};
    }
    place(neurons, 3000, synapses, 8100);
    double middle[10] = {0};
    double low = INFINITY, high = -INFINITY;
    for (uint32_t i = 0; i < 2700; i++) {
        middle[i / 300] += neurons[i].position_um[1] / 300;
        low = fmin(low, neurons[i].position_um[1]);
        high = fmax(high, neurons[i].position_um[1]);
    }
    for (uint32_t layer = 1; layer < 9; layer++)
        ck_assert_double_lt(fabs(middle[layer] - middle[0]), (high - low) / 8);
}
END_TEST

/* Of 12 neurons each, with weights as far apart as weights can be. */
static const struct {
    uint32_t ends[6][2], n;
} odd_networks[] = {
    {{{0, 0}}, 1}, /* a self-loop, and neurons without a synapse */
    {{{0, 1}, {0, 1}, {1, 0}, {2, 2}, {2, 3}, {2, 3}}, 6},
    {{{0, 1}, {1, 2}, {2, 0}, {3, 4}, {4, 3}, {11, 5}}, 6},
    {{{0, 1}, {0, 2}, {0, 3}, {0, 4}, {0, 5}, {0, 6}}, 6},
    {{{0, 1}, {1, 2}, {2, 3}, {0, 3}, {3, 3}, {9, 8}}, 6},
};

START_TEST(layouts_of_odd_networks_are_finite_and_the_same_each_time)
{
    static const float weights[] = {1e12f, -1e-12f, 0, -1e12f, 1, 1e-12f};
    chx_neuron neurons[12], again[12];
    chx_synapse synapses[6];
    for (uint32_t i = 0; i < odd_networks[_i].n; i++)
        synapses[i] = (chx_synapse){.pre = odd_networks[_i].ends[i][0],
                                    .post = odd_networks[_i].ends[i][1],
                                    .weight_pa = weights[i]};
    place(neurons, 12, synapses, odd_networks[_i].n);
    place(again, 12, synapses, odd_networks[_i].n);
    for (uint32_t i = 0; i < 12; i++) {
        const float *a = neurons[i].position_um;
        ck_assert_mem_eq(a, again[i].position_um, sizeof neurons[i].position_um);
        for (uint32_t j = 0; j < i; j++) {
            const float *b = neurons[j].position_um;
            ck_each(hypotf(a[0] - b[0], a[1] - b[1]) > 0.3f);
        }
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("layout");
    TCase *tests = tcase_create("layout");
    tcase_add_test(tests, parts_of_a_layout_lie_close_together);
    tcase_add_test(tests, layouts_lead_from_left_to_right_along_the_flow);
    tcase_add_test(tests, layouts_of_a_chain_lead_straight_on);
    tcase_add_test(tests, layouts_of_a_long_chain_lie_in_rows);
    tcase_add_test(tests, layers_of_a_layout_stand_side_by_side);
    tcase_add_loop_test(tests, layouts_of_odd_networks_are_finite_and_the_same_each_time, 0,
                        sizeof odd_networks / sizeof *odd_networks);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed > 0;
}
