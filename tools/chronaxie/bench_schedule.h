/* The benchmark of planning: how short plans are, and how long they take to make. */
#ifndef CHRONAXIE_BENCH_SCHEDULE_H
#define CHRONAXIE_BENCH_SCHEDULE_H

#include <stdbool.h>

/* Runs it and prints one table or JSON object; returns the exit code. */
int bench_schedule(bool as_json);

#endif
