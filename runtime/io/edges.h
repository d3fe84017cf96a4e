/* One table of connections as a network (edges.c). */
#ifndef CHX_IO_EDGES_H
#define CHX_IO_EDGES_H

#include <chronaxie/network.h>

/* As chx_network_load_edges(); neurons is NULL or a table of all neurons, as in chx_source,
 * and so is is_played. */
chx_status chx__edges_load(const char *path, const char *neurons, bool is_played,
                           chx_network **network);

#endif
