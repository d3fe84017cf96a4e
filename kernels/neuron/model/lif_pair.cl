/*
 * Leaky integrate-and-fire neurons as in model/lif.cl, with another time constant for inhibition:
 *
 *   C dV/dt = -C V / tau_m + I + J + drive   V in mV above rest
 *     dI/dt = -I / tau_s + arriving spikes of positive weight   I in pA
 *     dJ/dt = -J / tau_j + arriving spikes of negative weight   J in pA
 *
 *   V = P22 * V + ((P21 * I + P21j * J) + P20 * drive)   unless refractory, where V stays
 *   I = P11 * I + input;  J = P11j * J + inhibition
 *   V >= threshold: the neuron fires; V = reset
 *
 * The constants are described in model/lif_pair.h, the rest in neuron/model.h.
 */
#include "lif_pair.h"
#include "../model.h"

#include "../block_begin.h"
MODEL_STEP
{
    const wide_float pushed = c->p21 * n->i + c->p21_j * n->j;
    const wide_float moved = c->p22 * n->v + (pushed + c->p20 * drive);
    n->v = select(n->v, moved, awake);
    n->i = c->p11 * n->i + input;
    n->j = c->p11_j * n->j + inhibition;
    fired = n->v >= c->threshold;
    if (wide_any(fired))
        n->v = select(n->v, c->reset, fired);
}
#include "../population.cl"
