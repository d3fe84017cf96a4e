/* The forces of a layout, which kernels compute (kernels/layout/forces.cl). */
#ifndef CHX_NETWORK_FORCES_H
#define CHX_NETWORK_FORCES_H

#include <chronaxie/program.h>

#include "network/web.h"

/* Moves the nodes of a web, which has links, from where they are, in n_rounds, a multiple of five,
 * each of which moves less than the one before: the first a node by `step` times the root of its
 * mass, or less. Parts are laid out each for itself. Errors: as of runs; MEMORY. */
chx_status chx__forces_act(chx_runtime *runtime, chx_program *program, const chx__web *web,
                           uint32_t n_rounds, float step, float (*at)[2]);

#endif
