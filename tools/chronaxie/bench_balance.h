/* The benchmark of balance: one piece of divisible work over all devices, against what they do each
 * by itself. */
#ifndef CHRONAXIE_BENCH_BALANCE_H
#define CHRONAXIE_BENCH_BALANCE_H

#include "options.h"

/* Runs it and prints one table or JSON object; of n_rounds (1 .. 100) medians count. Returns the
 * exit code. */
int bench_balance(uint32_t n_rounds, const shared_options *shared);

#endif
