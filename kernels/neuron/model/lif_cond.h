/*
 * The state and the constants of leaky integrate-and-fire neurons with synaptic conductances,
 * shared by host and device.
 *
 * each(name) is called for one float per neuron after the other, in the order of the buffers.
 */
#ifndef CHX_KERNELS_MODEL_LIF_COND_H
#define CHX_KERNELS_MODEL_LIF_COND_H

/* v: mV above rest; g, k: conductances of excitation and inhibition, nS. */
#define MODEL_STATE(each) each(v) each(g) each(k)

#define MODEL_PORTS(each) each(excitation) each(inhibition)

/* keep_half, keep: what is left of g after half a step and a step; keep_half_k, keep_k: of k; leak:
 * 1/ms; inverse_c: 1/pF; reversal, reversal_k: of g and k, mV above rest; half, whole and sixth: of
 * the step, ms; threshold, infinite in lanes without a neuron, and reset: mV above rest. */
#define MODEL_CONSTANTS(each)                                                             \
    each(keep_half) each(keep) each(keep_half_k) each(keep_k) each(leak) each(inverse_c)  \
        each(reversal) each(reversal_k) each(half_step) each(whole_step) each(sixth_step) \
            each(threshold) each(reset)

#endif
