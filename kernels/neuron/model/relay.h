/*
 * The state and the constants of neurons that pass on what they get, shared by host and device.
 *
 * each(name) is called for one float per neuron after the other, in the order of the buffers.
 */
#ifndef CHX_KERNELS_MODEL_RELAY_H
#define CHX_KERNELS_MODEL_RELAY_H

/* v: always 0. */
#define MODEL_STATE(each) each(v)

/* threshold: 0, infinite in lanes without a neuron. */
#define MODEL_CONSTANTS(each) each(threshold)

#endif
