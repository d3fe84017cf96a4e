/* The benchmark of simulating: networks that other simulators are measured with too. */
#ifndef CHRONAXIE_BENCH_SIMULATE_H
#define CHRONAXIE_BENCH_SIMULATE_H

#include <stdint.h>

#include "options.h"

typedef struct bench_simulate_params {
    const char *workload; /* NULL is all, the microcircuit at a tenth */
    double simulated_ms;
    uint32_t n_rounds; /* after one that is not counted */
    uint32_t cores; /* that measure the limits */
} bench_simulate_params;

/* Runs it and prints one table or JSON object; returns the exit code. */
int bench_simulate(const bench_simulate_params *params, const shared_options *shared);

#endif
