/*
 * Adaptive exponential integrate-and-fire neurons (Brette and Gerstner 2005,
 * doi:10.1152/jn.00686.2005; Naud and others 2008, doi:10.1007/s00422-008-0264-7).
 *
 *   C dV/dt = -g (V - E) + g D exp((V - T) / D) - w + I + drive
 *   t dw/dt = a (V - E) - w
 *     dI/dt = -I / tau_s + arriving spikes
 *
 * One step of the classic Runge-Kutta method of fourth order; I is exact at its three times. On the
 * right V is min(V, peak), and the argument of the exponential is not below -60.
 *
 * No polynomial follows V where it runs away. There z = exp((T - V) / D) falls at an even pace,
 *
 *   dz/dt = -(g D / C + z L) / D    L = (I + drive - w) / C - g (V - E) / C
 *
 * and z L, which is small, halves on the average over a step in which z falls to nothing. So V is
 * at its peak at the end of a step where z - h (g D / C + z L / 2) / D <= exp((T - peak) / D).
 * w moves in such a step as at its begin. Then
 *
 *   I = exp(-h / tau_s) I + input
 *   V >= peak: the neuron fires; V = reset, w += jump
 *
 * A refractory neuron keeps V, and w goes on. V counts from E. model/adex.h describes constants.
 */
#include "adex.h"
#include "../model.h"
#include "../../common/math.h"

/* The slopes, and the exponential in that of V. */
static wide_float
adex_slopes(const model_constants *c, wide_float v, wide_float w, wide_float current,
            wide_int awake, wide_float *v_slope, wide_float *w_slope)
{
    const wide_float lowest = (wide_float)(-60);
    v = select(v, c->peak, v > c->peak);
    const wide_float power = (v - c->threshold) * c->sharpness;
    const wide_float exponential = wide_exp(select(power, lowest, power < lowest));
    const wide_float linear = (current - w) * c->inverse_c - c->leak * v;
    *v_slope = select((wide_float)(0), c->gain * exponential + linear, awake);
    *w_slope = c->coupling * v - c->forgetting * w;
    return exponential;
}

/* Where V runs away within the step that begins with this state. */
static wide_int
adex_is_upstroke(const model_constants *c, wide_float v, wide_float w, wide_float current,
                 wide_float exponential)
{
    const wide_float linear = (current - w) * c->inverse_c - c->leak * v;
    const wide_float fall = linear * c->half_step * c->sharpness;
    return exponential * c->upstroke + fall >= (wide_float)(1);
}

static void
model_advance(model_state *n, const model_constants *c, wide_float drive, wide_float input,
              wide_int awake)
{
    const wide_float v = n->v, w = n->w;
    const wide_float middle = c->keep_half * n->i + drive, end = c->keep * n->i;
    wide_float v1, w1, v2, w2, v3, w3, v4, w4;
    const wide_float exponential = adex_slopes(c, v, w, n->i + drive, awake, &v1, &w1);
    adex_slopes(c, v + c->half_step * v1, w + c->half_step * w1, middle, awake, &v2, &w2);
    adex_slopes(c, v + c->half_step * v2, w + c->half_step * w2, middle, awake, &v3, &w3);
    adex_slopes(c, v + c->whole_step * v3, w + c->whole_step * w3, end + drive, awake, &v4, &w4);
    n->v = v + c->sixth_step * ((v1 + v4) + 2.0f * (v2 + v3));
    n->v = select(n->v, c->peak, adex_is_upstroke(c, v, w, middle, exponential) & awake);
    n->w = w + select(c->sixth_step * ((w1 + w4) + 2.0f * (w2 + w3)), c->whole_step * w1,
                      n->v >= c->peak);
    n->i = end + input;
}

static wide_int
model_fires(const model_state *n, const model_constants *c)
{
    return n->v >= c->peak;
}

static void
model_reset(model_state *n, const model_constants *c, wide_int fired)
{
    n->v = select(n->v, c->reset, fired);
    n->w = select(n->w, n->w + c->jump, fired);
}

#include "../population.cl"
