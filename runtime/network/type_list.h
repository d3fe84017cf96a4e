/* Lists of types in rows that choose synapses by the types at both ends; an empty list is all. */
#ifndef CHX_NETWORK_TYPE_LIST_H
#define CHX_NETWORK_TYPE_LIST_H

#include "network/network.h"

/* Whether all of the list are types of a network with n_types. */
bool chx__type_list_check(const uint32_t *types, uint32_t n, uint32_t n_types);

/* Makes *types a copy in the arena; NULL, and no failure, for none. False when memory is out. */
bool chx__type_list_keep(chx_network *network, const uint32_t **types, uint32_t n);

/* Sets a bit in bits[type] of each type of the list. */
void chx__type_list_mark(const uint32_t *types, uint32_t n, uint32_t bit, uint32_t *bits,
                         uint32_t n_types);

#endif
