/* Heat on a plate that all devices share, as the plan divides it, and sum up; plain C leaves the
 * same bits.
 *
 * usage: plate plate.cl [TIMELINE.html [TIMELINE.svg [PARTS]]], PARTS of each device */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <chronaxie/chronaxie.h>

enum { N_COLUMNS = 2048, N_ROWS = 2048, STEPS_OF_RUN = 4, N_WARM_RUNS = 24, N_RUNS = 16 };

static float first[N_ROWS][N_COLUMNS], expected[2][N_ROWS][N_COLUMNS], found[N_ROWS][N_COLUMNS];
static chx_runtime *runtime;
static chx_program *program;
static chx_buffer *even, *odd, *heat; /* of all points together, in eighths of a degree */
static chx_timeline *timeline; /* of the last run */

/* What the kernel does, in its order. */
static void
advance(float before[N_ROWS][N_COLUMNS], float after[N_ROWS][N_COLUMNS])
{
    memcpy(after, before, sizeof first);
    for (int y = 1; y < N_ROWS - 1; y++)
        for (int x = 1; x < N_COLUMNS - 1; x++) {
            float own = before[y][x], beside = before[y][x - 1] + before[y][x + 1];
            float around = before[y - 1][x] + before[y + 1][x];
            after[y][x] = own + 0.2f * ((beside + around) - 4.0f * own);
        }
}

/* As the kernel `measure` does. */
static uint32_t
heat_of(float plate[N_ROWS][N_COLUMNS])
{
    uint32_t sum = 0;
    for (int i = 0; i < N_ROWS * N_COLUMNS; i++)
        sum += (uint32_t)(plate[i / N_COLUMNS][i % N_COLUMNS] * 8.0f);
    return sum;
}

/* The plan cuts the plate between rows: a piece has those it works on and reads one beside. */
static chx_status
add_step(chx_graph *graph, chx_buffer *before, chx_buffer *after, const uint32_t *device)
{
    chx_kernel_task task = {
        .program = program,
        .kernel = "advance",
        .global = {N_COLUMNS, N_ROWS},
        .args = CHX_ARGS(CHX_SPLIT(before, CHX_ACCESS_READ, sizeof first[0], 1),
                         CHX_SPLIT(after, CHX_ACCESS_WRITE, sizeof first[0], 0), CHX_INT(N_ROWS)),
        .devices = device, /* NULL: all of them */
        .n_devices = device != NULL,
    };
    return chx_graph_kernel(graph, &task);
}

/* Every call returns zero when it went well, so the first failure ends the chain. */
static int
simulate(const uint32_t *device, double *steps_per_s)
{
    struct timespec begin = {0}, end;
    chx_graph *graph = NULL;
    chx_plan *plan = NULL;
    chx_run *run = NULL;
    int failed =
        chx_graph_create(runtime, &graph) || chx_buffer_write(even, 0, sizeof first, first);
    for (int t = 0; t < STEPS_OF_RUN && !failed; t += 2)
        failed = add_step(graph, even, odd, device) || add_step(graph, odd, even, device);
    failed = failed || chx_plan_create(graph, NULL, &plan);
    for (int r = -N_WARM_RUNS; r < N_RUNS && !failed; r++) {
        if (r == 0)
            timespec_get(&begin, TIME_UTC);
        chx_run_destroy(&run);
        failed = chx_plan_submit(plan, &run) || chx_run_wait(run, CHX_FOREVER);
    }
    timespec_get(&end, TIME_UTC);
    *steps_per_s = 1e9 * N_RUNS * STEPS_OF_RUN /
                   (1e9 * difftime(end.tv_sec, begin.tv_sec) + (end.tv_nsec - begin.tv_nsec));
    chx_timeline_destroy(&timeline);
    failed =
        failed || chx_run_timeline(run, &timeline) || chx_buffer_read(even, 0, sizeof found, found);
    chx_run_destroy(&run);
    chx_plan_destroy(&plan);
    chx_graph_destroy(&graph);
    return failed;
}

/* Each device alone, then all of them together, of which the timeline tells who had what. */
static int
compare(void)
{
    double speed, fastest = 0.0;
    for (uint32_t d = 0; d < chx_runtime_n_devices(runtime); d++) {
        chx_device_info info;
        if (chx_runtime_device(runtime, d, &info) || !info.selected || info.spare)
            continue;
        if (simulate(&d, &speed))
            return 1;
        fastest = speed > fastest ? speed : fastest;
    }
    if (simulate(NULL, &speed))
        return 1;
    for (uint32_t lane = 0; lane < chx_timeline_n_lanes(timeline); lane++) {
        uint64_t n = 0;
        for (uint32_t i = 0; i < chx_timeline_n_spans(timeline); i++)
            if (chx_timeline_span(timeline, i)->lane == lane)
                n += chx_timeline_span(timeline, i)->n_items / STEPS_OF_RUN;
        if (n > 0)
            printf("%d rows: %s\n", (int)n, chx_timeline_lane_device(timeline, lane));
    }
    printf("%.1f steps/s, %.2f times the fastest device alone\n", speed, speed / fastest);
    return 0;
}

/* All devices add to one number, each what its rows have. */
static int
measure(uint32_t *sum)
{
    chx_graph *graph = NULL;
    chx_plan *plan = NULL;
    chx_kernel_task task = {
        .program = program,
        .kernel = "measure",
        .global = {N_ROWS},
        .args = CHX_ARGS(CHX_SPLIT(even, CHX_ACCESS_READ, sizeof first[0], 0),
                         CHX_REDUCE(heat, CHX_REDUCTION_SUM_32), CHX_INT(N_COLUMNS)),
    };
    int failed = chx_graph_create(runtime, &graph) || chx_graph_kernel(graph, &task) ||
                 chx_plan_create(graph, NULL, &plan) || chx_plan_submit(plan, NULL) ||
                 chx_buffer_read(heat, 0, sizeof *sum, sum);
    chx_plan_destroy(&plan);
    chx_graph_destroy(&graph);
    return failed;
}

int
main(int argc, char **argv)
{
    chx_runtime_params params = {.optimize = true, .split = argc > 4 ? atoi(argv[4]) : 0};
    for (size_t i = 0; i < sizeof first / sizeof(float); i++)
        first[i / N_COLUMNS][i % N_COLUMNS] = 20.0f + (float)(i / 64 * 2654435761u % 64);
    uint32_t sum = 0;
    memcpy(expected[0], first, sizeof first);
    for (int t = 0; t < (N_WARM_RUNS + N_RUNS) * STEPS_OF_RUN; t++)
        advance(expected[t % 2], expected[(t + 1) % 2]);
    int failed = (chx_runtime_create(&runtime, &params) && chx_runtime_create(&runtime, NULL)) ||
                 chx_program_from_file(runtime, argc > 1 ? argv[1] : "plate.cl", NULL, &program) ||
                 chx_buffer_create(runtime, sizeof first, NULL, &even) ||
                 chx_buffer_create(runtime, sizeof first, NULL, &odd) ||
                 chx_buffer_create(runtime, sizeof sum, &sum, &heat) || compare() ||
                 measure(&sum) || (argc > 2 && chx_timeline_write_html(timeline, argv[2])) ||
                 (argc > 3 && chx_timeline_write_svg(timeline, argv[3]));
    int differs =
        !failed && (memcmp(found, expected[0], sizeof found) != 0 || sum != heat_of(expected[0]));
    if (!failed)
        printf("%.2f degrees on average\n", sum / 8.0 / N_ROWS / N_COLUMNS);
    if (failed || differs)
        fprintf(stderr, "%s\n", failed ? chx_last_error()->message : "plain C leaves other bits");
    chx_timeline_destroy(&timeline);
    chx_buffer_destroy(&heat);
    chx_buffer_destroy(&odd);
    chx_buffer_destroy(&even);
    chx_program_destroy(&program);
    chx_runtime_destroy(&runtime);
    return failed || differs;
}
