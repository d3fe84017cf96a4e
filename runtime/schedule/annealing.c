/* "Accept with chance exp(-d/T)" is drawn before a trial, as the limit now + T * -log(u), so that
 * the trial may end early. log() is the one function of the C library that a decision passes
 * through.
 *
 * Hot rounds get out of small graphs' traps, cool ones polish large graphs. */
#include "schedule/annealing.h"

#include <math.h>

const double chx__temperatures[CHX__N_ROUNDS] = {3.0, 2.0, 0.6, 0.6};

uint32_t
chx__annealing_draw(uint64_t *random, uint32_t below)
{
    /* SplitMix64 (Steele, Lea and Flood 2014, doi:10.1145/2714064.2660195). */
    uint64_t z = *random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)(((z ^ z >> 31) >> 32) * below >> 32);
}

double
chx__annealing_limit(uint64_t *random, double now_ns, double temperature_ns)
{
    /* -log(u) is the exponential distribution. */
    double u = (chx__annealing_draw(random, 1u << 24) + 1.0) / (1u << 24);
    return now_ns - temperature_ns * log(u);
}

bool
chx__annealing_pays(const chx__problem *problem, uint64_t n_steps)
{
    enum { LEAST_MOVES = 16 };
    uint64_t steps_per_move = (uint64_t)problem->n_tasks + problem->inputs.begin[problem->n_tasks] +
                              problem->after.begin[problem->n_tasks];
    return steps_per_move * LEAST_MOVES <= n_steps;
}
