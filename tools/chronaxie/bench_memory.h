/* The benchmark of memory: work on four times what a device may hold. */
#ifndef CHRONAXIE_BENCH_MEMORY_H
#define CHRONAXIE_BENCH_MEMORY_H

#include "options.h"

/* Runs it on the first device and prints one table or JSON object; of n_rounds (1 .. 100) medians
 * count. Returns the exit code. */
int bench_memory(uint32_t n_rounds, const shared_options *shared);

#endif
