/* What stills and films have in common, from the scene to the plan. Frames arrive on the
 * library's host thread; an error there is kept with its sentence, since the caller's thread
 * only sees that the run failed. Order of making is the reverse of that of destroying: the plan
 * goes first, as it waits for runs that use all else. */
#include "rendering.h"

#include <stdlib.h>
#include <string.h>

#include "interrupt.h"
#include "outcome.h"
#include "placement.h"
#include "redrawing.h"
#include "suggest.h"

chx_status
rendering_keep_error(struct rendering *rendering, chx_status status)
{
    if (status != CHX_OK)
        rendering->frame_error =
            chx_last_error()->status == status ? *chx_last_error() : (chx_error){.status = status};
    return status;
}

chx_status
rendering_keep_frame(struct rendering *rendering, const uint8_t *pixels, size_t size_bytes)
{
    const uint32_t *size_px = rendering->size_px;
    chx_status status;
    if (rendering->next_frame++ < rendering->n_kept)
        return CHX_OK;
    rendering->n_kept++;
    rendering->digest = XXH3_64bits_withSeed(pixels, size_bytes, rendering->digest);
    if (rendering->is_video)
        status = reel_add(&rendering->reel, pixels);
    else if (rendering->scene_params.format == CHX_PIXELS_RGBA)
        status = chx_png_write_rgba(rendering->output, size_px[0], size_px[1], pixels);
    else
        status = chx_png_write(rendering->output, size_px[0], size_px[1], pixels);
    return rendering_keep_error(rendering, status);
}

/* Takes a finished frame. Runs on a thread of the library, so the error is kept for later. */
static chx_status
take_frame(void *data, const chx_frame *frame)
{
    const struct moment *moment = data;
    struct rendering *rendering = moment->rendering;

    if (moment->index >= rendering->n_wanted[frame->index % RUNS_REMEMBERED])
        return CHX_OK;
    if (!rendering->gathered)
        return rendering_keep_frame(rendering, frame->pixels, frame->size_bytes);
    return frames_add(rendering->gathered, frame->pixels, frame->size_bytes) ? CHX_OK
                                                                             : CHX_ERROR_MEMORY;
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

static chx_status
turn_cameras(struct rendering *rendering)
{
    chx_status status = CHX_OK;
    for (uint32_t m = 0; status == CHX_OK && m < rendering->n_moments; m++)
        status = chx_scene_set_camera(rendering->moments[m].scene, &rendering->camera);
    return status;
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
    int code = outcome_report(turn_cameras(rendering), STAGE_WORK);
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
build_moment(struct rendering *rendering, uint32_t index)
{
    struct moment *moment = &rendering->moments[index];
    moment->rendering = rendering;
    moment->index = index;
    chx_status status =
        chx_simulation_build(rendering->session.simulation, rendering->graph, rendering->max_steps);
    return status == CHX_OK ? chx_scene_build(moment->scene, rendering->graph, take_frame, moment)
                            : status;
}

static chx_status
create_plan(struct rendering *rendering)
{
    struct session *session = &rendering->session;
    const chx_plan_params params = session_plan_params(session);
    chx_status status = chx_graph_create(session->runtime, &rendering->graph);
    for (uint32_t m = 0; status == CHX_OK && m < rendering->n_moments; m++)
        status = build_moment(rendering, m);
    if (status == CHX_OK)
        status = chx_plan_create(rendering->graph, &params, &rendering->plan);
    rendering->flight.plan = rendering->plan;
    rendering->first_run = rendering->flight.n_submitted;
    return status;
}

chx_status
rendering_stage(struct rendering *rendering)
{
    chx_status status = create_scenes(rendering);
    if (status == CHX_OK)
        status = turn_cameras(rendering);
    return status == CHX_OK ? create_plan(rendering) : status;
}

void
rendering_strike(struct rendering *rendering)
{
    chx_plan_destroy(&rendering->plan);
    chx_graph_destroy(&rendering->graph);
    for (uint32_t m = rendering->n_moments; m > 0; m--)
        chx_scene_destroy(&rendering->moments[m - 1].scene);
}

int
rendering_renew(struct rendering *rendering)
{
    return outcome_report(session_renew(&rendering->session, &rendering->params), STAGE_WORK);
}

int
rendering_advance(struct rendering *rendering, uint64_t n_steps)
{
    const bool is_verified = rendering->verification.share > 0 && !rendering->session.recording;
    if (is_verified && n_steps > 0)
        return redrawing_simulate(rendering, n_steps);
    const chx_status status = session_go(&rendering->session, n_steps);
    if (status != CHX_OK)
        return outcome_report(status, STAGE_WORK);
    return interrupt_pending() ? outcome_stopped() : OUTCOME_OK;
}

int
rendering_simulate(struct rendering *rendering, uint64_t n_steps)
{
    const int code = rendering_renew(rendering);
    rendering->n_earlier = 0;
    return code == OUTCOME_OK ? rendering_advance(rendering, n_steps) : code;
}

int
rendering_prepare(struct rendering *rendering, uint32_t n_moments, uint32_t max_steps)
{
    rendering->n_moments = n_moments;
    rendering->max_steps = max_steps;
    int code = outcome_report(create_scenes(rendering), STAGE_WORK);
    if (code != OUTCOME_OK)
        return code;
    code = set_camera(rendering);
    if (code == OUTCOME_OK)
        code = outcome_report(create_plan(rendering), STAGE_WORK);
    if (code == OUTCOME_OK && rendering->verification.share > 0)
        code = outcome_report(redrawing_begin(rendering), STAGE_WORK);
    return code;
}

chx_status
rendering_submit(struct rendering *rendering, uint32_t n_wanted)
{
    const uint64_t run = rendering->flight.n_submitted - rendering->first_run;
    rendering->n_wanted[run % RUNS_REMEMBERED] = n_wanted;
    return flight_submit(&rendering->flight);
}

int
rendering_draw(struct rendering *rendering, rendering_fn draw)
{
    const struct verification *verification = &rendering->verification;
    chx_status status = draw(rendering);
    chx_error told;
    while (status != CHX_OK) {
        flight_fail(&rendering->flight, status, &told);
        if (rendering->frame_error.status != CHX_OK)
            return outcome_report_error(&rendering->frame_error, STAGE_OUTPUT);
        if (verification->undecided.status != CHX_OK)
            return outcome_report_error(&verification->undecided, STAGE_WORK);
        if (rendering->flight.is_stuck ||
            !verification_does_without(&rendering->verification, &told))
            return outcome_report_error(&told, STAGE_WORK);
        status = redrawing_rebuild(rendering);
        if (status == CHX_OK)
            status = draw(rendering);
    }
    return OUTCOME_OK;
}

bool
rendering_add_spikes(struct rendering *rendering, const chx_spike *spikes, size_t n_spikes)
{
    const size_t n = rendering->n_earlier + n_spikes;
    chx_spike *all = realloc(rendering->earlier, (n + 1) * sizeof *all);
    if (!all)
        return false;
    if (n_spikes > 0)
        memcpy(all + rendering->n_earlier, spikes, n_spikes * sizeof *all);
    rendering->earlier = all;
    rendering->n_earlier = n;
    return true;
}

chx_status
rendering_take_spikes(struct rendering *rendering)
{
    chx_spike *spikes;
    size_t n;
    const chx_status status =
        chx_simulation_take_spikes(rendering->session.simulation, &spikes, &n);
    if (status != CHX_OK)
        return status;
    const bool done = rendering_add_spikes(rendering, spikes, n);
    free(spikes);
    return done ? CHX_OK : CHX_ERROR_MEMORY;
}
