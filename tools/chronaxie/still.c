/* A still: one picture of one moment. */
#include "rendering.h"

#include "interrupt.h"
#include "moment.h"
#include "outcome.h"
#include "redrawing.h"
#include "stopwatch.h"

/* Simulates from the start, and takes the spikes. */
static int
simulate(struct rendering *rendering, double until_ms)
{
    const int code = rendering_simulate(rendering, session_steps(&rendering->session, until_ms));
    return code == OUTCOME_OK ? outcome_report(rendering_take_spikes(rendering), STAGE_WORK) : code;
}

/* Simulates the whole duration once: for the spikes, and to find the moment to draw. The results
 * are the same bits in a second simulation, so that one need not be looked at again. */
static int
survey(struct rendering *rendering)
{
    struct session *session = &rendering->session;
    const session_params *params = &rendering->params;
    const int code = simulate(rendering, params->duration_ms);

    if (code != OUTCOME_OK)
        return code;
    if (!rendering->has_at &&
        !moment_brightest(session->info, rendering->earlier, rendering->n_earlier,
                          params->duration_ms, &rendering->at_ms))
        return outcome_say(OUTCOME_MEMORY, "memory ran out while looking for the brightest moment");
    rendering->n_spikes = rendering->n_earlier;
    rendering->simulated_ms = params->duration_ms;
    return session_write_spikes(session, params, rendering->earlier, rendering->n_spikes,
                                params->duration_ms);
}

static chx_status
submit(struct rendering *rendering, uint64_t first, uint32_t n)
{
    (void)first;
    chx_status status = chx_simulation_set_steps(rendering->session.simulation, 0);

    if (status == CHX_OK)
        status = chx_scene_set_time(rendering->moments[0].scene, rendering->at_ms, 0);
    return status == CHX_OK ? rendering_submit(rendering, n) : status;
}

static chx_status
draw(struct rendering *rendering)
{
    struct verification *verification = &rendering->verification;
    if (verification->share > 0 && verification_is_due(verification))
        return redrawing_draw(rendering, 0, 1);
    const chx_status status = submit(rendering, 0, 1);
    return status == CHX_OK ? flight_drain(&rendering->flight) : status;
}

int
rendering_still(struct rendering *rendering)
{
    const session_params *params = &rendering->params;
    uint64_t begin_ns;
    int code = OUTCOME_OK;

    if (!rendering->has_at || params->spikes_path || params->raster_path)
        code = survey(rendering);
    if (code == OUTCOME_OK)
        code = simulate(rendering, rendering->at_ms);
    if (code == OUTCOME_OK && rendering->simulated_ms == 0) {
        rendering->n_spikes = rendering->n_earlier;
        rendering->simulated_ms = rendering->at_ms;
    }
    rendering->submit = submit;
    if (code == OUTCOME_OK)
        code = rendering_prepare(rendering, 1, 1);
    if (code != OUTCOME_OK)
        return code;
    if (interrupt_pending())
        return outcome_stopped();
    rendering->flight.trace.n = 1;
    rendering->flight.picture.n = 1;
    begin_ns = stopwatch_now_ns();
    code = rendering_draw(rendering, draw);
    rendering->wall_s = stopwatch_seconds_since(begin_ns);
    rendering->n_frames = 1;
    rendering->end_ms = rendering->at_ms;
    return code;
}
