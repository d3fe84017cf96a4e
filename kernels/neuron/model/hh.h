/*
 * The state and the constants of Hodgkin and Huxley's neurons, shared by host and device.
 *
 * each(name) is called for one float per neuron after the other, in the order of the buffers.
 */
#ifndef CHX_KERNELS_MODEL_HH_H
#define CHX_KERNELS_MODEL_HH_H

/* From which the rates count the potential, mV: rest, in the paper. */
#define HH_ORIGIN_MV -65

/* No gate is more closed: its powers would be denormal. */
#define HH_CLOSED 0x1p-20f

/* v: mV above the origin; m, h, n: gates, 0 to 1; i: synaptic current, pA. */
#define MODEL_STATE(each) each(v) each(m) each(h) each(n) each(i)

/* keep_half, keep: what is left of i after half a step and a step; sodium, potassium, leak:
 * conductances over the capacitance, 1/ms; sodium_mv, potassium_mv, leak_mv: their reversal
 * potentials, mV above the origin; inverse_c: 1/pF; half and whole: of the step, ms; half_gate,
 * whole_gate: the same times the factor of temperature; threshold, infinite in lanes without a
 * neuron: mV above the origin. */
#define MODEL_CONSTANTS(each)                                                             \
    each(keep_half) each(keep) each(sodium) each(potassium) each(leak) each(sodium_mv)    \
        each(potassium_mv) each(leak_mv) each(inverse_c) each(half_step) each(whole_step) \
            each(half_gate) each(whole_gate) each(threshold)

#endif
