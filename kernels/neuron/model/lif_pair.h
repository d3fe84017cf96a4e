/*
 * The state and the constants of leaky integrate-and-fire neurons with two synaptic currents,
 * shared by host and device.
 *
 * each(name) is called for one float per neuron after the other, in the order of the buffers.
 */
#ifndef CHX_KERNELS_MODEL_LIF_PAIR_H
#define CHX_KERNELS_MODEL_LIF_PAIR_H

/* v: mV above rest; i, j: synaptic currents of excitation and inhibition, pA. */
#define MODEL_STATE(each) each(v) each(i) each(j)

#define MODEL_PORTS(each) each(input) each(inhibition)

/* Those of model/lif.h in their order, of i; p11_j, p21_j: the same of j. */
#define MODEL_CONSTANTS(each) \
    each(p22) each(p21) each(p20) each(p11) each(threshold) each(reset) each(p21_j) each(p11_j)

#endif
