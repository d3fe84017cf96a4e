/* A graph over two devices, and the timeline that the plan gave it.
 *
 * usage: pipeline pipeline.cl [TIMELINE.svg]
 *
 * Four strips are smoothed and searched for edges, each on its own, then merged; which device does
 * what is the plan's business. Where there is only one device it is cut in two. */
#include <math.h>
#include <stdio.h>

#include <chronaxie/chronaxie.h>

#define N_STRIPS 4
#define N 262144

static float host[N];

typedef struct pipeline {
    chx_runtime *runtime;
    chx_program *program;
    chx_buffer *in[N_STRIPS], *smooth[N_STRIPS], *edges[N_STRIPS], *sum;
    chx_graph *graph;
    chx_plan *plan;
    chx_run *run;
    chx_timeline *timeline;
} pipeline;

/* A single CPU device becomes two; drivers that cannot cut devices are used whole. */
static chx_status
open_devices(pipeline *p)
{
    chx_runtime_params halves = {.split = 2};
    if (chx_runtime_create(&p->runtime, &halves) == CHX_OK)
        return CHX_OK;
    return chx_runtime_create(&p->runtime, NULL);
}

static chx_status
add_stage(pipeline *p, const char *kernel, chx_buffer *in, chx_buffer *out)
{
    return chx_graph_kernel(p->graph,
                            &(chx_kernel_task){
                                .program = p->program,
                                .kernel = kernel,
                                .global = {N},
                                .args = CHX_ARGS(CHX_READ(in), CHX_WRITE(out), CHX_INT(N)),
                            });
}

static chx_status
add_strip(pipeline *p, int strip)
{
    chx_status status;

    for (int i = 0; i < N; i++)
        host[i] = (float)((i >> (strip + 4)) & 1);
    status = chx_buffer_create(p->runtime, sizeof host, host, &p->in[strip]);
    if (status == CHX_OK)
        status = chx_buffer_create(p->runtime, sizeof host, NULL, &p->smooth[strip]);
    if (status == CHX_OK)
        status = chx_buffer_create(p->runtime, sizeof host, NULL, &p->edges[strip]);
    if (status == CHX_OK)
        status = add_stage(p, "smooth", p->in[strip], p->smooth[strip]);
    if (status == CHX_OK)
        status = add_stage(p, "edges", p->smooth[strip], p->edges[strip]);
    return status;
}

static chx_status
build(pipeline *p, const char *path)
{
    chx_status status = chx_program_from_file(p->runtime, path, NULL, &p->program);

    if (status == CHX_OK)
        status = chx_graph_create(p->runtime, &p->graph);
    for (int s = 0; s < N_STRIPS && status == CHX_OK; s++)
        status = add_strip(p, s);
    if (status == CHX_OK)
        status = chx_buffer_create(p->runtime, sizeof host, NULL, &p->sum);
    if (status == CHX_OK)
        status = chx_graph_kernel(
            p->graph,
            &(chx_kernel_task){
                .program = p->program,
                .kernel = "merge",
                .global = {N},
                .args = CHX_ARGS(CHX_READ(p->edges[0]), CHX_READ(p->edges[1]),
                                 CHX_READ(p->edges[2]), CHX_READ(p->edges[3]), CHX_WRITE(p->sum)),
            });
    return status == CHX_OK ? chx_plan_create(p->graph, NULL, &p->plan) : status;
}

/* The first run compiles and measures; the second one is planned with what was measured. */
static chx_status
run_twice(pipeline *p)
{
    chx_status status = CHX_OK;

    for (int i = 0; i < 2 && status == CHX_OK; i++) {
        chx_run_destroy(&p->run);
        status = chx_plan_submit(p->plan, &p->run);
        if (status == CHX_OK)
            status = chx_run_wait(p->run, CHX_FOREVER);
    }
    if (status == CHX_OK)
        status = chx_run_timeline(p->run, &p->timeline);
    return status == CHX_OK ? chx_buffer_read(p->sum, 0, sizeof host, host) : status;
}

static double
first_start_ns(const chx_timeline *timeline)
{
    double first = INFINITY;
    for (uint32_t i = 0; i < chx_timeline_n_spans(timeline); i++)
        first = fmin(first, chx_timeline_span(timeline, i)->measured_start_ns);
    return first;
}

static void
print_timeline(const chx_timeline *timeline)
{
    double zero = first_start_ns(timeline);

    printf("%-8s %-10s %12s %12s  %s\n", "task", "lane", "start (us)", "finish (us)", "device");
    for (uint32_t i = 0; i < chx_timeline_n_spans(timeline); i++) {
        const chx_span *span = chx_timeline_span(timeline, i);
        printf("%-8s %-10s %12.1f %12.1f  %s\n", span->name,
               chx_timeline_lane_name(timeline, span->lane),
               (span->measured_start_ns - zero) * 1e-3, (span->measured_finish_ns - zero) * 1e-3,
               chx_timeline_lane_device(timeline, span->lane));
    }
}

static void
finish(pipeline *p)
{
    chx_timeline_destroy(&p->timeline);
    chx_run_destroy(&p->run);
    chx_plan_destroy(&p->plan);
    chx_graph_destroy(&p->graph);
    for (int s = 0; s < N_STRIPS; s++) {
        chx_buffer_destroy(&p->in[s]);
        chx_buffer_destroy(&p->smooth[s]);
        chx_buffer_destroy(&p->edges[s]);
    }
    chx_buffer_destroy(&p->sum);
    chx_program_destroy(&p->program);
    chx_runtime_destroy(&p->runtime);
}

int
main(int argc, char **argv)
{
    pipeline p = {0};
    chx_status status = open_devices(&p);

    if (status == CHX_OK)
        status = build(&p, argc > 1 ? argv[1] : "pipeline.cl");
    if (status == CHX_OK)
        status = run_twice(&p);
    if (status == CHX_OK)
        print_timeline(p.timeline);
    if (status == CHX_OK && argc > 2)
        status = chx_timeline_write_svg(p.timeline, argv[2]);
    if (status != CHX_OK)
        fprintf(stderr, "%s\n", chx_last_error()->message);
    else
        printf("at the first edge of all strips the sum is %.3f\n", host[127]);
    finish(&p);
    return status != CHX_OK;
}
