/* Layouts by forces: what they look like, and that every device finds the same. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "each.h"
#include "folder.h"
#include "network/layout.h"
#include "runtime.h"

#define MOST_NEURONS 2048
#define MOST_LINKS 4096

/* A network whose links go both ways, so that it has no flow. */
static chx_synapse synapses[2 * MOST_LINKS];
static chx_neuron neurons[MOST_NEURONS];
static uint32_t n_neurons, n_synapses;

static void
begin(uint32_t n)
{
    n_neurons = n;
    n_synapses = 0;
}

static void
join(uint32_t a, uint32_t b)
{
    synapses[n_synapses++] = (chx_synapse){.pre = a, .post = b};
    synapses[n_synapses++] = (chx_synapse){.pre = b, .post = a};
}

static void
join_ring(uint32_t first, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        join(first + i, first + (i + 1) % n);
}

static void
settle(void)
{
    chx__layout *layout = NULL;
    check_ok(chx__layout_create(n_neurons, synapses, n_synapses, 1, &layout));
    if (chx__layout_n_unsettled(layout) > 0)
        check_ok(chx__layout_settle(layout, synapses, n_synapses, runtime));
    ck_assert_uint_eq(chx__layout_n_unsettled(layout), 0);
    chx__layout_place(layout, neurons);
    chx__layout_destroy(&layout);
}

static double
distance(uint32_t a, uint32_t b)
{
    const float *from = neurons[a].position_um, *to = neurons[b].position_um;
    return hypot(from[0] - to[0], from[1] - to[1]);
}

/* The middle of some neurons; returns how far the nearest of them is from it. */
static double
middle_of(uint32_t first, uint32_t n, double middle[2])
{
    double nearest = INFINITY;
    middle[0] = middle[1] = 0;
    for (uint32_t i = first; i < first + n; i++)
        for (int k = 0; k < 2; k++)
            middle[k] += neurons[i].position_um[k] / n;
    for (uint32_t i = first; i < first + n; i++)
        nearest = fmin(nearest, hypot(neurons[i].position_um[0] - middle[0],
                                      neurons[i].position_um[1] - middle[1]));
    return nearest;
}

static double
farthest_from(uint32_t first, uint32_t n, const double middle[2])
{
    double farthest = 0;
    for (uint32_t i = first; i < first + n; i++)
        farthest = fmax(farthest, hypot(neurons[i].position_um[0] - middle[0],
                                        neurons[i].position_um[1] - middle[1]));
    return farthest;
}

/* On which side of the line from a to b a neuron is, and by how much. */
static double
side_of(uint32_t a, uint32_t b, uint32_t of)
{
    const float *p = neurons[a].position_um, *q = neurons[b].position_um;
    const float *r = neurons[of].position_um;
    return (double)(q[0] - p[0]) * (r[1] - p[1]) - (double)(q[1] - p[1]) * (r[0] - p[0]);
}

START_TEST(rings_are_round)
{
    begin(90);
    join_ring(0, 90);
    settle();
    double middle[2];
    const double nearest = middle_of(0, 90, middle);
    ck_assert_double_gt(nearest, 0.7 * farthest_from(0, 90, middle));
    for (uint32_t i = 0; i < 90; i++)
        ck_each(distance(i, (i + 1) % 90) < farthest_from(0, 90, middle) / 4);
}
END_TEST

/* A band of 60, each joined with some of the next 9. */
START_TEST(rings_without_a_begin_are_open)
{
    begin(60);
    for (uint32_t i = 0; i < 240; i++) {
        const uint32_t pre = i * 37 % 60;
        synapses[n_synapses++] = (chx_synapse){.pre = pre, .post = (pre + 1 + i * i % 9) % 60};
    }
    settle();
    double middle[2];
    ck_assert_double_gt(middle_of(0, 60, middle), 1);
}
END_TEST

/* A leads to D, but of the others each leads to the next. */
START_TEST(a_ring_with_a_branch_stays_open)
{
    begin(4);
    for (uint32_t i = 0; i < 3; i++)
        synapses[n_synapses++] = (chx_synapse){.pre = i, .post = (i + 1) % 3};
    synapses[n_synapses++] = (chx_synapse){.pre = 0, .post = 3};
    settle();
    ck_assert_double_gt(fabs(side_of(0, 1, 2)), 0.2);
}
END_TEST

/* 14 by 14, numbered in a mixed order: no square of it is turned over, and none is much larger than
 * another. */
START_TEST(nets_are_unfolded)
{
    const uint32_t side = 14, n = side * side;
    begin(n);
    for (uint32_t i = 0; i < n; i++) {
        if (i % side + 1 < side)
            join(i * 37 % n, (i + 1) * 37 % n);
        if (i + side < n)
            join(i * 37 % n, (i + side) * 37 % n);
    }
    settle();
    uint32_t n_left = 0;
    double least = INFINITY, most = 0;
    for (uint32_t i = 0; i + side < n; i++) {
        if (i % side + 1 == side)
            continue;
        const double turn = side_of(i * 37 % n, (i + 1) * 37 % n, (i + side) * 37 % n);
        n_left += turn > 0;
        least = fmin(least, fabs(turn));
        most = fmax(most, fabs(turn));
    }
    ck_assert(n_left == 0 || n_left == (side - 1) * (side - 1));
    ck_assert_double_lt(most, 8 * least);
}
END_TEST

/* 40 each, joined at random within and by two links between. */
START_TEST(communities_stand_apart)
{
    begin(80);
    for (uint32_t i = 0; i < 600; i++) {
        const uint32_t mixed = (i + 1) * 2654435769u, first = i % 2 * 40;
        join(first + (mixed >> 8) % 40, first + (mixed >> 20) % 40);
    }
    join(3, 53);
    join(20, 70);
    settle();
    double one[2], other[2];
    middle_of(0, 40, one);
    middle_of(40, 40, other);
    ck_assert_double_gt(hypot(one[0] - other[0], one[1] - other[1]),
                        farthest_from(0, 40, one) + farthest_from(40, 40, other));
    /* They lie side by side: the longer side is level. */
    ck_assert_double_gt(fabs(one[0] - other[0]), 3 * fabs(one[1] - other[1]));
}
END_TEST

/* Each neuron of a tree but its leaves leads to three: of 7140 pairs of links few cross. */
START_TEST(trees_are_untangled)
{
    begin(121);
    for (uint32_t i = 1; i < 121; i++)
        join(i, (i - 1) / 3);
    settle();
    uint32_t n_crossings = 0;
    for (uint32_t a = 1; a < 121; a++)
        for (uint32_t b = 1; b < a; b++) {
            const uint32_t c = (a - 1) / 3, d = (b - 1) / 3;
            if (c == b || d == c)
                continue;
            n_crossings +=
                side_of(a, c, b) * side_of(a, c, d) < 0 && side_of(b, d, a) * side_of(b, d, c) < 0;
        }
    ck_assert_uint_le(n_crossings, 10);
}
END_TEST

START_TEST(leaves_of_a_star_stand_around_it)
{
    const uint32_t n = test_has_quick_kernels() ? 2001 : 201;
    begin(n);
    for (uint32_t i = 1; i < n; i++)
        join(0, i);
    settle();
    double middle[2];
    middle_of(0, n, middle);
    ck_assert_double_lt(
        hypot(neurons[0].position_um[0] - middle[0], neurons[0].position_um[1] - middle[1]),
        farthest_from(0, n, middle) / 4);
    uint32_t n_near = 0;
    for (uint32_t i = 2; i < n; i++)
        n_near += distance(i, i - 1) < 0.1;
    ck_assert_uint_lt(n_near, n / 100 + 1);
}
END_TEST

/* Rings of 3, 6 .. 24, pairs, and neurons that nothing joins: each part in a place of its own. */
START_TEST(parts_lie_close_together_and_apart)
{
    uint32_t part_of[130], n = 0;
    begin(130);
    for (uint32_t ring = 1; ring <= 8; ring++) {
        join_ring(n, 3 * ring);
        for (uint32_t i = 0; i < 3 * ring; i++)
            part_of[n++] = ring;
    }
    for (uint32_t pair = 0; pair < 8; pair++) {
        join(n, n + 1);
        part_of[n++] = 100 + pair;
        part_of[n++] = 100 + pair;
    }
    for (; n < 130; n++)
        part_of[n] = 200 + n;
    settle();
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (uint32_t i = 0; i < n; i++)
        for (int k = 0; k < 2; k++) {
            low[k] = fmin(low[k], neurons[i].position_um[k]);
            high[k] = fmax(high[k], neurons[i].position_um[k]);
        }
    const double width = high[0] - low[0], height = high[1] - low[1];
    ck_assert(width > height && width < 3 * height);
    ck_assert_double_lt(width * height, 10.0 * n);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < i; j++)
            ck_each(distance(i, j) > (part_of[i] == part_of[j] ? 0.3 : 1));
}
END_TEST

/* Of 12 neurons each. */
static const struct {
    uint32_t ends[6][2], n;
} odd_networks[] = {
    {{{0, 0}}, 1}, /* a self-loop, and neurons without a synapse */
    {{{0, 1}, {0, 1}, {1, 0}, {2, 2}, {2, 3}, {3, 2}}, 6},
    {{{0, 1}, {1, 0}, {1, 2}, {2, 1}, {2, 0}, {0, 2}}, 6},
    {{{0, 1}, {1, 2}, {2, 3}, {3, 0}, {3, 3}, {9, 8}}, 6},
};

START_TEST(odd_networks_have_room_and_settle_the_same_each_time)
{
    begin(12);
    for (uint32_t i = 0; i < odd_networks[_i].n; i++)
        synapses[n_synapses++] =
            (chx_synapse){.pre = odd_networks[_i].ends[i][0], .post = odd_networks[_i].ends[i][1]};
    chx_neuron before[12];
    settle();
    memcpy(before, neurons, sizeof before);
    settle();
    for (uint32_t i = 0; i < 12; i++) {
        ck_assert_mem_eq(before[i].position_um, neurons[i].position_um,
                         sizeof before[i].position_um);
        for (uint32_t j = 0; j < i; j++)
            ck_each(distance(i, j) > 0.3);
    }
}
END_TEST

START_TEST(one_neuron_has_a_place)
{
    begin(1);
    join(0, 0);
    settle();
    ck_assert(isfinite(neurons[0].position_um[0]) && isfinite(neurons[0].position_um[1]));
}
END_TEST

static void
check_digest(uint64_t wanted)
{
    uint64_t digest = 0;
    settle();
    for (uint32_t i = 0; i < n_neurons; i++)
        digest = digest * 31 + chx__hash(neurons[i].position_um, sizeof neurons[i].position_um).low;
    ck_assert_msg(digest == wanted, "%#llx", (unsigned long long)digest);
}

START_TEST(places_are_the_same_bits_everywhere)
{
    begin(80);
    join_ring(0, 50);
    for (uint32_t i = 0; i < 60; i += 3)
        join(i, i * 7 % 60);
    join_ring(70, 7);
    join(78, 79);
    check_digest(0x34fbceaa2227cd2d);
}
END_TEST

/* With a hub of more links than a work-item pulls by. */
START_TEST(places_of_many_are_the_same_bits_everywhere)
{
    begin(700);
    for (uint32_t i = 1; i < 600; i++)
        join(0, i);
    for (uint32_t i = 1; i < 600; i++)
        join(i, i * 7919 % 600);
    join_ring(600, 90);
    join(690, 691);
    check_digest(0x802a58b9dd4aa1f);
}
END_TEST

START_TEST(an_edge_list_settles_once_a_runtime_is_there)
{
    char *folder = test_folder_create(), path[4200];
    test_folder_write(folder, "e.csv", "pre,post\na,b\nb,a\nb,c\nc,b\nc,a\na,c\nd,e\n");
    snprintf(path, sizeof path, "%s/e.csv", folder);
    chx_network *network = NULL;
    check_ok(chx_network_load_edges(path, &network));
    const chx_network_info *info = chx_network_get(network);
    ck_assert_uint_eq(info->n_unsettled, 3);
    check_ok(chx_network_settle(network, runtime));
    ck_assert_uint_eq(info->n_unsettled, 0);
    for (uint32_t i = 0; i < info->n_neurons; i++)
        neurons[i] = info->neurons[i];
    ck_assert_double_lt(distance(0, 1), 1.3 * distance(1, 2));
    check_ok(chx_network_settle(network, runtime));
    ck_assert_mem_eq(neurons[0].position_um, info->neurons[0].position_um,
                     sizeof neurons[0].position_um);
    ck_assert_int_eq(chx_network_settle(NULL, runtime), CHX_ERROR_INVALID);
    chx_network_destroy(&network);
    test_folder_destroy(folder);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("settle");
    TCase *tests = tcase_create("settle");
    tcase_add_checked_fixture(tests, open_runtime, close_runtime);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, rings_without_a_begin_are_open);
    tcase_add_test(tests, a_ring_with_a_branch_stays_open);
    tcase_add_loop_test(tests, odd_networks_have_room_and_settle_the_same_each_time, 0,
                        sizeof odd_networks / sizeof *odd_networks);
    tcase_add_test(tests, one_neuron_has_a_place);
    tcase_add_test(tests, places_are_the_same_bits_everywhere);
    tcase_add_test(tests, an_edge_list_settles_once_a_runtime_is_there);
    suite_add_tcase(suite, tests);
    TCase *slow = tcase_create("slow on a device");
    tcase_set_tags(slow, "slow");
    tcase_add_checked_fixture(slow, open_runtime, close_runtime);
    tcase_set_timeout(slow, 280);
    tcase_add_test(slow, rings_are_round);
    tcase_add_test(slow, nets_are_unfolded);
    tcase_add_test(slow, communities_stand_apart);
    tcase_add_test(slow, trees_are_untangled);
    tcase_add_test(slow, leaves_of_a_star_stand_around_it);
    tcase_add_test(slow, parts_lie_close_together_and_apart);
    tcase_add_test(slow, places_of_many_are_the_same_bits_everywhere);
    suite_add_tcase(suite, slow);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed > 0;
}
