/*
 * The state and the constants of leaky integrate-and-fire neurons whose potential spikes move at
 * once, shared by host and device.
 *
 * each(name) is called for one float per neuron after the other, in the order of the buffers.
 */
#ifndef CHX_KERNELS_MODEL_LIF_DELTA_H
#define CHX_KERNELS_MODEL_LIF_DELTA_H

/* v: mV above rest. */
#define MODEL_STATE(each) each(v)

/* p22: what is left of v after a step; p20: mV that 1 pA of constant current adds; threshold,
 * infinite in lanes without a neuron, and reset: mV above rest. */
#define MODEL_CONSTANTS(each) each(p22) each(p20) each(threshold) each(reset)

#endif
