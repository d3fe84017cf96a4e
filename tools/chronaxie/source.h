/* A source: what a network is loaded from. */
#ifndef CHRONAXIE_SOURCE_H
#define CHRONAXIE_SOURCE_H

#include <chronaxie/network.h>

/* Loads a network folder, or one cell from a file that ends in .swc. Says what fails, also when the
 * path holds something else that can be recognised; returns the exit code. */
int source_load(const char *path, chx_network **network);

#endif
