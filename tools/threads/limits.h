/* Limits: how fast the processor's cores read memory and add to random places, in plain C. */
#ifndef CHRONAXIE_LIMITS_H
#define CHRONAXIE_LIMITS_H

#include <stdint.h>

/* Bytes that so many cores read in a second, each its part of 256 MB; 0 when memory or threads are
 * out. The best of five. */
double threads_limits_read(uint32_t cores);

/* Additions to random words of 32 bits that so many cores make in a second, each in its part of a
 * ring of n_words, places read from a list as a synapse's target is; 0 when memory or threads are
 * out. The best of five. */
double threads_limits_scatter(uint32_t cores, uint64_t n_words);

#endif
