/*
 * Leaky integrate-and-fire neurons with exponential synaptic current.
 *
 *   C dV/dt = -C V / tau_m + I + drive      V in mV above rest
 *     dI/dt = -I / tau_s + arriving spikes  I in pA
 *
 * is solved exactly on the grid of time steps (Rotter and Diesmann 1999,
 * doi:10.1007/s004220050570); the propagators P.. come from the host. The order
 * of operations is that of NEST's iaf_psc_exp:
 *
 *   V = P22 * V + (P21 * I + P20 * drive)   unless refractory, where V stays
 *   I = P11 * I + input
 *   V >= threshold: the neuron fires; V = reset
 *
 * The constants are described in model/lif.h, the rest in neuron/model.h.
 */
#include "lif.h"
#include "../model.h"

#include "../block_begin.h"
MODEL_STEP
{
    const wide_float moved = c->p22 * n->v + (c->p21 * n->i + c->p20 * drive);
    n->v = select(n->v, moved, awake);
    n->i = c->p11 * n->i + input;
    fired = n->v >= c->threshold;
    if (wide_any(fired))
        n->v = select(n->v, c->reset, fired);
}
#include "../population.cl"
