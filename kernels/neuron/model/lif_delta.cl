/*
 * Leaky integrate-and-fire neurons whose potential spikes move at once, by their weights in mV.
 *
 *   C dV/dt = -C V / tau_m + drive   V in mV above rest
 *   a spike arrives: V = V + weight
 *
 * is solved exactly on the grid of time steps; the propagators P.. come from the host. The order of
 * operations is that of NEST's iaf_psc_delta:
 *
 *   V = P22 * V + (P20 * drive + input)   unless refractory, where V stays and input is lost
 *   V >= threshold: the neuron fires; V = reset
 *
 * model/lif_delta.h describes the constants, neuron/model.h the rest.
 */
#include "lif_delta.h"
#include "../model.h"

#include "../block_begin.h"
MODEL_STEP
{
    n->v = select(n->v, c->p22 * n->v + (c->p20 * drive + input), awake);
    fired = n->v >= c->threshold;
    if (wide_any(fired))
        n->v = select(n->v, c->reset, fired);
}
#include "../population.cl"
