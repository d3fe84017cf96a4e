/* A suggestion: the known word that a mistyped one was probably meant to be. */
#ifndef CHRONAXIE_SUGGEST_H
#define CHRONAXIE_SUGGEST_H

#include <stddef.h>

/* Returns one of n words that is near to the mistyped one, NULL when none is near enough. Entries
 * that are NULL are passed over. */
const char *suggest_word(const char *mistyped, const char *const *words, size_t n);

#endif
