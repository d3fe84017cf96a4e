/*
 * The state and the constants of leaky integrate-and-fire neurons with alpha-shaped synaptic
 * currents, shared by host and device.
 *
 * each(name) is called for one float per neuron after the other, in the order of the buffers.
 */
#ifndef CHX_KERNELS_MODEL_LIF_ALPHA_H
#define CHX_KERNELS_MODEL_LIF_ALPHA_H

/* v: mV above rest; i, j: synaptic currents of excitation and inhibition, pA; r, q: what makes them
 * rise, pA. */
#define MODEL_STATE(each) each(v) each(i) each(r) each(j) each(q)

#define MODEL_PORTS(each) each(input) each(inhibition)

/* p33: what is left of v after a step; p30: mV that 1 pA of constant current adds; p32, p31: mV
 * that 1 pA of i and of r add; p22: what is left of i and of r; p21: pA of i that 1 pA of r adds;
 * the same with _j: of j and q; threshold, infinite in lanes without a neuron, and reset: mV above
 * rest. */
#define MODEL_CONSTANTS(each)                                                           \
    each(p33) each(p30) each(p32) each(p31) each(p22) each(p21) each(p32_j) each(p31_j) \
        each(p22_j) each(p21_j) each(threshold) each(reset)

#endif
