/*
 * FitzHugh-Nagumo neurons (FitzHugh 1961, doi:10.1016/S0006-3495(61)86902-6), which have no reset:
 * they fire where v rises through the threshold.
 *
 *   tau dv/dt = v - v^3 / 3 - w + gain (I + drive)
 *   tau dw/dt = pace (v + offset - leak w)
 *      dI/dt  = -I / tau_synapse + arriving spikes
 *
 * v and w have no unit; I is in pA. One step is one of the midpoint method.
 *
 * chronaxie-model 1
 *   parameter tau_ms         = 1,    above 0
 *   parameter pace           = 0.08, above 0, below 1
 *   parameter offset         = 0.7
 *   parameter leak           = 0.8,  at least 0
 *   parameter gain_per_pa    = 0.01
 *   parameter threshold      = 0
 *   parameter tau_synapse_ms = 5,    above 0
 *
 *   constant step      = time_step_ms / tau_ms
 *   constant half_step = step / 2
 *   constant third     = 1 / 3
 *   constant keep      = exp(-time_step_ms / tau_synapse_ms)
 *   constant keep_half = exp(-time_step_ms / 2 / tau_synapse_ms)
 *
 *   state v    = -1.1994
 *   state w    = -0.6243
 *   state i    = 0
 */
MODEL_STEP
{
    const wide_float v = n->v, w = n->w;
    const wide_float push = c->gain_per_pa * (n->i + drive);
    const wide_float half_push = c->gain_per_pa * (c->keep_half * n->i + drive);
    const wide_float half_v = v + c->half_step * (v - c->third * (v * v * v) - w + push);
    const wide_float half_w = w + c->half_step * (c->pace * (v + c->offset - c->leak * w));
    const wide_float cube = half_v * half_v * half_v;
    n->v = select(v, v + c->step * (half_v - c->third * cube - half_w + half_push), awake);
    n->w = w + c->step * (c->pace * (half_v + c->offset - c->leak * half_w));
    n->i = c->keep * n->i + input;
    fired = (n->v >= c->threshold) & (v < c->threshold);
}
