/* A film: the network in motion, one run of the graph per frame. */
#include "rendering.h"

#include <math.h>

#include "interrupt.h"
#include "outcome.h"
#include "progress.h"
#include "stopwatch.h"

#define FRAMES_IN_TRACE 2000
#define FRAMES_IN_PICTURE 4
#define MOST_STEPS_PER_FRAME 1000000.0

static double
ms_per_frame(const struct rendering *rendering)
{
    return rendering->speed * 1e3 / rendering->fps;
}

/* Steps that are over at a time; the small number forgives times such as 0.1 x 3. */
static uint64_t
steps_at(const struct rendering *rendering, double time_ms)
{
    return (uint64_t)floor(time_ms / rendering->session.info->time_step_ms + 1e-6);
}

static double
frame_ms(const struct rendering *rendering, uint64_t frame)
{
    return rendering->start_ms + (double)frame * ms_per_frame(rendering);
}

static uint32_t
most_steps(const struct rendering *rendering)
{
    return (uint32_t)ceil(ms_per_frame(rendering) / rendering->session.info->time_step_ms) + 1;
}

static chx_status
submit_frame(struct rendering *rendering, uint64_t frame)
{
    struct session *session = &rendering->session;
    double time_ms = frame_ms(rendering, frame);
    uint64_t steps = steps_at(rendering, time_ms) - chx_simulation_step(session->simulation);
    chx_camera camera = rendering->camera;
    chx_status status = chx_simulation_set_steps(session->simulation, (uint32_t)steps);

    camera.azimuth_deg += rendering->orbit_deg * (double)frame / (double)rendering->n_frames;
    if (status == CHX_OK)
        status = chx_scene_set_time(rendering->scene, time_ms, rendering->speed);
    if (status == CHX_OK && rendering->orbit_deg != 0)
        status = chx_scene_set_camera(rendering->scene, &camera);
    rendering->end_ms = time_ms;
    return status == CHX_OK ? flight_submit(&rendering->flight) : status;
}

static chx_status
submit_frames(struct rendering *rendering)
{
    chx_status status = CHX_OK;

    for (uint64_t f = 0; status == CHX_OK && f < rendering->n_frames && !interrupt_pending(); f++) {
        status = submit_frame(rendering, f);
        progress_show(rendering->flight.n_ended);
    }
    return status == CHX_OK ? flight_drain(&rendering->flight) : status;
}

static int
prepare(struct rendering *rendering)
{
    struct session *session = &rendering->session;
    const chx_video_params video = {rendering->scene_params.width_px,
                                    rendering->scene_params.height_px, rendering->fps,
                                    rendering->quality};
    double steps = ms_per_frame(rendering) / session->info->time_step_ms;
    int code;

    if (steps > MOST_STEPS_PER_FRAME)
        return outcome_say(OUTCOME_USAGE,
                           "--speed %g makes %.0f steps per frame; take at most %.0f",
                           rendering->speed, steps, MOST_STEPS_PER_FRAME);
    code = outcome_report(chx_video_create(rendering->output, &video, &rendering->video),
                          STAGE_OUTPUT);
    if (code == OUTCOME_OK)
        code = rendering_simulate(rendering, steps_at(rendering, rendering->start_ms));
    if (code == OUTCOME_OK)
        code = rendering_prepare(rendering, most_steps(rendering));
    return code;
}

int
rendering_film(struct rendering *rendering)
{
    double frames = rendering->params.duration_ms / ms_per_frame(rendering);
    uint64_t begin_ns;
    int code = prepare(rendering);

    if (code != OUTCOME_OK)
        return code;
    rendering->n_frames = frames < 1 ? 1 : (uint64_t)ceil(frames - 1e-6);
    rendering->flight.trace.n = FRAMES_IN_TRACE;
    /* The middle of the film shows the steady state. */
    rendering->flight.picture.first = rendering->n_frames / 2;
    rendering->flight.picture.n = FRAMES_IN_PICTURE;
    begin_ns = stopwatch_now_ns();
    progress_begin("frames", rendering->n_frames);
    code = rendering_draw(rendering, submit_frames);
    progress_clear();
    rendering->wall_s = stopwatch_seconds_since(begin_ns);
    if (interrupt_pending())
        return outcome_stopped();
    if (code == OUTCOME_OK)
        code = outcome_report(chx_video_finish(rendering->video), STAGE_OUTPUT);
    if (code == OUTCOME_OK)
        code = session_write_spikes(&rendering->session, &rendering->params,
                                    rendering->end_ms + ms_per_frame(rendering));
    if (code == OUTCOME_OK)
        code = rendering_count_spikes(rendering, rendering->end_ms);
    return code;
}
