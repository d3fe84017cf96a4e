/* A source: what a network is loaded from. */
#ifndef CHRONAXIE_SOURCE_H
#define CHRONAXIE_SOURCE_H

#include <stdbool.h>

#include <chronaxie/network.h>

#include "options.h"

/* The words that say it; all zeroes but the operands means the defaults. */
typedef struct source_words {
    const operand_list *operands;
    const char *unit; /* of cells: um, nm or 8nm; NULL is um */
    const char *neurons; /* a table of the neurons of a table of connections, or NULL */
    bool is_played; /* with recorded spikes, without simulating */
} source_words;

/* Loads a network folder; a table of connections that ends in .csv or .tsv; or cells, from files
 * that end in .swc or .swc.gz or a folder of those. Says what fails, also when a path holds
 * something else that can be recognised; returns the exit code. */
int source_load(const source_words *words, chx_network **network);

/* Has the places of neurons settle, see chx_network_settle(), before anything is drawn or saved.
 * Says what fails; returns the exit code. */
int source_settle(chx_network *network, chx_runtime *runtime);

#endif
