/* What stills and films have in common, from the scene to the plan. Frames arrive on the
 * library's host thread; an error there is kept with its sentence, since the caller's thread
 * only sees that the run failed. Order of making is the reverse of that of destroying: the plan
 * goes first, as it waits for runs that use all else. */
#include "rendering.h"

#include <string.h>

#include "interrupt.h"
#include "outcome.h"
#include "placement.h"
#include "suggest.h"

chx_status
rendering_keep_error(struct rendering *rendering, chx_status status)
{
    if (status != CHX_OK)
        rendering->frame_error =
            chx_last_error()->status == status ? *chx_last_error() : (chx_error){.status = status};
    return status;
}

/* Keeps a finished frame. Runs on a thread of the library, so the error is kept for later. */
static chx_status
keep_frame(void *data, const chx_frame *frame)
{
    const struct moment *moment = data;
    struct rendering *rendering = moment->rendering;
    chx_status status;

    if (moment->index >= rendering->n_wanted[frame->index % RUNS_REMEMBERED])
        return CHX_OK;
    rendering->digest = XXH3_64bits_withSeed(frame->pixels, frame->size_bytes, rendering->digest);
    if (rendering->is_video)
        status = reel_add(&rendering->reel, frame->pixels);
    else if (frame->format == CHX_PIXELS_RGBA)
        status =
            chx_png_write_rgba(rendering->output, frame->width_px, frame->height_px, frame->pixels);
    else
        status = chx_png_write(rendering->output, frame->width_px, frame->height_px, frame->pixels);
    return rendering_keep_error(rendering, status);
}

/* Looks at a neuron's soma. */
static int
centre_camera(struct rendering *rendering)
{
    const chx_network_info *info = rendering->session.info;

    for (uint32_t i = 0; i < info->n_neurons; i++) {
        if (strcmp(info->neurons[i].name, rendering->centre) != 0)
            continue;
        memcpy(rendering->camera.centre_um, info->neurons[i].position_um,
               sizeof rendering->camera.centre_um);
        return OUTCOME_OK;
    }
    const char *near = suggest_neuron(rendering->centre, info, false);
    return outcome_say(OUTCOME_USAGE, "--centre: %s has no neuron '%s'%s%s%s", info->name,
                       rendering->centre, near ? "; did you mean '" : "", near ? near : "",
                       near ? "'?" : "");
}

/* Who looks closely knows that most lies outside. */
static void
remark_on_view(const struct rendering *rendering)
{
    const chx_network_info *info = rendering->session.info;

    if (rendering->centre || rendering->camera.zoom > 1)
        placement_remark_on_strays(info);
    else
        placement_remark_on_missing(info, rendering->moments[0].scene, &rendering->camera,
                                    rendering->size_px);
}

static int
set_camera(struct rendering *rendering)
{
    chx_camera *camera = &rendering->camera;

    chx_scene_default_camera(rendering->moments[0].scene, camera);
    if (rendering->has_zoom)
        camera->zoom = rendering->zoom;
    if (rendering->has_azimuth)
        camera->azimuth_deg = rendering->azimuth_deg;
    if (rendering->has_elevation)
        camera->elevation_deg = rendering->elevation_deg;
    if (rendering->has_roll)
        camera->roll_deg = rendering->roll_deg;
    if (rendering->centre && centre_camera(rendering) != OUTCOME_OK)
        return OUTCOME_USAGE;
    chx_status status = CHX_OK;
    for (uint32_t m = 0; status == CHX_OK && m < rendering->n_moments; m++)
        status = chx_scene_set_camera(rendering->moments[m].scene, camera);
    int code = outcome_report(status, STAGE_WORK);
    if (code == OUTCOME_OK)
        remark_on_view(rendering);
    return code;
}

static chx_status
create_scenes(struct rendering *rendering)
{
    struct moment *moments = rendering->moments;
    rendering->scene_params.still = rendering->orbit_deg == 0;
    chx_status status = chx_scene_create(rendering->session.runtime, rendering->session.simulation,
                                         &rendering->scene_params, &moments[0].scene);
    for (uint32_t m = 1; status == CHX_OK && m < rendering->n_moments; m++)
        status = chx_scene_create_like(moments[0].scene, &moments[m].scene);
    return status;
}

static chx_status
build_moment(struct rendering *rendering, uint32_t index, uint32_t max_steps)
{
    struct moment *moment = &rendering->moments[index];
    moment->rendering = rendering;
    moment->index = index;
    chx_status status =
        chx_simulation_build(rendering->session.simulation, rendering->graph, max_steps);
    return status == CHX_OK ? chx_scene_build(moment->scene, rendering->graph, keep_frame, moment)
                            : status;
}

static chx_status
create_plan(struct rendering *rendering, uint32_t max_steps)
{
    struct session *session = &rendering->session;
    const chx_plan_params params = session_plan_params(session);
    chx_status status = chx_graph_create(session->runtime, &rendering->graph);
    for (uint32_t m = 0; status == CHX_OK && m < rendering->n_moments; m++)
        status = build_moment(rendering, m, max_steps);
    if (status == CHX_OK)
        status = chx_plan_create(rendering->graph, &params, &rendering->plan);
    rendering->flight.plan = rendering->plan;
    return status;
}

int
rendering_renew(struct rendering *rendering)
{
    return outcome_report(session_renew(&rendering->session, &rendering->params), STAGE_WORK);
}

int
rendering_advance(struct rendering *rendering, uint64_t n_steps)
{
    const chx_status status = session_go(&rendering->session, n_steps);
    if (status != CHX_OK)
        return outcome_report(status, STAGE_WORK);
    return interrupt_pending() ? outcome_stopped() : OUTCOME_OK;
}

int
rendering_simulate(struct rendering *rendering, uint64_t n_steps)
{
    const int code = rendering_renew(rendering);
    return code == OUTCOME_OK ? rendering_advance(rendering, n_steps) : code;
}

int
rendering_prepare(struct rendering *rendering, uint32_t n_moments, uint32_t max_steps)
{
    rendering->n_moments = n_moments;
    int code = outcome_report(create_scenes(rendering), STAGE_WORK);
    if (code != OUTCOME_OK)
        return code;
    code = set_camera(rendering);
    return code == OUTCOME_OK ? outcome_report(create_plan(rendering, max_steps), STAGE_WORK)
                              : code;
}

chx_status
rendering_submit(struct rendering *rendering, uint32_t n_wanted)
{
    rendering->n_wanted[rendering->flight.n_submitted % RUNS_REMEMBERED] = n_wanted;
    return flight_submit(&rendering->flight);
}

int
rendering_draw(struct rendering *rendering, rendering_fn draw)
{
    const chx_status status = draw(rendering);
    chx_error told;
    if (status == CHX_OK)
        return OUTCOME_OK;
    flight_fail(&rendering->flight, status, &told);
    return rendering->frame_error.status != CHX_OK
               ? outcome_report_error(&rendering->frame_error, STAGE_OUTPUT)
               : outcome_report_error(&told, STAGE_WORK);
}

int
rendering_count_spikes(struct rendering *rendering, double simulated_ms)
{
    const chx_spike *spikes;

    rendering->simulated_ms = simulated_ms;
    return outcome_report(
        chx_simulation_spikes(rendering->session.simulation, &spikes, &rendering->n_spikes),
        STAGE_WORK);
}
