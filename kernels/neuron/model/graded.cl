/*
 * Neurons that transmit without spikes, as most of C. elegans do: a leaky membrane, and synapses
 * that open with its potential (after Wicks and others 1996,
 * doi:10.1523/JNEUROSCI.16-12-04017.1996, and Kunert and others 2014,
 * doi:10.1103/PhysRevE.89.052805).
 *
 *   C dV/dt = -G V + I + drive                  V in mV above rest
 *     dI/dt = -I / tau_s + arriving spikes      I in pA
 *     dS/dt = rise F (1 - S) - fall S,  F = 1 / (1 + exp(-(V - midpoint) / width))
 *
 * V and I are solved exactly on the grid of time steps, S by Crank and Nicolson's method with F at
 * the step's begin; with p = 1 / F, so that one division does,
 *
 *   S = S + (rise - (rise + fall p) S) / (p + (rise + fall p) / 2)
 *   V = Pv V + (Pi I + Pdrive drive)
 *   I = exp(-h / tau_s) I + input
 *   V >= threshold where it was below: counted as a spike, which changes nothing
 *
 * model/graded.h describes the constants.
 */
#include "graded.h"
#include "../model.h"

#include "../block_begin.h"
MODEL_STEP
{
    /* Beyond exp(60) no transmitter is released that a float could add. */
    const wide_float most = (wide_float)(60), v = n->v;
    const wide_float scaled = c->shift - c->steepness * v;
    wide_float p;
    WIDE_EXP(p, select(scaled, most, scaled > most));
    p = p + 1.0f;
    const wide_float sum = c->rise + c->fall * p;
    wide_float inverse;
    WIDE_RECIPROCAL(inverse, p + 0.5f * sum);
    n->s = n->s + (c->rise - sum * n->s) * inverse;
    n->v = select(v, c->p_v * v + (c->p_i * n->i + c->p_drive * drive), awake);
    n->i = c->keep_i * n->i + input;
    fired = (n->v >= c->threshold) & (v < c->threshold);
}
#include "../population.cl"
