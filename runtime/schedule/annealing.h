/* Annealing: what is the same for every search by it, whatever it changes and however it plays that
 * out. */
#ifndef CHX_SCHEDULE_ANNEALING_H
#define CHX_SCHEDULE_ANNEALING_H

#include "schedule/problem.h"

/* Where each round begins, in makespans per task. */
enum { CHX__N_ROUNDS = 4 };
extern const double chx__temperatures[CHX__N_ROUNDS];

/* Uniform in [0, below). */
uint32_t chx__annealing_draw(uint64_t *random, uint32_t below);

/* The longest makespan that is accepted in place of one. */
double chx__annealing_limit(uint64_t *random, double now_ns, double temperature_ns);

/* Whether n_steps, tasks and what they wait for, are enough for a search to be worth its
 * beginning. */
bool chx__annealing_pays(const chx__problem *problem, uint64_t n_steps);

#endif
