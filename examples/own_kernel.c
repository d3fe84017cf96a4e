/* A kernel file of your own: edit it, run this again, and read what the compiler says.
 *
 * usage: own_kernel heat.cl
 *
 * The file's kernel `advance(before, after, n)` is applied 1000 times to a rod that is hot in the
 * middle. The graph holds two steps, there and back, and its plan is replayed. */
#include <stdio.h>

#include <chronaxie/chronaxie.h>

#define N 101
#define N_STEPS 1000

static float rod[N];

static chx_status
add_step(chx_graph *graph, chx_program *program, chx_buffer *before, chx_buffer *after)
{
    return chx_graph_kernel(graph,
                            &(chx_kernel_task){
                                .program = program,
                                .kernel = "advance",
                                .global = {N},
                                .args = CHX_ARGS(CHX_READ(before), CHX_WRITE(after), CHX_INT(N)),
                            });
}

static chx_status
replay(chx_graph *graph, chx_buffer *result)
{
    chx_plan *plan = NULL;
    chx_status status = chx_plan_create(graph, NULL, &plan);

    for (int i = 0; i < N_STEPS / 2 && status == CHX_OK; i++)
        status = chx_plan_submit(plan, NULL);
    if (status == CHX_OK)
        status = chx_buffer_read(result, 0, sizeof rod, rod);
    chx_plan_destroy(&plan);
    return status;
}

static chx_status
simulate(chx_runtime *runtime, chx_program *program)
{
    chx_buffer *even = NULL;
    chx_buffer *odd = NULL;
    chx_graph *graph = NULL;
    chx_status status = chx_program_build(program);

    if (status == CHX_OK)
        status = chx_buffer_create(runtime, sizeof rod, rod, &even);
    if (status == CHX_OK)
        status = chx_buffer_create(runtime, sizeof rod, NULL, &odd);
    if (status == CHX_OK)
        status = chx_graph_create(runtime, &graph);
    if (status == CHX_OK)
        status = add_step(graph, program, even, odd);
    if (status == CHX_OK)
        status = add_step(graph, program, odd, even);
    if (status == CHX_OK)
        status = replay(graph, even);
    chx_graph_destroy(&graph);
    chx_buffer_destroy(&odd);
    chx_buffer_destroy(&even);
    return status;
}

int
main(int argc, char **argv)
{
    chx_runtime *runtime = NULL;
    chx_program *program = NULL;
    chx_status status = chx_runtime_create(&runtime, NULL);

    rod[N / 2] = 100.0f;
    if (status == CHX_OK)
        status = chx_program_from_file(runtime, argc > 1 ? argv[1] : "heat.cl", NULL, &program);
    if (status == CHX_OK)
        status = simulate(runtime, program);
    if (status == CHX_ERROR_BUILD)
        fprintf(stderr, "your kernel does not compile yet:\n  %s\n", chx_last_error()->message);
    else if (status != CHX_OK)
        fprintf(stderr, "%s\n", chx_last_error()->message);
    else
        printf("after %d steps: middle %.3f, a quarter along %.3f, end %.3f\n", N_STEPS, rod[N / 2],
               rod[N / 4], rod[0]);
    chx_program_destroy(&program);
    chx_runtime_destroy(&runtime);
    return status != CHX_OK;
}
