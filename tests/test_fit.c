/* What a picture frames: all of a network, or the bulk of one of which a little lies far away. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "scene/geometry.h"

#define MOST_CELLS 16
#define MOST_POINTS 64
#define METRE_UM 1e6f

static chx_neuron cells[MOST_CELLS];
static chx_node nodes[MOST_CELLS * MOST_POINTS];
static chx_network_info network;

/* Cells side by side, each a soma and a branch of 10 um a point upwards. */
static void
grow(uint32_t n_cells, uint32_t n_points)
{
    network = (chx_network_info){.n_neurons = n_cells,
                                 .neurons = cells,
                                 .n_nodes = n_cells * n_points,
                                 .nodes = nodes,
                                 .view = {.conduction_um_per_ms = 100, .decay_ms = 10}};
    for (uint32_t n = 0; n < n_cells; n++) {
        cells[n] = (chx_neuron){.name = "c",
                                .diameter_um = 10,
                                .position_um = {(float)n * 50, 0, 0},
                                .first_node = n * n_points,
                                .n_nodes = n_points};
        for (uint32_t i = 0; i < n_points; i++)
            nodes[n * n_points + i] = (chx_node){.position_um = {(float)n * 50, (float)i * 10, 0},
                                                 .radius_um = 1,
                                                 .parent = n * n_points + (i ? i - 1 : 0)};
    }
}

static void
move(uint32_t cell, float um)
{
    cells[cell].position_um[0] += um;
    for (uint32_t i = 0; i < cells[cell].n_nodes; i++)
        nodes[cells[cell].first_node + i].position_um[0] += um;
}

static double
widest_um(chx_plane plane)
{
    chx__geometry geometry;
    ck_assert_int_eq(
        chx__geometry_init(&geometry, &network, plane, CHX_COLOUR_BY_SPIKE, CHX_CONNECTIONS_HIDDEN),
        CHX_OK);
    double half = fmax(geometry.half_um[0], fmax(geometry.half_um[1], geometry.half_um[2]));
    chx__geometry_finish(&geometry);
    return 2 * half;
}

/* Whether the picture shows what lies near together alone. */
static void
check_bulk(bool alone)
{
    for (int plane = CHX_PLANE_PRINCIPAL; plane <= CHX_PLANE_XY; plane++)
        if (alone)
            ck_assert_double_lt(widest_um((chx_plane)plane), 1100);
        else
            ck_assert_double_gt(widest_um((chx_plane)plane), 1900);
}

START_TEST(fit_one_stray_cell_leaves_the_others_framed)
{
    static const struct {
        uint32_t n_cells, n_points;
    } kinds[] = {{7, 40}, {3, 40}, {4, 0}, {3, 0}};
    grow(kinds[_i].n_cells, kinds[_i].n_points);
    move(0, METRE_UM);
    check_bulk(true);
}
END_TEST

/* Some 70 times as far off as the others reach. */
START_TEST(fit_at_less_than_a_hundredfold_two_thirds_are_a_bulk)
{
    static const struct {
        uint32_t n_cells, n_strays;
    } kinds[] = {{4, 1}, {3, 1}, {5, 2}};
    grow(kinds[_i].n_cells, 40);
    for (uint32_t n = 0; n < kinds[_i].n_strays; n++)
        move(n, 15000);
    check_bulk(kinds[_i].n_strays * 3 <= kinds[_i].n_cells);
}
END_TEST

START_TEST(fit_of_two_cells_the_one_with_more_points_is_framed)
{
    grow(2, 40);
    cells[1].n_nodes = 50;
    for (uint32_t i = 80; i < 90; i++)
        nodes[i] = (chx_node){.position_um = {50, (float)(i - 40) * 10, 0}, .parent = i - 1};
    move(0, METRE_UM);
    check_bulk(true);
}
END_TEST

START_TEST(fit_a_stray_point_or_soma_leaves_its_cell_framed)
{
    grow(1 + (uint32_t)_i / 2, 40);
    if (_i % 2)
        cells[0].position_um[2] = METRE_UM;
    else
        nodes[39].position_um[2] = METRE_UM;
    check_bulk(true);
}
END_TEST

START_TEST(fit_a_point_at_a_metre_is_a_stray_of_however_few)
{
    grow(1, 4);
    nodes[3].position_um[1] = METRE_UM;
    check_bulk(true);
}
END_TEST

START_TEST(fit_equal_groups_far_apart_are_framed_together)
{
    static const struct {
        uint32_t n_cells, n_points;
    } kinds[] = {{2, 0}, {2, 40}, {8, 0}, {8, 40}};
    grow(kinds[_i].n_cells, kinds[_i].n_points);
    for (uint32_t n = 0; n < kinds[_i].n_cells / 2; n++)
        move(n, METRE_UM);
    check_bulk(false);
}
END_TEST

START_TEST(fit_a_long_axon_of_few_points_is_framed)
{
    grow(1, 4);
    nodes[3].position_um[1] = 50000;
    check_bulk(false);
}
END_TEST

START_TEST(fit_a_cell_at_a_little_distance_is_framed)
{
    grow(7, 40);
    move(0, 4000);
    check_bulk(false);
}
END_TEST

START_TEST(fit_the_bulk_has_principal_axes_of_its_own)
{
    grow(4, 60);
    move(3, METRE_UM);
    chx__geometry geometry;
    ck_assert_int_eq(chx__geometry_init(&geometry, &network, CHX_PLANE_PRINCIPAL,
                                        CHX_COLOUR_BY_SPIKE, CHX_CONNECTIONS_HIDDEN),
                     CHX_OK);
    ck_assert_double_gt(fabs(geometry.axes[0][1]), 0.9);
    chx__geometry_finish(&geometry);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("fit");
    TCase *tests = tcase_create("fit");
    tcase_add_loop_test(tests, fit_one_stray_cell_leaves_the_others_framed, 0, 4);
    tcase_add_loop_test(tests, fit_at_less_than_a_hundredfold_two_thirds_are_a_bulk, 0, 3);
    tcase_add_test(tests, fit_of_two_cells_the_one_with_more_points_is_framed);
    tcase_add_loop_test(tests, fit_a_stray_point_or_soma_leaves_its_cell_framed, 0, 4);
    tcase_add_test(tests, fit_a_point_at_a_metre_is_a_stray_of_however_few);
    tcase_add_loop_test(tests, fit_equal_groups_far_apart_are_framed_together, 0, 4);
    tcase_add_test(tests, fit_a_long_axon_of_few_points_is_framed);
    tcase_add_test(tests, fit_a_cell_at_a_little_distance_is_framed);
    tcase_add_test(tests, fit_the_bulk_has_principal_axes_of_its_own);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
