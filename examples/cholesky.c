/* Cholesky's factorisation of a matrix in tiles, A = L L^T, as a graph of tasks over all devices.
 *
 * usage: cholesky cholesky.cl [TIMELINE.html [TIMELINE.svg [PARTS]]]
 *
 * Tiles are buffers, and tasks say which they read and write; what may run side by side follows
 * from that. Numbers are double where every device has them, else float. PARTS cuts every device
 * into so many, where drivers can. */
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <chronaxie/chronaxie.h>

enum { N_TILES = 8, TILE = 192, N = N_TILES * TILE, BLOCKS = TILE / 8 };
enum { DIAGONAL = 64 }; /* above sqrt(N), so that what is random beside has no say in the signs */
enum { N_WARM_RUNS = 20, N_RUNS = 10 };

static chx_runtime *runtime;
static bool is_double = true;
static chx_program *program;
static chx_buffer *tiles[N_TILES][N_TILES]; /* of the lower triangle */
static chx_graph *graph;
static chx_plan *plan;
static chx_timeline *timeline; /* of the last run */
static double factor[N][N];

/* Work-items of one group stand side by side, and the groups make use of all cores of a device. */
static int
add_task(const char *kernel, size_t group, size_t width, size_t height, const chx_arg *args)
{
    chx_kernel_task task = {
        .program = program,
        .kernel = kernel,
        .global = {width, height},
        .local = {group, height > 0},
        .args = args,
    };
    return chx_graph_kernel(graph, &task);
}

static int
fill(int row, int column)
{
    return add_task("fill", TILE, TILE, TILE,
                    CHX_ARGS(CHX_WRITE(tiles[row][column]), CHX_INT(row * TILE),
                             CHX_INT(column * TILE), CHX_INT(DIAGONAL)));
}

/* A single group, whose work-items wait for each other. */
static int
potrf(chx_buffer *tile)
{
    return add_task("potrf", BLOCKS, BLOCKS, 0, CHX_ARGS(CHX_READ_WRITE(tile)));
}

static int
trsm(chx_buffer *triangle, chx_buffer *tile)
{
    return add_task("trsm", 4, BLOCKS, 0, CHX_ARGS(CHX_READ(triangle), CHX_READ_WRITE(tile)));
}

static int
syrk(chx_buffer *left, chx_buffer *tile)
{
    return add_task("syrk", BLOCKS, BLOCKS, BLOCKS, CHX_ARGS(CHX_READ(left), CHX_READ_WRITE(tile)));
}

static int
gemm(chx_buffer *left, chx_buffer *right, chx_buffer *tile)
{
    return add_task("gemm", BLOCKS, BLOCKS, BLOCKS,
                    CHX_ARGS(CHX_READ(left), CHX_READ(right), CHX_READ_WRITE(tile)));
}

/* What a column of tiles, once it is done, means for those to its right. */
static int
add_column(int k)
{
    int failed = potrf(tiles[k][k]);
    for (int i = k + 1; i < N_TILES && !failed; i++)
        failed = trsm(tiles[k][k], tiles[i][k]);
    for (int i = k + 1; i < N_TILES && !failed; i++) {
        for (int j = k + 1; j < i && !failed; j++)
            failed = gemm(tiles[i][k], tiles[j][k], tiles[i][j]);
        failed = failed || syrk(tiles[i][k], tiles[i][i]);
    }
    return failed;
}

static int
add_tasks(void)
{
    size_t bytes = TILE * TILE * (is_double ? sizeof(double) : sizeof(float));
    int failed = chx_graph_create(runtime, &graph);
    for (int i = 0; i < N_TILES; i++)
        for (int j = 0; j <= i && !failed; j++)
            failed = chx_buffer_create(runtime, bytes, NULL, &tiles[i][j]) || fill(i, j);
    for (int k = 0; k < N_TILES && !failed; k++)
        failed = add_column(k);
    return failed || chx_plan_create(graph, NULL, &plan);
}

/* From the first start to the last finish. */
static double
measured_ns(void)
{
    double start_ns = INFINITY, finish_ns = 0.0;
    for (uint32_t i = 0; i < chx_timeline_n_spans(timeline); i++) {
        const chx_span *span = chx_timeline_span(timeline, i);
        start_ns = fmin(start_ns, span->measured_start_ns);
        finish_ns = fmax(finish_ns, span->measured_finish_ns);
    }
    return finish_ns - start_ns;
}

static int
ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double
median(double *numbers, int n)
{
    qsort(numbers, n, sizeof *numbers, ascending);
    return (numbers[(n - 1) / 2] + numbers[n / 2]) / 2.0;
}

/* Every run fills the tiles and factorises them anew. The first ones measure what tasks cost. */
static int
replay(void)
{
    double took_ns[N_RUNS], over_predicted[N_RUNS];
    for (int r = -N_WARM_RUNS; r < N_RUNS; r++) {
        chx_run *run = NULL;
        chx_timeline_destroy(&timeline);
        int failed = chx_plan_submit(plan, &run) || chx_run_wait(run, CHX_FOREVER) ||
                     chx_run_timeline(run, &timeline);
        chx_run_destroy(&run);
        if (failed)
            return failed;
        if (r >= 0) {
            took_ns[r] = measured_ns();
            over_predicted[r] = took_ns[r] / chx_plan_makespan_ns(plan);
        }
    }
    double ns = median(took_ns, N_RUNS);
    printf("%u tasks, %s: %.1f GFLOP/s\n", (unsigned)chx_graph_n_tasks(graph),
           is_double ? "double" : "float", N / 3.0 * N * N / ns);
    printf("predicted %.2f ms, measured %.2f ms, %.3f times as long; medians of %d runs\n",
           chx_plan_makespan_ns(plan) * 1e-6, ns * 1e-6, median(over_predicted, N_RUNS), N_RUNS);
    return 0;
}

static int
read_tile(int row, int column)
{
    static double doubles[TILE * TILE];
    static float floats[TILE * TILE];
    chx_buffer *tile = tiles[row][column];
    void *bytes = is_double ? (void *)doubles : floats;
    if (chx_buffer_read(tile, 0, chx_buffer_size(tile), bytes))
        return 1;
    for (int i = 0; i < TILE; i++)
        for (int j = 0; j < (row == column ? i + 1 : TILE); j++)
            factor[row * TILE + i][column * TILE + j] =
                is_double ? doubles[j * TILE + i] : floats[j * TILE + i];
    return 0;
}

/* What the kernel fills the matrix with, at or below the diagonal. */
static double
element(uint32_t row, uint32_t column)
{
    uint32_t hash = row * 2654435761u + column;
    hash = (hash ^ hash >> 15) * 2246822519u;
    hash = (hash ^ hash >> 13) * 3266489917u;
    return (hash >> 22) / 1024.0 + (row == column ? DIAGONAL : 0);
}

/* A and L L^T differ by no more than (n + 1) u sqrt(a_ii a_jj) at (i, j), u being half the distance
 * from 1 to the next number (Higham, Accuracy and Stability of Numerical Algorithms, 2002, theorem
 * 10.5). 31 u are for roots and quotients, of which OpenCL allows some digits less; and the product
 * is rounded here, in double. */
static int
verify(void)
{
    double epsilon = is_double ? DBL_EPSILON : (double)FLT_EPSILON;
    double bound = (N + 32) * (epsilon + DBL_EPSILON) / 2.0, worst = 0.0;
    bool is_right = true;
    for (int i = 0; i < N; i++)
        for (int j = 0; j <= i; j++) {
            double error = element(i, j);
            for (int k = 0; k <= j; k++)
                error -= factor[i][k] * factor[j][k];
            error = fabs(error) / sqrt(element(i, i) * element(j, j));
            is_right = is_right && error <= bound;
            worst = fmax(worst, error);
        }
    printf("A - L L^T is at most %.1e of the diagonal, allowed are %.1e\n", worst, bound);
    if (!is_right)
        fprintf(stderr, "the product of the factors is not the matrix\n");
    return !is_right;
}

static int
open_devices(uint32_t n_parts)
{
    chx_runtime_params params = {.optimize = true, .split = n_parts};
    if (chx_runtime_create(&runtime, &params) && chx_runtime_create(&runtime, NULL))
        return 1;
    for (uint32_t d = 0; d < chx_runtime_n_devices(runtime); d++) {
        chx_device_info info;
        if (chx_runtime_device(runtime, d, &info) == CHX_OK && info.selected)
            is_double = is_double && info.has_fp64;
    }
    return 0;
}

static int
factorise(const char *path)
{
    char options[64];
    chx_program_params params = {.options = options};
    snprintf(options, sizeof options, "-DN=%d%s", TILE, is_double ? " -DIS_DOUBLE" : "");
    int failed = chx_program_from_file(runtime, path, &params, &program) || add_tasks() || replay();
    for (int i = 0; i < N_TILES; i++)
        for (int j = 0; j <= i && !failed; j++)
            failed = read_tile(i, j);
    return failed;
}

static void
finish(void)
{
    chx_timeline_destroy(&timeline);
    chx_plan_destroy(&plan);
    chx_graph_destroy(&graph);
    for (int i = 0; i < N_TILES; i++)
        for (int j = 0; j <= i; j++)
            chx_buffer_destroy(&tiles[i][j]);
    chx_program_destroy(&program);
    chx_runtime_destroy(&runtime);
}

int
main(int argc, char **argv)
{
    int failed = open_devices(argc > 4 ? (uint32_t)atoi(argv[4]) : 0) ||
                 factorise(argc > 1 ? argv[1] : "cholesky.cl") ||
                 (argc > 2 && chx_timeline_write_html(timeline, argv[2])) ||
                 (argc > 3 && chx_timeline_write_svg(timeline, argv[3]));
    if (failed)
        fprintf(stderr, "%s\n", chx_last_error()->message);
    failed = failed || verify();
    finish();
    return failed;
}
