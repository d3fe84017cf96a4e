/* The benchmark of stalls: how long one thread's small runs wait for what another thread does. */
#ifndef CHRONAXIE_BENCH_STALL_H
#define CHRONAXIE_BENCH_STALL_H

#include "options.h"

/* Runs it and prints one table or JSON object; returns the exit code. */
int bench_stall(const shared_options *shared);

#endif
