/*
 * Leaky integrate-and-fire neurons with synaptic conductances that decay exponentially (Vogels and
 * Abbott 2005, doi:10.1523/JNEUROSCI.3508-05.2005; Brette and others 2007,
 * doi:10.1007/s10827-007-0038-6, benchmark 1).
 *
 *   C dV/dt = -gL V + g (E - V) + k (Ek - V) + drive   V, E and Ek in mV above rest
 *     dg/dt = -g / tau_s + arriving spikes of positive weight   nS
 *     dk/dt = -k / tau_k - arriving spikes of negative weight   nS
 *
 * One step of the classic Runge-Kutta method of fourth order; g and k are exact at its three times.
 * Where they are so large that the method does not follow, V stays within 1e6 mV. Then
 *
 *   g = exp(-h / tau_s) g + excitation;  k = exp(-h / tau_k) k - inhibition
 *   V >= threshold: the neuron fires; V = reset
 *
 * A refractory neuron keeps V. model/lif_cond.h describes the constants.
 */
#include "lif_cond.h"
#include "../model.h"

#define LIF_COND_SLOPE(v_there, g, k)                                                  \
    ((((g) * (c->reversal - (v_there)) + (k) * (c->reversal_k - (v_there))) + drive) * \
         c->inverse_c -                                                                \
     c->leak * (v_there))

#include "../block_begin.h"
MODEL_STEP
{
    const wide_float v = n->v, most = (wide_float)(1e6f);
    const wide_float g_half = c->keep_half * n->g, k_half = c->keep_half_k * n->k;
    const wide_float g_end = c->keep * n->g, k_end = c->keep_k * n->k;
    const wide_float v1 = LIF_COND_SLOPE(v, n->g, n->k);
    const wide_float at2 = v + c->half_step * v1;
    const wide_float v2 = LIF_COND_SLOPE(at2, g_half, k_half);
    const wide_float at3 = v + c->half_step * v2;
    const wide_float v3 = LIF_COND_SLOPE(at3, g_half, k_half);
    const wide_float at4 = v + c->whole_step * v3;
    const wide_float v4 = LIF_COND_SLOPE(at4, g_end, k_end);
    const wide_float moved = v + c->sixth_step * ((v1 + v4) + 2.0f * (v2 + v3));
    const wide_float bounded = select(-most, select(most, moved, moved <= most), moved >= -most);
    n->v = select(v, bounded, awake);
    n->g = g_end + excitation;
    n->k = k_end - inhibition;
    fired = n->v >= c->threshold;
    if (wide_any(fired))
        n->v = select(n->v, c->reset, fired);
}
#include "../population.cl"
