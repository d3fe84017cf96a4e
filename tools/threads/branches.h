/* A network as the plain C drawing sees it: branches cut into pieces, and its extent. */
#ifndef THREADS_BRANCHES_H
#define THREADS_BRANCHES_H

#include <stdbool.h>

#include <chronaxie/network.h>

#define THREADS_TICKS 4096 /* of the time that light takes to fade to 1/e */
#define THREADS_NEVER 0x3fffffff

typedef struct threads_branch {
    float from[4], to[4]; /* x, y, z, radius; from is nearer to the soma */
    uint32_t neuron, type;
    bool is_soma;
    int32_t ticks_from, ticks_to; /* that light takes from the soma */
} threads_branch;

typedef struct threads_branches {
    threads_branch *list;
    size_t n;
    double axes[3][3]; /* principal ones, unit vectors */
    double middle[3], half[3]; /* of the box along them */
} threads_branches;

/* False when memory is out. */
bool threads_branches_init(threads_branches *branches, const chx_network_info *info);
void threads_branches_finish(threads_branches *branches);

#endif
