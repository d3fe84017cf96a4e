/* Formulas at the head of a model's file: numbers, names, + - * /, parentheses and a few functions
 * of double precision. */
#ifndef CHX_NETWORK_FORMULA_H
#define CHX_NETWORK_FORMULA_H

#include <stdbool.h>
#include <stdint.h>

typedef struct chx__symbol {
    const char *name;
    double value;
} chx__symbol;

/* The functions that there are, for a sentence. */
#define CHX__FORMULA_FUNCTIONS "exp, expm1, log and sqrt"

/* Computes a formula from symbols[n_symbols]. False, with a sentence in *fault, which is static,
 * and the place in the text, when it is none; a value that is no number is no fault. */
bool chx__formula_compute(const char *text, const chx__symbol *symbols, uint32_t n_symbols,
                          double *value, const char **fault, const char **at);

#endif
