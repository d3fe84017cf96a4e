/* Elementary functions with the same last bit on every machine, unlike those of the C library. */
#ifndef CHX_NETWORK_ELEMENTARY_H
#define CHX_NETWORK_ELEMENTARY_H

#include <stdint.h>

/* The natural logarithm of a finite x of 1e-300 or more, within 1e-15 of itself. */
double chx__ln(double x);

/* The natural logarithm of 1 - x for 0 <= x <= 1, also where x is tiny; minus infinity at 1. */
double chx__ln_rest(double x);

/* e to the power x for -700 <= x <= 700, 0 below and infinity above. */
double chx__exp(double x);

/* The x that a standard normal variable stays below with probability p, 0 < p < 1. */
double chx__normal_inverse(double p);

/* Puts it in the place of each of n probabilities: the same, and in less time. */
void chx__normal_inverses(double *p, uint32_t n);

#endif
