/* The benchmark of adapting: work that is divided over devices of which one becomes slower and
 * recovers, and plans whose tasks take other times than was thought. */
#ifndef CHRONAXIE_BENCH_ADAPT_H
#define CHRONAXIE_BENCH_ADAPT_H

#include "options.h"

/* Runs it and prints tables or one JSON object; one device is slowed n_rounds times (1 .. 100).
 * Returns the exit code. */
int bench_adapt(uint32_t n_rounds, const shared_options *shared);

#endif
