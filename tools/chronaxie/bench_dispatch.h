/* The benchmark of dispatch: what the engine itself costs, with tasks of a microsecond. */
#ifndef CHRONAXIE_BENCH_DISPATCH_H
#define CHRONAXIE_BENCH_DISPATCH_H

#include "options.h"

/* Runs it and prints one table or JSON object; returns the exit code. */
int bench_dispatch(const shared_options *shared);

#endif
