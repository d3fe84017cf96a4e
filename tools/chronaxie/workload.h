/* A workload: a network that simulators are compared with, made by rule, the same everywhere. */
#ifndef CHRONAXIE_WORKLOAD_H
#define CHRONAXIE_WORKLOAD_H

#include <stdbool.h>

#include <chronaxie/network.h>

#include "wiring.h"

typedef enum workload_kind {
    WORKLOAD_CUBA = 0, /* Brette and others 2007, doi:10.1007/s10827-007-0038-6 */
    WORKLOAD_MICROCIRCUIT, /* Potjans and Diesmann 2014, doi:10.1093/cercor/bhs358 */
    WORKLOAD_FLY, /* dynamics of Shiu and others 2024, doi:10.1038/s41586-024-07763-9 */
    WORKLOAD_UNIFORM, /* shows how cost grows: see workload_size */
    WORKLOAD_HH, /* 21,000 axons of Hodgkin and Huxley 1952, 0 to 20 uA/cm2, without synapses */
    N_WORKLOADS,
    N_COMPARED = WORKLOAD_UNIFORM, /* those before it */
} workload_kind;

/* Neurons that fire at a rate by themselves, each with inputs too weak to matter. */
typedef struct workload_size {
    uint32_t n_neurons; /* 10 .. 10,000,000 */
    uint32_t n_inputs; /* of each, 1 .. 100,000 */
    double rate_hz; /* 1 .. 100 */
} workload_size;

typedef struct workload {
    workload_kind kind;
    double scale; /* of the microcircuit: neurons and inputs of each, 0.01 .. 1 */
    workload_size size; /* of the uniform one */
    char name[40]; /* as on the command line */
} workload;

/* Names without scale, for help and suggestions. */
extern const char *const workload_names[N_WORKLOADS];

/* Reads "cuba", "fly", "microcircuit" or "microcircuit=0.1", "uniform" or "uniform=10000,100,5"
 * (neurons, inputs of each, Hz), or "hh"; false when it is none of them. */
bool workload_parse(const char *text, workload *load);

/* Makes the network. *sums is written for the fly alone. On success the caller destroys *network.
 * Errors: those of chx_network_create(). */
chx_status workload_create(const workload *load, chx_network **network, wiring_sums *sums);

#endif
