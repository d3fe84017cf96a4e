/* The benchmark of faults: what becomes of the command when drivers fail. */
#ifndef CHRONAXIE_BENCH_FAULT_H
#define CHRONAXIE_BENCH_FAULT_H

#include "options.h"

typedef struct bench_fault_params {
    const char *network; /* folder */
    const char *devices; /* as `--device` takes them, or NULL */
    uint64_t seed;
    uint32_t count; /* faults */
} bench_fault_params;

/* Runs it and prints one table or JSON object; returns the exit code, which is not 0 when a result
 * was wrong or something hung. */
int bench_fault(const bench_fault_params *params, const shared_options *shared);

#endif
