/* Rows that choose synapses are few and types may be many, so a type knows the rows that list it as
 * bits. */
#include "network/type_list.h"

#include <string.h>

bool
chx__type_list_check(const uint32_t *types, uint32_t n, uint32_t n_types)
{
    for (uint32_t i = 0; i < n; i++)
        if (types[i] >= n_types)
            return false;
    return true;
}

bool
chx__type_list_keep(chx_network *network, const uint32_t **types, uint32_t n)
{
    if (n == 0) {
        *types = NULL;
        return true;
    }
    uint32_t *kept = chx__network_keep(network, n * sizeof *kept);
    if (!kept)
        return false;
    memcpy(kept, *types, n * sizeof *kept);
    *types = kept;
    return true;
}

void
chx__type_list_mark(const uint32_t *types, uint32_t n, uint32_t bit, uint32_t *bits,
                    uint32_t n_types)
{
    for (uint32_t t = 0; n == 0 && t < n_types; t++)
        bits[t] |= bit;
    for (uint32_t i = 0; i < n; i++)
        bits[types[i]] |= bit;
}
