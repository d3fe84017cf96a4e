/* The two graphs of ten tasks on three processors that the scheduling literature compares on. */
#ifndef CHX_TESTS_CANONICAL_H
#define CHX_TESTS_CANONICAL_H

#include <chronaxie/schedule.h>

/* Topcuoglu, Hariri and Wu 2002, doi:10.1109/71.993206. HEFT: 80. */
static const chx_schedule_problem topcuoglu = {
    .n_lanes = 3,
    .n_tasks = 10,
    .n_edges = 15,
    .lane_names = (const char *const[]){"P1", "P2", "P3"},
    .task_names =
        (const char *const[]){"T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9", "T10"},
    .cost_ms = (const double[]){14, 16, 9, 13, 19, 18, 11, 13, 19, 13, 8,  17, 12, 13, 10,
                                13, 16, 9, 7,  15, 11, 5,  11, 14, 18, 12, 20, 21, 7,  16},
    .edges = (const chx_schedule_edge[]){{0, 1, 18},
                                         {0, 2, 12},
                                         {0, 3, 9},
                                         {0, 4, 11},
                                         {0, 5, 14},
                                         {1, 7, 19},
                                         {1, 8, 16},
                                         {2, 6, 23},
                                         {3, 7, 27},
                                         {3, 8, 23},
                                         {4, 8, 13},
                                         {5, 7, 15},
                                         {6, 9, 17},
                                         {7, 9, 11},
                                         {8, 9, 13}},
};

/* Arabnejad and Barbosa 2014, doi:10.1109/TPDS.2013.57. HEFT: 133. */
static const chx_schedule_problem arabnejad = {
    .n_lanes = 3,
    .n_tasks = 10,
    .n_edges = 15,
    .cost_ms = (const double[]){22, 21, 36, 22, 18, 18, 32, 27, 43, 7,  10, 4, 29, 27, 35,
                                26, 17, 24, 14, 25, 30, 29, 23, 36, 15, 21, 8, 13, 16, 33},
    .edges = (const chx_schedule_edge[]){{0, 1, 17},
                                         {0, 2, 31},
                                         {0, 3, 29},
                                         {0, 4, 13},
                                         {0, 5, 7},
                                         {1, 7, 3},
                                         {1, 8, 30},
                                         {2, 6, 16},
                                         {3, 7, 11},
                                         {3, 8, 7},
                                         {4, 8, 57},
                                         {5, 7, 5},
                                         {6, 9, 9},
                                         {7, 9, 42},
                                         {8, 9, 7}},
};

#endif
