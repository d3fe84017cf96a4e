/* A distribution made ready for drawing: a function that grows from one bound to the other. */
#ifndef CHX_NETWORK_DISTRIBUTION_H
#define CHX_NETWORK_DISTRIBUTION_H

#include <chronaxie/network.h>

typedef struct chx__quantiles {
    chx_distribution_kind kind;
    double centre, spread; /* of what is normal; or the first value, and the last less the first */
    double sign; /* of lognormal values */
    double low, high; /* no value is beyond */
    double first, span; /* the part of 0 .. 1 that is drawn from */
} chx__quantiles;

/* NULL, or what is wrong with the distribution as half a sentence. */
const char *chx__quantiles_prepare(const chx_distribution *distribution, chx__quantiles *quantiles);

/* The value that a part `unit`, above 0 and below 1, of all others lies below. */
double chx__quantiles_at(const chx__quantiles *quantiles, double unit);

/* Puts it in the place of each of n units: the same, and in less time. */
void chx__quantiles_each(const chx__quantiles *quantiles, double *units, uint32_t n);

#endif
