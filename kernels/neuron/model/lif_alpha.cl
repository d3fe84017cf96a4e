/*
 * Leaky integrate-and-fire neurons with alpha-shaped synaptic currents.
 *
 *   C dV/dt = -C V / tau_m + I + J + drive   V in mV above rest
 *     dI/dt = (e R - I) / tau_s                      I in pA
 *     dR/dt = -R / tau_s + arriving spikes of positive weight   R in pA
 *     dJ/dt = (e Q - J) / tau_j                      J in pA
 *     dQ/dt = -Q / tau_j + arriving spikes of negative weight   Q in pA
 *
 * so one spike of weight w makes a current w (t / tau) exp(1 - t / tau), whose peak, at t = tau, is
 * w. This is solved exactly on the grid of time steps (Rotter and Diesmann 1999,
 * doi:10.1007/s004220050570); the propagators P.. come from the host. The order of operations is
 * that of NEST's iaf_psc_alpha:
 *
 *   V = P33 * V + (((P32 * I + P31 * R) + (P32j * J + P31j * Q)) + P30 * drive)   unless refractory
 *   I = P22 * I + P21 * R;   R = P22 * R + input
 *   J = P22j * J + P21j * Q; Q = P22j * Q + inhibition
 *   V >= threshold: the neuron fires; V = reset
 *
 * A refractory neuron keeps V. model/lif_alpha.h describes the constants.
 */
#include "lif_alpha.h"
#include "../model.h"

#include "../block_begin.h"
MODEL_STEP
{
    const wide_float pushed = c->p32 * n->i + c->p31 * n->r;
    const wide_float pulled = c->p32_j * n->j + c->p31_j * n->q;
    const wide_float moved = c->p33 * n->v + ((pushed + pulled) + c->p30 * drive);
    n->v = select(n->v, moved, awake);
    n->i = c->p22 * n->i + c->p21 * n->r;
    n->r = c->p22 * n->r + input;
    n->j = c->p22_j * n->j + c->p21_j * n->q;
    n->q = c->p22_j * n->q + inhibition;
    fired = n->v >= c->threshold;
    if (wide_any(fired))
        n->v = select(n->v, c->reset, fired);
}
#include "../population.cl"
