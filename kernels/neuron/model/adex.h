/*
 * The state and the constants of adaptive exponential neurons, shared by host and device.
 *
 * each(name) is called for one float per neuron after the other, in the order of the buffers.
 */
#ifndef CHX_KERNELS_MODEL_ADEX_H
#define CHX_KERNELS_MODEL_ADEX_H

/* v: mV above rest; w: adaptation, pA; i: synaptic current, pA. */
#define MODEL_STATE(each) each(v) each(w) each(i)

/* keep_half, keep: what is left of i after half a step and a step; leak: 1/ms; gain: mV/ms;
 * sharpness: 1/mV; inverse_c: 1/pF; coupling: pA/(mV ms), and forgetting: 1/ms, of w; half, whole
 * and sixth: of the step, ms; threshold, peak, infinite in lanes without a neuron, and reset: mV
 * above rest; jump: pA; upstroke: h gain / D + exp((T - peak) / D). */
#define MODEL_CONSTANTS(each)                                                             \
    each(keep_half) each(keep) each(leak) each(gain) each(sharpness) each(inverse_c)      \
        each(coupling) each(forgetting) each(half_step) each(whole_step) each(sixth_step) \
            each(threshold) each(peak) each(reset) each(jump) each(upstroke)

#endif
