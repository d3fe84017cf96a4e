/* Random graphs of known shapes, from SplitMix64 by family and index, so that every version and
 * machine plans the same ones. Tiled factorizations derive their edges from who wrote a tile
 * last, as a runtime would. Transfer times are set after costs, to keep the ratio of the two
 * that a family states. */
#include "task_family.h"

#include <stdlib.h>

static double
draw(task_graph *graph, double low, double high)
{
    /* SplitMix64 (Steele, Lea and Flood 2014). */
    uint64_t z = graph->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return low + (high - low) * (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

static uint32_t
draw_below(task_graph *graph, uint32_t below)
{
    return (uint32_t)draw(graph, 0, below);
}

/* The transfer's time is set when costs are known. */
static void
add_edge(task_graph *graph, uint32_t before, uint32_t after)
{
    if (graph->problem.n_edges == graph->edges_capacity) {
        uint32_t capacity = graph->edges_capacity ? 2 * graph->edges_capacity : 256;
        chx_schedule_edge *edges = realloc(graph->edges, capacity * sizeof *edges);
        if (!edges) {
            graph->failed = true;
            return;
        }
        graph->edges = edges;
        graph->edges_capacity = capacity;
    }
    graph->edges[graph->problem.n_edges++] = (chx_schedule_edge){before, after, 0.0};
}

/* 20 to 60 tasks, each after one to three of the twelve before it. */
static uint32_t
make_random(task_graph *graph, uint32_t index)
{
    uint32_t n = 20 + draw_below(graph, 41);
    (void)index;
    for (uint32_t t = 1; t < n; t++)
        for (uint32_t i = 1 + draw_below(graph, 3); i > 0; i--)
            add_edge(graph, t - 1 - draw_below(graph, t < 12 ? t : 12), t);
    return n;
}

/* Tiles of a square matrix; writer[i][j] is the task that wrote a tile last. */
enum { MAX_TILES = 8, NO_WRITER = UINT32_MAX };

typedef struct tiles {
    uint32_t n;
    uint32_t writer[MAX_TILES][MAX_TILES];
} tiles;

static void
tiles_init(tiles *of, uint32_t n)
{
    of->n = n;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < n; j++)
            of->writer[i][j] = NO_WRITER;
}

static void
read_tile(task_graph *graph, const tiles *of, uint32_t i, uint32_t j, uint32_t task)
{
    if (of->writer[i][j] != NO_WRITER)
        add_edge(graph, of->writer[i][j], task);
}

static void
write_tile(task_graph *graph, tiles *of, uint32_t i, uint32_t j, uint32_t task)
{
    read_tile(graph, of, i, j, task);
    of->writer[i][j] = task;
}

static uint32_t
make_cholesky(task_graph *graph, uint32_t index)
{
    tiles of;
    uint32_t task = 0;
    tiles_init(&of, 4 + index % 4);
    for (uint32_t k = 0; k < of.n; k++) {
        write_tile(graph, &of, k, k, task++);
        for (uint32_t i = k + 1; i < of.n; i++) {
            read_tile(graph, &of, k, k, task);
            write_tile(graph, &of, i, k, task++);
        }
        for (uint32_t i = k + 1; i < of.n; i++) {
            for (uint32_t j = k + 1; j <= i; j++) {
                read_tile(graph, &of, i, k, task);
                if (j < i)
                    read_tile(graph, &of, j, k, task);
                write_tile(graph, &of, i, j, task++);
            }
        }
    }
    return task;
}

static uint32_t
make_lu(task_graph *graph, uint32_t index)
{
    tiles of;
    uint32_t task = 0;
    tiles_init(&of, 3 + index % 4);
    for (uint32_t k = 0; k < of.n; k++) {
        write_tile(graph, &of, k, k, task++);
        for (uint32_t i = k + 1; i < of.n; i++) {
            read_tile(graph, &of, k, k, task);
            write_tile(graph, &of, i, k, task++);
            read_tile(graph, &of, k, k, task);
            write_tile(graph, &of, k, i, task++);
        }
        for (uint32_t i = k + 1; i < of.n; i++) {
            for (uint32_t j = k + 1; j < of.n; j++) {
                read_tile(graph, &of, i, k, task);
                read_tile(graph, &of, k, j, task);
                write_tile(graph, &of, i, j, task++);
            }
        }
    }
    return task;
}

/* Butterflies: 2^m points in m stages after the first. */
static uint32_t
make_fft(task_graph *graph, uint32_t index)
{
    uint32_t stages = 2 + index % 3, points = 1u << stages;
    for (uint32_t s = 1; s <= stages; s++) {
        for (uint32_t p = 0; p < points; p++) {
            add_edge(graph, (s - 1) * points + p, s * points + p);
            add_edge(graph, (s - 1) * points + (p ^ 1u << (s - 1)), s * points + p);
        }
    }
    return (stages + 1) * points;
}

/* Eight blocks in a row over several steps, each after itself and its neighbours. */
static uint32_t
make_stencil(task_graph *graph, uint32_t index)
{
    enum { WIDTH = 8 };
    uint32_t steps = 4 + index % 8;
    for (uint32_t s = 1; s < steps; s++) {
        for (uint32_t x = 0; x < WIDTH; x++) {
            for (uint32_t from = x ? x - 1 : 0; from <= x + 1 && from < WIDTH; from++)
                add_edge(graph, (s - 1) * WIDTH + from, s * WIDTH + x);
        }
    }
    return steps * WIDTH;
}

const task_family task_families[] = {
    {"random", 120, 4, make_random}, {"cholesky", 20, 4, make_cholesky}, {"lu", 20, 4, make_lu},
    {"fft", 20, 4, make_fft},        {"stencil", 20, 4, make_stencil},   {NULL, 0, 0, NULL},
};

/* Costs of 10 to 100 ms, half as much to one and a half on each lane; transfers of `ratio` mean
 * costs, half to one and a half. */
static bool
set_costs(task_graph *graph, uint32_t n_tasks, uint32_t n_lanes, double ratio)
{
    double mean_ms = 0.0;
    graph->cost_ms = malloc((size_t)n_tasks * n_lanes * sizeof *graph->cost_ms);
    if (!graph->cost_ms || graph->failed)
        return false;
    for (uint32_t t = 0; t < n_tasks; t++) {
        double work_ms = draw(graph, 10, 100);
        for (uint32_t l = 0; l < n_lanes; l++) {
            double ms = work_ms * draw(graph, 0.5, 1.5);
            graph->cost_ms[(size_t)t * n_lanes + l] = ms;
            mean_ms += ms / ((double)n_tasks * n_lanes);
        }
    }
    for (uint32_t e = 0; e < graph->problem.n_edges; e++)
        graph->edges[e].transfer_ms = mean_ms * ratio * draw(graph, 0.5, 1.5);
    graph->problem.n_tasks = n_tasks;
    graph->problem.n_lanes = n_lanes;
    graph->problem.cost_ms = graph->cost_ms;
    graph->problem.edges = graph->edges;
    return true;
}

static const double ratios[] = {0.1, 0.5, 1, 2, 5};

bool
task_family_make(const task_family *family, uint32_t index, task_graph *graph)
{
    *graph = (task_graph){.random = index * UINT64_C(7919) + 3};
    return set_costs(graph, family->make(graph, index), family->n_lanes, ratios[index % 5]);
}

bool
task_small_make(uint32_t index, task_graph *graph)
{
    enum { REACH = 6 };
    *graph = (task_graph){.random = index * UINT64_C(104729) + 11};
    uint32_t n = 10 + draw_below(graph, 11), n_lanes = 2 + draw_below(graph, 3);
    for (uint32_t t = 1; t < n; t++)
        for (uint32_t i = draw_below(graph, 4); i > 0; i--)
            add_edge(graph, t - 1 - draw_below(graph, t < REACH ? t : REACH), t);
    return set_costs(graph, n, n_lanes, ratios[index % 5]);
}

bool
task_layers_make(uint32_t n_tasks, uint32_t n_lanes, task_graph *graph)
{
    enum { LAYER = 100, INPUTS = 3 };
    *graph = (task_graph){.random = 5};
    for (uint32_t t = LAYER; t < n_tasks; t++)
        for (int i = 0; i < INPUTS; i++)
            add_edge(graph, t - t % LAYER - LAYER + draw_below(graph, LAYER), t);
    return set_costs(graph, n_tasks, n_lanes, 1.0);
}

void
task_graph_finish(task_graph *graph)
{
    free(graph->cost_ms);
    free(graph->edges);
    *graph = (task_graph){.failed = false};
}
