/*
 * Reads SWC: one neuron's branches as points with parents.
 *
 * A line holds id, kind, x, y, z, radius and parent id, in um, and whatever
 * its writer added; '#' begins a comment. Ids are labels: any whole numbers of
 * up to 64 bits but -1, each used once, also written as 1.0 or 1e0; -1 as a
 * parent makes a root. Parents may stand after their children, and there may
 * be several roots (branches whose connection was not reconstructed). A tree
 * whose soma, the first point of kind 1, is no root is turned round to begin
 * there, unless another root is of that kind. A kind
 * outside 0 to 255 counts as undefined. A radius of 0 or below means that it
 * was not measured and becomes CHX__SWC_THIN_UM. A soma that stands for a
 * sphere becomes one (network/soma.h). The file may be compressed with gzip.
 */
#ifndef CHX_IO_SWC_H
#define CHX_IO_SWC_H

#include <stdbool.h>

#include <chronaxie/network.h>

#define CHX__SWC_THIN_UM 0.05f

/* Length of the name's ending, .swc or .swc.gz in any case; 0 when it has another. */
size_t chx__swc_ending(const char *name);

/* Whether the first line of a file that is no comment is a point, whatever the file is called. */
bool chx__swc_recognise(const char *path);

/* Points whose radius was not measured, and the line of the first; 0 when there are none. */
typedef struct chx__swc_thin {
    uint32_t n_points, line;
} chx__swc_thin;

/* A file's nodes, in its order and with parents among them, in an array that the caller frees.
 * Lengths of the file are in units of unit_um. Any thread. Errors: FILE, FORMAT, LIMIT, MEMORY. */
chx_status chx__swc_read(const char *path, double unit_um, chx_node **nodes, uint32_t *n_nodes,
                         chx__swc_thin *thin);

/* LIMIT where a network of n_nodes has no room for n_more of the file at path. */
chx_status chx__swc_check_room(const char *path, uint32_t n_nodes, uint32_t n_more);

/* Copies a file's nodes to where they stand among a network's. */
void chx__swc_place(const chx_node *read, uint32_t n_nodes, chx_node *nodes, uint32_t first);

/* Appends a file's nodes, in its order, to an array as chx__grow() keeps it; their parents count
 * from the array's start. Lengths of the file are in units of unit_um. Errors: FILE, FORMAT, LIMIT,
 * MEMORY; the first *n_nodes nodes stay. */
chx_status chx__swc_append(const char *path, double unit_um, chx_node **nodes, size_t *capacity,
                           uint32_t *n_nodes);

#endif
