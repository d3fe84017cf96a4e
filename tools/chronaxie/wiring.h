/* Wiring: as many synapses as a fly's brain has, in place of those that cannot be shipped. */
#ifndef CHRONAXIE_WIRING_H
#define CHRONAXIE_WIRING_H

#include <stdbool.h>
#include <stdint.h>

#include <chronaxie/network.h>

#define WIRING_NEURONS 138639u
#define WIRING_SYNAPSES 15091983u

/* What tells whether another program has made the same wiring. */
typedef struct wiring_sums {
    uint64_t pre; /* indices of the sources, added up */
    uint64_t post;
    int64_t counts; /* signed: how many contacts make a synapse, negative for inhibition */
    uint64_t contacts; /* without their signs */
    uint64_t n_positive; /* synapses */
} wiring_sums;

/* Writes WIRING_SYNAPSES synapses, each of its count of contacts x contact_pa, and adds them up. */
void wiring_make(double contact_pa, double delay_ms, chx_synapse *synapses, wiring_sums *sums);

/* Whether the sums are those that everybody gets. */
bool wiring_is_known(const wiring_sums *sums);

#endif
