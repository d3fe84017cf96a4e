/* What neurons begin as. */
#ifndef CHX_NETWORK_INITIAL_H
#define CHX_NETWORK_INITIAL_H

#include "network/model.h"

/* Makes the distributions of a type ready for drawing, for the kernel of that model. False and a
 * fault when they are not the model's or cannot be drawn. */
bool chx__initial_prepare(const chx_neuron_type *type, const chx__model *model, chx__prepared *to,
                          chx__fault *fault);

/* What a state of a neuron of the network begins as, as the kernel counts it. */
float chx__initial_draw(const chx__prepared *prepared, uint64_t seed, uint32_t state,
                        uint32_t neuron);

/* A value of a state in the units of docs/models.md, as the kernel counts it. */
float chx__initial_value(const chx__prepared *prepared, uint32_t state, double value);

#endif
