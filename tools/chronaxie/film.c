/* A film: the network in motion, one run of the graph for one frame or several. */
#include "rendering.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "film_checkpoint.h"
#include "interrupt.h"
#include "outcome.h"
#include "progress.h"
#include "redrawing.h"
#include "stopwatch.h"

#define FRAMES_IN_TRACE 2000
#define FRAMES_IN_PICTURE 4
#define MOST_STEPS_PER_FRAME 1000000.0

/* What is drawn in, layers and all; and the most that all the pictures of a run may take. */
#define BYTES_OF_PIXEL 48u
#define MOST_CANVAS_BYTES (UINT64_C(1) << 30)

/* Speeds of devices that are taken as the same. */
#define ALIKE 1.25

/* Of frames that are drawn together where some are drawn twice: at least so many stretches, and the
 * most that one may hold. */
#define LEAST_STRETCHES 16u
#define MOST_STRETCH_FRAMES 16u
#define MOST_STRETCH_BYTES (UINT64_C(1) << 26)

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

/* Sets what a run draws as one of its pictures. */
static chx_status
set_frame(struct rendering *rendering, uint32_t moment, uint64_t frame)
{
    chx_simulation *simulation = rendering->session.simulation;
    chx_scene *scene = rendering->moments[moment].scene;
    double time_ms = frame_ms(rendering, frame);
    uint64_t steps = steps_at(rendering, time_ms) - chx_simulation_step(simulation);
    chx_camera camera = rendering->camera;
    chx_status status = chx_simulation_set_steps(simulation, (uint32_t)steps);

    camera.azimuth_deg += rendering->orbit_deg * (double)frame / (double)rendering->n_frames;
    if (status == CHX_OK)
        status = chx_scene_set_time(scene, time_ms, rendering->speed);
    if (status == CHX_OK && rendering->orbit_deg != 0)
        status = chx_scene_set_camera(scene, &camera);
    return status;
}

/* A run of n frames; the rest of its pictures show what is not kept. */
static chx_status
submit_frames(struct rendering *rendering, uint64_t first, uint32_t n)
{
    chx_status status = CHX_OK;
    for (uint32_t m = 0; status == CHX_OK && m < rendering->n_moments; m++)
        status = m < n ? set_frame(rendering, m, first + m)
                       : chx_simulation_set_steps(rendering->session.simulation, 0);
    return status == CHX_OK ? rendering_submit(rendering, n) : status;
}

/* Lets a run of no steps deliver what was fired last, so that the state is whole. It draws, too;
 * that is not kept. */
static chx_status
settle(struct rendering *rendering)
{
    chx_status status = submit_frames(rendering, 0, 0);
    return status == CHX_OK ? flight_drain(&rendering->flight) : status;
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

/* Frames of a stretch: those of a run, or more where some are drawn twice. */
static uint32_t
stretch_frames(const struct rendering *rendering)
{
    if (rendering->verification.share == 0)
        return rendering->n_moments;
    const uint64_t frame_bytes = (uint64_t)rendering->size_px[0] * rendering->size_px[1] * 3 / 2;
    uint64_t n = (rendering->n_frames - rendering->first_frame) / LEAST_STRETCHES;
    n = n < MOST_STRETCH_FRAMES ? n : MOST_STRETCH_FRAMES;
    n = n * frame_bytes < MOST_STRETCH_BYTES ? n : MOST_STRETCH_BYTES / frame_bytes;
    return n > rendering->n_moments ? (uint32_t)n : rendering->n_moments;
}

/* Of the next stretch, up to where the reel may be cut. */
static uint32_t
count_frames(const struct rendering *rendering, uint64_t first, uint32_t most)
{
    const uint64_t left = rendering->n_frames - first;
    uint32_t n = most < left ? most : (uint32_t)left;
    if (rendering->checkpoint.path) {
        const uint32_t piece = reel_piece_frames(&rendering->reel);
        const uint32_t until_cut = piece - (uint32_t)(first % piece);
        n = n < until_cut ? n : until_cut;
    }
    return n;
}

static chx_status
draw_stretch(struct rendering *rendering, uint64_t first, uint32_t n)
{
    struct verification *verification = &rendering->verification;
    chx_status status = CHX_OK;
    if (verification->share > 0 && verification_is_due(verification))
        return redrawing_draw(rendering, first, n);
    for (uint32_t i = 0; status == CHX_OK && i < n; i += rendering->n_moments) {
        const uint32_t left = n - i, most = rendering->n_moments;
        status = submit_frames(rendering, first + i, left < most ? left : most);
    }
    return status;
}

static chx_status
submit_film(struct rendering *rendering)
{
    const uint32_t most = stretch_frames(rendering);
    chx_status status = CHX_OK;
    uint64_t f = rendering->begun_frame;

    while (status == CHX_OK && f < rendering->n_frames && !interrupt_pending()) {
        const uint32_t n = count_frames(rendering, f, most);
        status = draw_stretch(rendering, f, n);
        f += n;
        if (status == CHX_OK && is_save_due(rendering, f))
            status = save(rendering, f);
        progress_show(f - rendering->first_frame);
    }
    return status == CHX_OK ? flight_drain(&rendering->flight) : status;
}

/* Advances without drawing and, with --checkpoint, saves; also when a signal came. */
static int
advance(struct rendering *rendering, uint64_t n_steps)
{
    const int code = rendering_advance(rendering, n_steps);
    if (rendering->checkpoint.path && !rendering->flight.is_stuck &&
        (code == OUTCOME_OK || interrupt_pending()) &&
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

/* Whether some devices are much faster than others. */
static bool
has_unlike_devices(const chx_runtime *runtime)
{
    double least = INFINITY, most = 0;
    for (uint32_t d = 0; d < chx_runtime_n_devices(runtime); d++) {
        chx_device_info info;
        if (chx_runtime_device(runtime, d, &info) != CHX_OK || !info.selected || info.spare)
            continue;
        least = fmin(least, info.giga_ops);
        most = fmax(most, info.giga_ops);
    }
    return most > ALIKE * least;
}

/* How many frames a run draws: one for each device, which then has a whole picture to draw and does
 * nothing twice, as bands of one do near their borders; and as many again where a plan may give a
 * fast one more. */
static uint32_t
choose_moments(const struct rendering *rendering)
{
    const chx_runtime *runtime = rendering->session.runtime;
    const uint64_t n_left = rendering->n_frames - rendering->first_frame;
    const uint64_t canvas_bytes =
        (uint64_t)rendering->size_px[0] * rendering->size_px[1] * BYTES_OF_PIXEL;
    uint64_t n = chx_runtime_n_parallel(runtime);

    if (n > 1 && has_unlike_devices(runtime) && 2 * n * canvas_bytes <= MOST_CANVAS_BYTES)
        n *= 2;
    n = n < MOST_MOMENTS ? n : MOST_MOMENTS;
    return (uint32_t)(n < n_left ? n : n_left > 0 ? n_left : 1);
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
    if (code != OUTCOME_OK)
        return code;
    rendering->submit = submit_frames;
    rendering->begun_frame = rendering->first_frame;
    rendering->next_frame = rendering->first_frame;
    rendering->n_kept = rendering->first_frame;
    const uint32_t n_moments = choose_moments(rendering);
    if (n_moments > 1 && rendering->scene_params.n_bands == 0)
        rendering->scene_params.n_bands = 1;
    return rendering_prepare(rendering, n_moments, most_steps(rendering));
}

static int
finish(struct rendering *rendering)
{
    int code = outcome_report(reel_finish(&rendering->reel), STAGE_OUTPUT);

    if (code == OUTCOME_OK)
        code = outcome_report(rendering_take_spikes(rendering), STAGE_WORK);
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
    rendering->flight.picture.first =
        (rendering->n_frames - rendering->first_frame) / 2 / rendering->n_moments;
    rendering->flight.picture.n = (FRAMES_IN_PICTURE - 1) / rendering->n_moments + 1;
    begin_ns = stopwatch_now_ns();
    progress_begin("frames", rendering->n_frames - rendering->first_frame);
    code = rendering_draw(rendering, submit_film);
    progress_clear();
    rendering->wall_s = stopwatch_seconds_since(begin_ns);
    if (interrupt_pending())
        return outcome_stopped();
    return code == OUTCOME_OK ? finish(rendering) : code;
}
