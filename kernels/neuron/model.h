/*
 * What the file of a model, neuron/model/NAME.cl, begins with.
 *
 * A model names its state and its constants, one float of each per neuron, in two lists:
 *
 *   MODEL_STATE(each)      each(v) ...   the first is the membrane potential in mV, counted from
 *                          an origin that the host knows; state begins as 0
 *   MODEL_CONSTANTS(each)  each(threshold) ...   what the host prepared from the parameters
 *
 * They become the members of model_state and model_constants, for WIDE neurons at a time. After
 * including this, the model defines three functions of a time step, in the order of their calls,
 * and then includes population.cl, the frame that calls them:
 *
 *   void model_advance(model_state *n, const model_constants *c, wide_float drive,
 *                      wide_float input, wide_int awake)
 *       moves the state by one step. drive is the constant current of the step in pA, input the
 *       weight in pA of what arrived in it, which acts from the next step on. Where awake is 0,
 *       the neuron is refractory and its potential must stay.
 *   wide_int model_fires(const model_state *n, const model_constants *c)
 *       -1 where the neuron fires. In lanes without a neuron the constants are the host's for an
 *       idle lane, which must never fire.
 *   void model_reset(model_state *n, const model_constants *c, wide_int fired)
 *       what firing does to the state where fired is -1.
 *
 * Operations are rounded one by one, so results are the same on every device: +, -, *, comparisons,
 * select and the functions of common/math.h; no fma, no function of the driver that is not exact.
 *
 * Oclgrind 21.10 miscomputes max(vector, scalar) and scalar ? vector : vector, so neither is used.
 */
#ifndef CHX_KERNELS_MODEL_H
#define CHX_KERNELS_MODEL_H

#include "../common/wide.h"

#define MODEL_MEMBER(name) wide_float name;
typedef struct model_state {
    MODEL_STATE(MODEL_MEMBER)
} model_state;
typedef struct model_constants {
    MODEL_CONSTANTS(MODEL_MEMBER)
} model_constants;

#endif
