/*
 * Generalised leaky integrate-and-fire neurons with two after-spike currents, level 3 of Teeter and
 * others 2018 (doi:10.1038/s41467-017-02717-4), with an exponential synaptic current.
 *
 *   C dV/dt = -G V + A + B + I + drive   V in mV above rest
 *     dA/dt = -k1 A;  dB/dt = -k2 B      A, B in pA
 *     dI/dt = -I / tau_s + arriving spikes
 *
 * is solved exactly on the grid of time steps; the propagators P.. come from the host:
 *
 *   V = Pv * V + ((Pi * I + (Pa * A + Pb * B)) + Pdrive * drive)   unless refractory, where V stays
 *   I = exp(-h / tau_s) I + input;  A = exp(-h k1) A;  B = exp(-h k2) B
 *   V >= threshold: the neuron fires; V = reset, A = f1 A + jump1, B = f2 B + jump2
 *
 * A and B decay on while the spike is cut out, that is while the neuron is refractory. The paper
 * adds what a spike adds at the end of that time, tc, so jump1 is exp(k1 tc) times what is added
 * there: from then on A is the paper's, exp(-k1 tc) f1 times what it was before the spike, plus
 * that. model/glif3.h describes the constants.
 */
#include "glif3.h"
#include "../model.h"

#include "../block_begin.h"
MODEL_STEP
{
    const wide_float pushed = c->p_i * n->i + (c->p_a * n->a + c->p_b * n->b);
    const wide_float moved = c->p_v * n->v + (pushed + c->p_drive * drive);
    n->v = select(n->v, moved, awake);
    n->i = c->keep_i * n->i + input;
    n->a = c->keep_a * n->a;
    n->b = c->keep_b * n->b;
    fired = n->v >= c->threshold;
    if (wide_any(fired)) {
        n->v = select(n->v, c->reset, fired);
        n->a = select(n->a, c->kept_a * n->a + c->jump_a, fired);
        n->b = select(n->b, c->kept_b * n->b + c->jump_b, fired);
    }
}
#include "../population.cl"
