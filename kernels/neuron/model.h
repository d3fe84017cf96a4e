/*
 * What the file of a model, neuron/model/NAME.cl, begins with. The host puts it before a user's.
 *
 * A model names its state and its constants, one float of each per neuron, in two lists:
 *
 *   MODEL_STATE(each)      each(v) ...   the first is the membrane potential in mV, counted from
 *                          an origin that the host knows; state begins as 0
 *   MODEL_CONSTANTS(each)  each(threshold) ...   what the host prepared from the parameters
 *
 * and its receptor ports in a third, unless it has one that is called input:
 *
 *   MODEL_PORTS(each)      each(input) each(inhibition) ...
 *
 * They become the members of model_state and model_constants, for WIDE neurons at a time. After
 * this come the model's macros, if it has any, then block_begin.h, then the statements of one
 * time step,
 *
 *   MODEL_STEP
 *   {
 *       ...
 *   }
 *
 * and then population.cl. The statements stand in the frame's own loop. They see
 *
 *   model_state *const n             the state, which they move by one step
 *   c                            the constants: c->threshold; in some kernels they are global
 *   wide_float drive                 the constant current of the step in pA
 *   wide_float input                 and other ports: the sum of the weights of what arrived there
 *                                    in it, which acts from the next step on
 *   wide_int awake                   where it is 0, the neuron is refractory and its potential must
 *                                    stay
 *   wide_int fired                   0; they set it to -1 where the neuron fires, and do to the
 *                                    state there what firing does. In lanes without a neuron the
 *                                    constants are the host's for an idle lane, which must never
 *                                    fire.
 *
 * and leave by their end, break or continue. A model has no functions: population.cl says which
 * driver is the reason.
 *
 * Operations are rounded one by one, so results are the same on every device: +, -, *, comparisons,
 * select and the functions of common/math.h; no fma, no function of the driver that is not exact.
 *
 * Oclgrind 21.10 miscomputes max(vector, scalar) and scalar ? vector : vector, so neither is used.
 */
#ifndef CHX_KERNELS_MODEL_H
#define CHX_KERNELS_MODEL_H

#include "../common/math.h"
#include "../common/wide.h"

#ifndef MODEL_PORTS
#define MODEL_PORTS(each) each(input)
#endif

#define MODEL_MEMBER(name) wide_float name;
typedef struct model_state {
    MODEL_STATE(MODEL_MEMBER)
} model_state;
typedef struct model_constants {
    MODEL_CONSTANTS(MODEL_MEMBER)
} model_constants;

#endif
