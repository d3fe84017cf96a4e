/* What single neurons have in place of what their types say: columns of parameters, and of what
 * states begin as. */
#ifndef CHX_NETWORK_VALUES_H
#define CHX_NETWORK_VALUES_H

#include "network/model.h"
#include "network/network.h"

/* Columns, and the neuron that is meant. */
typedef struct chx__own_values {
    const chx_neuron_values *columns;
    uint32_t n_columns;
    uint32_t neuron;
} chx__own_values;

/* Whether the neuron has any. */
bool chx__values_any(const chx__own_values *own);

/* The neuron's value in the column of that name, NaN without. */
double chx__values_find(const chx__own_values *own, const char *name);

/* chx__type_prepare() with the parameters of a neuron of that type. */
bool chx__values_prepare(const chx__own_values *own, const chx_neuron_type *type,
                         double time_step_ms, bool is_pair, chx__prepared *to, chx__fault *fault);

/* Checks a neuron's own parameters, alone and together, and that its model has them all. */
bool chx__values_check(const chx__own_values *own, const chx_neuron_type *type, double time_step_ms,
                       chx__fault *fault);

/* The same for what states begin as. */
bool chx__values_check_initial(const chx__own_values *own, const chx_neuron_type *type,
                               chx__fault *fault);

/* The values of the column of that name among a network's parameters, or among its initial ones,
 * which is made of NaN where there is none; NULL when memory is out. */
double *chx__values_column(chx_network *network, bool is_initial, const char *name, size_t length);

/* Draws what types say is drawn, for neurons that have no value yet, and checks what was drawn.
 * Errors: FORMAT, MEMORY. */
chx_status chx__values_draw(chx_network *network);

#endif
