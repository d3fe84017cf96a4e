/*
 * The state and the constants of leaky integrate-and-fire neurons, shared by host and device.
 *
 * each(name) is called for one float per neuron after the other, in the order of the buffers.
 */
#ifndef CHX_KERNELS_MODEL_LIF_H
#define CHX_KERNELS_MODEL_LIF_H

/* v: mV above rest; i: pA. */
#define MODEL_STATE(each) each(v) each(i)

/* p22: what is left of v after a step; p21: mV that 1 pA of i adds; p20: mV that 1 pA of constant
 * current adds; p11: what is left of i; threshold, infinite in lanes without a neuron, and reset:
 * mV above rest. */
#define MODEL_CONSTANTS(each) each(p22) each(p21) each(p20) each(p11) each(threshold) each(reset)

#endif
