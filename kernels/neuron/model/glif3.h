/*
 * The state and the constants of generalised leaky integrate-and-fire neurons with two after-spike
 * currents, shared by host and device.
 *
 * each(name) is called for one float per neuron after the other, in the order of the buffers.
 */
#ifndef CHX_KERNELS_MODEL_GLIF3_H
#define CHX_KERNELS_MODEL_GLIF3_H

/* v: mV above rest; i: synaptic current, pA; a, b: after-spike currents, pA. */
#define MODEL_STATE(each) each(v) each(i) each(a) each(b)

/* p_v: what is left of v after a step; p_i, p_a, p_b, p_drive: mV that 1 pA of each current adds;
 * keep_i, keep_a, keep_b: what is left of them; kept_a, kept_b: what is left of them at a spike;
 * jump_a, jump_b: pA that a spike adds; threshold, infinite in lanes without a neuron, and reset:
 * mV above rest. */
#define MODEL_CONSTANTS(each)                                                                    \
    each(p_v) each(p_i) each(p_a) each(p_b) each(p_drive) each(keep_i) each(keep_a) each(keep_b) \
        each(kept_a) each(kept_b) each(jump_a) each(jump_b) each(threshold) each(reset)

#endif
