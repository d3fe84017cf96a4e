/* One table of connections as a network (edges.c). */
#ifndef CHX_IO_EDGES_H
#define CHX_IO_EDGES_H

#include <stdbool.h>

#include <chronaxie/network.h>

/* As chx_network_load_edges(); neurons is NULL or a table of all neurons, as in chx_source,
 * and so is is_played. */
chx_status chx__edges_load(const char *path, const char *neurons, bool is_played,
                           chx_network **network);

/* Whether the file's first row is the header of such a table, whatever the file is called. */
bool chx__edges_recognise(const char *path);

#endif
