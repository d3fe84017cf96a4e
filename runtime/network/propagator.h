/* Propagators: what a neuron's parameters become for the kernels (neuron/lif.h). */
#ifndef CHX_NETWORK_PROPAGATOR_H
#define CHX_NETWORK_PROPAGATOR_H

#include <chronaxie/network.h>

#include "neuron/lif.h"

/* Below this magnitude, 2^-40, the kernels tidy a potential or a current away. */
#define CHX__LIF_TINY 9.094947017729282e-13f

/* Computes all fields of a row but the refractory steps, for a step of time_step_ms. */
void chx__propagators(const chx_lif_params *params, double time_step_ms,
                      float fields[CHX_LIF_ROW_FIELDS]);

#endif
