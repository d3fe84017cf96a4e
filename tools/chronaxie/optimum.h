/* The optimum of a small problem of the classical model, by search that leaves nothing out. */
#ifndef CHRONAXIE_OPTIMUM_H
#define CHRONAXIE_OPTIMUM_H

#include <stdbool.h>

#include <chronaxie/schedule.h>

enum { OPTIMUM_MAX_TASKS = 20, OPTIMUM_MAX_LANES = 4 };

/* Starts from a makespan that some schedule has, and gives the least. False when the problem is too
 * large, or memory or the bound on states is reached before that is proved. Edges lead from lower
 * to higher indices, and every lane runs every task. */
bool optimum_find(const chx_schedule_problem *problem, double known_ms, double *optimum_ms);

#endif
