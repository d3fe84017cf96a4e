/* A film: the network in motion, one run of the graph per frame. */
#include "rendering.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "film_checkpoint.h"
#include "interrupt.h"
#include "outcome.h"
#include "progress.h"
#include "stopwatch.h"

#define FRAMES_IN_TRACE 2000
#define FRAMES_IN_PICTURE 4
#define MOST_STEPS_PER_FRAME 1000000.0

/* Between two checkpoints before the first frame: about a second of two processor cores. */
#define LEAD_IN_NEURON_STEPS UINT64_C(1000000000)

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
    return status == CHX_OK ? flight_submit(&rendering->flight) : status;
}

/* Lets a run of no steps deliver what was fired last, so that the state is whole. It draws, too;
 * that picture is not kept. */
static chx_status
settle(struct rendering *rendering)
{
    rendering->is_settling = true;
    chx_status status = chx_simulation_set_steps(rendering->session.simulation, 0);
    if (status == CHX_OK)
        status = flight_submit(&rendering->flight);
    if (status == CHX_OK)
        status = flight_drain(&rendering->flight);
    rendering->is_settling = false;
    return status;
}

/* Whether to save once so many frames are drawn: where the reel is cut, as often as asked for. */
static bool
is_save_due(const struct rendering *rendering, uint64_t n_frames)
{
    const struct checkpoint *checkpoint = &rendering->checkpoint;
    if (!checkpoint->path)
        return false;
    if (n_frames == rendering->n_frames)
        return true;
    return n_frames % reel_piece_frames(&rendering->reel) == 0 &&
           (checkpoint->every_s == 0 || checkpoint_is_due(checkpoint));
}

static chx_status
save(struct rendering *rendering, uint64_t n_frames)
{
    chx_status status = flight_drain(&rendering->flight);
    if (status == CHX_OK)
        status = rendering_keep_error(rendering, reel_cut(&rendering->reel));
    if (status == CHX_OK)
        status = settle(rendering);
    return status == CHX_OK ? film_checkpoint_save(rendering, n_frames) : status;
}

static chx_status
submit_frames(struct rendering *rendering)
{
    const uint64_t first = rendering->first_frame;
    chx_status status = CHX_OK;

    for (uint64_t f = first; status == CHX_OK && f < rendering->n_frames && !interrupt_pending();
         f++) {
        status = submit_frame(rendering, f);
        if (status == CHX_OK && is_save_due(rendering, f + 1))
            status = save(rendering, f + 1);
        progress_show(f - first);
    }
    return status == CHX_OK ? flight_drain(&rendering->flight) : status;
}

/* Advances without drawing and, with --checkpoint, saves; also when a signal came. */
static int
advance(struct rendering *rendering, uint64_t n_steps)
{
    const int code = rendering_advance(rendering, n_steps);
    if (rendering->checkpoint.path && (code == OUTCOME_OK || interrupt_pending()) &&
        film_checkpoint_save(rendering, rendering->first_frame) != CHX_OK)
        return outcome_report_error(&rendering->frame_error, STAGE_OUTPUT);
    return code;
}

/* Brings the simulation to the first moment to draw, from where it stands; it stands at the end
 * when a film only needs to be joined. */
static int
lead_in(struct rendering *rendering)
{
    const struct session *session = &rendering->session;
    const uint64_t last = rendering->n_frames - 1;
    const uint64_t next = rendering->first_frame < last ? rendering->first_frame : last;
    const uint64_t end = steps_at(rendering, frame_ms(rendering, next));
    const uint64_t most = 1 + LEAD_IN_NEURON_STEPS / (session->info->n_neurons + 1);
    uint64_t left;
    int code;

    do {
        left = end - chx_simulation_step(session->simulation);
        code = advance(rendering, left < most ? left : most);
    } while (code == OUTCOME_OK && left > most);
    return code;
}

static int
prepare(struct rendering *rendering)
{
    double steps = ms_per_frame(rendering) / rendering->session.info->time_step_ms;
    int code;

    if (steps > MOST_STEPS_PER_FRAME)
        return outcome_say(OUTCOME_USAGE,
                           "--speed %g makes %.0f steps per frame; take at most %.0f",
                           rendering->speed, steps, MOST_STEPS_PER_FRAME);
    code = rendering_renew(rendering);
    if (code == OUTCOME_OK)
        code = film_checkpoint_begin(rendering);
    if (code == OUTCOME_OK && rendering->first_frame < rendering->n_frames)
        code = outcome_report(reel_open(&rendering->reel), STAGE_OUTPUT);
    if (code == OUTCOME_OK)
        code = lead_in(rendering);
    if (code == OUTCOME_OK)
        code = rendering_prepare(rendering, most_steps(rendering));
    return code;
}

/* Appends the spikes of this process to those of the ones before. */
static int
gather_spikes(struct rendering *rendering)
{
    const chx_spike *spikes;
    chx_spike *all;
    size_t n;
    chx_status status = chx_simulation_spikes(rendering->session.simulation, &spikes, &n);

    if (status != CHX_OK)
        return outcome_report(status, STAGE_WORK);
    all = realloc(rendering->earlier, (rendering->n_earlier + n + 1) * sizeof *all);
    if (!all)
        return outcome_say(OUTCOME_MEMORY, "no memory for the spikes");
    if (n > 0)
        memcpy(all + rendering->n_earlier, spikes, n * sizeof *all);
    rendering->earlier = all;
    rendering->n_earlier += n;
    return OUTCOME_OK;
}

static int
finish(struct rendering *rendering)
{
    int code = outcome_report(reel_finish(&rendering->reel), STAGE_OUTPUT);

    if (code == OUTCOME_OK)
        code = gather_spikes(rendering);
    rendering->n_spikes = rendering->n_earlier;
    rendering->simulated_ms = rendering->end_ms;
    return code == OUTCOME_OK ? session_write_spikes(&rendering->session, &rendering->params,
                                                     rendering->earlier, rendering->n_spikes,
                                                     rendering->end_ms + ms_per_frame(rendering))
                              : code;
}

int
rendering_film(struct rendering *rendering)
{
    double frames = rendering->params.duration_ms / ms_per_frame(rendering);
    uint64_t begin_ns;
    int code;

    rendering->n_frames = frames < 1 ? 1 : (uint64_t)ceil(frames - 1e-6);
    rendering->end_ms = frame_ms(rendering, rendering->n_frames - 1);
    rendering->reel = (struct reel){.path = rendering->output,
                                    .checkpoint_path = rendering->checkpoint.path,
                                    .params = {rendering->size_px[0], rendering->size_px[1],
                                               rendering->fps, rendering->quality}};
    code = prepare(rendering);
    if (code != OUTCOME_OK)
        return code;
    rendering->flight.trace.n = FRAMES_IN_TRACE;
    /* The middle of the film shows the steady state. */
    rendering->flight.picture.first = (rendering->n_frames - rendering->first_frame) / 2;
    rendering->flight.picture.n = FRAMES_IN_PICTURE;
    begin_ns = stopwatch_now_ns();
    progress_begin("frames", rendering->n_frames - rendering->first_frame);
    code = rendering_draw(rendering, submit_frames);
    progress_clear();
    rendering->wall_s = stopwatch_seconds_since(begin_ns);
    if (interrupt_pending())
        return outcome_stopped();
    return code == OUTCOME_OK ? finish(rendering) : code;
}
