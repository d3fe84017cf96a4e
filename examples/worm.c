/* From a network folder to a picture, through the library: what `chronaxie render` does, in short.
 *
 * usage: worm celegans worm.png [AT_MS]
 *
 * One graph both simulates and draws: each run advances the network, and hands over a picture. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <chronaxie/chronaxie.h>

/* Called on a thread of the library with each finished picture. */
static chx_status
save(void *path, const chx_frame *frame)
{
    return chx_png_write(path, frame->width_px, frame->height_px, frame->pixels);
}

static chx_status
draw_once(chx_graph *graph)
{
    chx_plan *plan = NULL;
    chx_run *run = NULL;
    chx_status status = chx_plan_create(graph, NULL, &plan);

    if (status == CHX_OK)
        status = chx_plan_submit(plan, &run);
    if (status == CHX_OK)
        status = chx_run_wait(run, CHX_FOREVER);
    chx_run_destroy(&run);
    chx_plan_destroy(&plan);
    return status;
}

static chx_status
picture(chx_runtime *runtime, const chx_network *network, double at_ms, char *path)
{
    uint32_t steps = (uint32_t)lround(at_ms / chx_network_get(network)->time_step_ms);
    chx_simulation *simulation = NULL;
    chx_scene *scene = NULL;
    chx_graph *graph = NULL;
    chx_status status = chx_simulation_create(runtime, network, NULL, &simulation);

    if (status == CHX_OK)
        status = chx_scene_create(runtime, simulation, NULL, &scene);
    if (status == CHX_OK)
        status = chx_graph_create(runtime, &graph);
    if (status == CHX_OK)
        status = chx_simulation_build(simulation, graph, steps);
    if (status == CHX_OK)
        status = chx_scene_build(scene, graph, save, path);
    if (status == CHX_OK)
        status = chx_simulation_set_steps(simulation, steps);
    if (status == CHX_OK)
        status = chx_scene_set_time(scene, at_ms, 0);
    if (status == CHX_OK)
        status = draw_once(graph);
    chx_graph_destroy(&graph);
    chx_scene_destroy(&scene);
    chx_simulation_destroy(&simulation);
    return status;
}

int
main(int argc, char **argv)
{
    double at_ms = argc > 3 ? atof(argv[3]) : 100.0;
    chx_network *network = NULL;
    chx_runtime *runtime = NULL;
    chx_status status;

    if (argc < 3) {
        fprintf(stderr, "usage: worm NETWORK OUT.png [AT_MS]\n");
        return 2;
    }
    status = chx_network_load(argv[1], &network);
    if (status == CHX_OK)
        status = chx_runtime_create(&runtime, NULL);
    if (status == CHX_OK)
        status = picture(runtime, network, at_ms, argv[2]);
    if (status == CHX_OK)
        printf("%s: the network %s at %g ms\n", argv[2], chx_network_get(network)->name, at_ms);
    else
        fprintf(stderr, "%s\n", chx_last_error()->message);
    chx_runtime_destroy(&runtime);
    chx_network_destroy(&network);
    return status != CHX_OK;
}
