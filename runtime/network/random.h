/* Random numbers from counters: a stream depends on what it is for and not on who draws before. */
#ifndef CHX_NETWORK_RANDOM_H
#define CHX_NETWORK_RANDOM_H

#include <stdint.h>

typedef struct chx__random {
    uint64_t seed;
    uint32_t projection, row; /* whose numbers these are */
    uint64_t n_blocks; /* drawn so far */
    uint32_t words[4];
    uint32_t n_left; /* of words */
} chx__random;

/* The stream that says who is joined in a row of a projection. */
chx__random chx__random_begin(uint64_t seed, uint32_t projection, uint32_t row);

/* Evenly between 0 and 1, neither of them. */
double chx__random_unit(chx__random *random);

/* A whole number below n > 0, each as likely as the others. */
uint64_t chx__random_below(chx__random *random, uint64_t n);

/* A number as of chx__random_unit() for what a state of a neuron begins as. */
double chx__random_initial(uint64_t seed, uint32_t state, uint32_t neuron);

/* The same for a parameter of a neuron. */
double chx__random_parameter(uint64_t seed, uint32_t parameter, uint32_t neuron);

/* Two numbers as of chx__random_unit() for the values of each of n synapses of a row. */
void chx__random_values(uint64_t seed, uint32_t projection, uint32_t row, uint64_t first,
                        uint32_t n, double *units, double *others);

#endif
