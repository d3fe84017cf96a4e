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

/* The slopes, and the exponential in that of V. */
#define ADEX_SLOPES(v_there, w_there, current, v_slope, w_slope, exponential)                     \
    do {                                                                                          \
        const wide_float there = (v_there), lowest = (wide_float)(-60);                           \
        const wide_float at = select(there, c->peak, there > c->peak);                            \
        const wide_float power = (at - c->threshold) * c->sharpness;                              \
        WIDE_EXP(exponential, select(power, lowest, power < lowest));                             \
        const wide_float linear = ((current) - (w_there)) * c->inverse_c - c->leak * at;          \
        v_slope = select((wide_float)(0), c->gain * exponential + linear, awake);                 \
        w_slope = c->coupling * at - c->forgetting * (w_there);                                   \
    } while (0)

#include "../block_begin.h"
MODEL_STEP
{
    const wide_float v = n->v, w = n->w;
    const wide_float middle = c->keep_half * n->i + drive, end = c->keep * n->i;
    wide_float v1, w1, v2, w2, v3, w3, v4, w4, exponential, unused;
    ADEX_SLOPES(v, w, n->i + drive, v1, w1, exponential);
    ADEX_SLOPES(v + c->half_step * v1, w + c->half_step * w1, middle, v2, w2, unused);
    ADEX_SLOPES(v + c->half_step * v2, w + c->half_step * w2, middle, v3, w3, unused);
    ADEX_SLOPES(v + c->whole_step * v3, w + c->whole_step * w3, end + drive, v4, w4, unused);
    n->v = v + c->sixth_step * ((v1 + v4) + 2.0f * (v2 + v3));

    /* Where V runs away within this step. */
    const wide_float linear = (middle - w) * c->inverse_c - c->leak * v;
    const wide_float fall = linear * c->half_step * c->sharpness;
    const wide_int is_upstroke = exponential * c->upstroke + fall >= (wide_float)(1);
    n->v = select(n->v, c->peak, is_upstroke & awake);
    fired = n->v >= c->peak;
    n->w = w + select(c->sixth_step * ((w1 + w4) + 2.0f * (w2 + w3)), c->whole_step * w1, fired);
    n->i = end + input;
    if (wide_any(fired)) {
        n->v = select(n->v, c->reset, fired);
        n->w = select(n->w, n->w + c->jump, fired);
    }
}
#include "../population.cl"
