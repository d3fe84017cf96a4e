/*
 * Izhikevich's simple neurons, in the form with units (Izhikevich 2007, Dynamical Systems in
 * Neuroscience, chapter 8, doi:10.7551/mitpress/2526.001.0001; Izhikevich 2003,
 * doi:10.1109/TNN.2003.820440, is a choice of parameters).
 *
 *   C dV/dt = k (V - R) (V - T) - u + I + drive
 *     du/dt = a (b (V - R) - u)
 *     dI/dt = -I / tau_s + arriving spikes
 *
 * One step of the classic Runge-Kutta method of fourth order; I is exact at its three times. On the
 * right V is min(V, peak). In a step that ends at the peak, u moves as at its begin. Then
 *
 *   I = exp(-h / tau_s) I + input
 *   V >= peak: the neuron fires; V = reset, u += jump
 *
 * A refractory neuron keeps V, and u goes on. V counts from R. model/izhikevich.h describes
 * constants.
 */
#include "izhikevich.h"
#include "../model.h"

#define IZHIKEVICH_SLOPES(v_there, u_there, current, v_slope, u_slope)                            \
    do {                                                                                          \
        const wide_float there = (v_there);                                                       \
        const wide_float at = select(there, c->peak, there > c->peak);                            \
        const wide_float moves =                                                                  \
            c->gain * at * (at - c->threshold) + ((current) - (u_there)) * c->inverse_c;          \
        v_slope = select((wide_float)(0), moves, awake);                                          \
        u_slope = c->coupling * at - c->forgetting * (u_there);                                   \
    } while (0)

#include "../block_begin.h"
MODEL_STEP
{
    const wide_float v = n->v, u = n->u;
    const wide_float middle = c->keep_half * n->i + drive, end = c->keep * n->i;
    wide_float v1, u1, v2, u2, v3, u3, v4, u4;
    IZHIKEVICH_SLOPES(v, u, n->i + drive, v1, u1);
    IZHIKEVICH_SLOPES(v + c->half_step * v1, u + c->half_step * u1, middle, v2, u2);
    IZHIKEVICH_SLOPES(v + c->half_step * v2, u + c->half_step * u2, middle, v3, u3);
    IZHIKEVICH_SLOPES(v + c->whole_step * v3, u + c->whole_step * u3, end + drive, v4, u4);
    n->v = v + c->sixth_step * ((v1 + v4) + 2.0f * (v2 + v3));
    fired = n->v >= c->peak;
    n->u = u + select(c->sixth_step * ((u1 + u4) + 2.0f * (u2 + u3)), c->whole_step * u1, fired);
    n->i = end + input;
    if (wide_any(fired)) {
        n->v = select(n->v, c->reset, fired);
        n->u = select(n->u, n->u + c->jump, fired);
    }
}
#include "../population.cl"
