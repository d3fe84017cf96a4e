/* A suggestion: the known word that a mistyped one was probably meant to be. */
#ifndef CHRONAXIE_SUGGEST_H
#define CHRONAXIE_SUGGEST_H

#include <stdbool.h>
#include <stddef.h>

#include <chronaxie/network.h>

/* Returns one of n words that is near to the mistyped one, NULL when none is near enough. Entries
 * that are NULL are passed over. */
const char *suggest_word(const char *mistyped, const char *const *words, size_t n);

/* As above of the names of a network's neurons, and of their types if asked for. */
const char *suggest_neuron(const char *mistyped, const chx_network_info *info, bool with_types);

#endif
