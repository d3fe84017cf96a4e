/* A source: what a network is loaded from. */
#ifndef CHRONAXIE_SOURCE_H
#define CHRONAXIE_SOURCE_H

#include <chronaxie/network.h>

#include "options.h"

/* Loads a network folder; a table of connections that ends in .csv or .tsv; or cells, from files
 * that end in .swc or .swc.gz or a folder of those, whose lengths are in the unit: um, nm, 8nm, or
 * NULL for um. neurons is NULL or a table of the neurons of a table of connections. Says what
 * fails, also when a path holds something else that can be recognised; returns the exit code. */
int source_load(const operand_list *sources, const char *unit, const char *neurons,
                chx_network **network);

#endif
