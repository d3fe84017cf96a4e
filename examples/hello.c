/* One kernel on whatever devices there are: y = 2 x + y.
 *
 * usage: hello saxpy.cl */
#include <stdio.h>

#include <chronaxie/chronaxie.h>

#define N 1000000

static float x_data[N];
static float y_data[N];

static chx_runtime *rt;
static chx_program *prog;
static chx_buffer *x, *y;
static chx_graph *graph;
static chx_plan *plan;
static chx_run *run;

static chx_status
add_saxpy(void)
{
    chx_kernel_task task = {
        .program = prog,
        .kernel = "saxpy",
        .global = {N},
        .args = CHX_ARGS(CHX_READ(x), CHX_READ_WRITE(y), CHX_FLOAT(2.0f)),
    };
    return chx_graph_kernel(graph, &task);
}

/* Every call returns zero when it went well, so the first failure ends the chain. The plan says
 * where and when; the run is enqueued with event wait-lists. */
static int
saxpy(const char *path)
{
    return chx_runtime_create(&rt, NULL) || chx_program_from_file(rt, path, NULL, &prog) ||
           chx_buffer_create(rt, sizeof x_data, x_data, &x) ||
           chx_buffer_create(rt, sizeof y_data, y_data, &y) || chx_graph_create(rt, &graph) ||
           add_saxpy() || chx_plan_create(graph, NULL, &plan) || chx_plan_submit(plan, &run) ||
           chx_run_wait(run, CHX_FOREVER) || chx_buffer_read(y, 0, sizeof y_data, y_data);
}

int
main(int argc, char **argv)
{
    int failed;

    for (int i = 0; i < N; i++) {
        x_data[i] = (float)i;
        y_data[i] = 1.0f;
    }
    failed = saxpy(argc > 1 ? argv[1] : "saxpy.cl");
    if (failed)
        fprintf(stderr, "%s\n", chx_last_error()->message);
    else
        printf("2 x %g + 1 = %g\n", x_data[7], y_data[7]);
    chx_run_destroy(&run);
    chx_plan_destroy(&plan);
    chx_graph_destroy(&graph);
    chx_buffer_destroy(&x);
    chx_buffer_destroy(&y);
    chx_program_destroy(&prog);
    chx_runtime_destroy(&rt);
    return failed || y_data[7] != 15.0f;
}
