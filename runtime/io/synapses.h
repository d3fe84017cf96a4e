/* Synapses as a table, as synapses.csv of a network folder has them. */
#ifndef CHX_IO_SYNAPSES_H
#define CHX_IO_SYNAPSES_H

#include <stdio.h>

#include <chronaxie/network.h>

/* A row for each, with the weights given, or, where they are NULL, the network's. */
void chx__synapses_write(FILE *stream, const chx_network_info *info, const float *weights);

#endif
