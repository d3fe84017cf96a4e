/*
 * The state and the constants of Izhikevich's neurons, shared by host and device.
 *
 * each(name) is called for one float per neuron after the other, in the order of the buffers.
 */
#ifndef CHX_KERNELS_MODEL_IZHIKEVICH_H
#define CHX_KERNELS_MODEL_IZHIKEVICH_H

/* v: mV above rest; u: recovery, pA; i: synaptic current, pA. */
#define MODEL_STATE(each) each(v) each(u) each(i)

/* keep_half, keep: what is left of i after half a step and a step; gain: 1/(mV ms); inverse_c:
 * 1/pF; coupling: pA/(mV ms), and forgetting: 1/ms, of u; half, whole and sixth: of the step, ms;
 * threshold, peak, infinite in lanes without a neuron, and reset: mV above rest; jump: pA. */
#define MODEL_CONSTANTS(each)                                                                    \
    each(keep_half) each(keep) each(gain) each(inverse_c) each(coupling) each(forgetting)        \
        each(half_step) each(whole_step) each(sixth_step) each(threshold) each(peak) each(reset) \
            each(jump)

#endif
