/*
 * The state and the constants of neurons that transmit without spikes, shared by host and device.
 *
 * each(name) is called for one float per neuron after the other, in the order of the buffers.
 */
#ifndef CHX_KERNELS_MODEL_GRADED_H
#define CHX_KERNELS_MODEL_GRADED_H

/* v: mV above rest; s: how open the synapses are that the neuron makes, 0 to 1; i: synaptic
 * current, pA. */
#define MODEL_STATE(each) each(v) each(s) each(i)

/* Which state it tells to the targets of its graded synapses. */
#define MODEL_RELEASE 1

/* p_v: what is left of v after a step; p_i, p_drive: mV that 1 pA of each current adds; keep_i:
 * what is left of i; steepness, 1 / mV, and shift make of v how far it is from where half of the
 * transmitter is released, in widths, with the opposite sign; rise and fall: of s in a step;
 * threshold: mV above rest, infinite in lanes without a neuron. */
#define MODEL_CONSTANTS(each)                                                             \
    each(p_v) each(p_i) each(p_drive) each(keep_i) each(steepness) each(shift) each(rise) \
        each(fall) each(threshold)

#endif
