/* A type of neurons: its model and parameters, once they are checked. */
#ifndef CHX_NETWORK_TYPE_H
#define CHX_NETWORK_TYPE_H

#include "network/model.h"
#include "network/network.h"

/* The model of a type that chx__type_begin() made. */
const chx__model *chx__type_model(const chx_neuron_type *type);

/* Gives a type a model and room in the network for parameters of its own, which have their
 * presets; a copy's are the original's no longer. Errors: MEMORY. */
chx_status chx__type_begin(chx_neuron_type *type, const chx__model *model, chx_network *network);

/* The unit of the weights of what arrives at n neurons of a network: pA unless all have the same
 * other one; `who` NULL means the first n. */
chx__unit chx__weights_unit(const chx_neuron_type *types, const chx_neuron *neurons,
                            const uint32_t *who, uint32_t n);

/* A type's parameter by its index in the model's table. */
double chx__type_get(const chx_neuron_type *type, uint32_t index);
void chx__type_set(chx_neuron_type *type, uint32_t index, double value);

/* Makes a caller's description of a type one with all parameters. Errors: FORMAT and a fault when
 * they are not the model's or some are missing, MEMORY. */
chx_status chx__type_complete(chx_neuron_type *type, chx_network *network, chx__fault *fault);

/* Whether the type needs a model with two currents for what others do with one. */
bool chx__type_is_pair(const chx_neuron_type *type);

/* Checks a type's parameters one by one, and prepares them for the kernel of its model. is_pair:
 * for that with two currents, if it has one. */
bool chx__type_prepare(const chx_neuron_type *type, double time_step_ms, bool is_pair,
                       chx__prepared *to, chx__fault *fault);

/* The same with these values of all parameters in the place of the type's. */
bool chx__type_prepare_values(const chx_neuron_type *type, const double *values,
                              double time_step_ms, bool is_pair, chx__prepared *to,
                              chx__fault *fault);

/* The index of a parameter in the table of the type's model, n_parameters when it has none such. */
uint32_t chx__type_find(const chx_neuron_type *type, const char *name);

/* The model whose kernel simulates the type. */
const chx__model *chx__type_kernel(const chx_neuron_type *type, bool is_pair);

#endif
