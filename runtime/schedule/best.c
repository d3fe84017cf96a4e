/* The portfolio: HEFT always, so that the result is never longer than its; the other members as
 * far as the problem's size allows; then annealing. Effort is estimated from counts and never
 * from a clock, so a problem has one plan on every machine. No member beats the others on all
 * graphs, and each is the best on some. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "schedule/algorithm.h"
#include "schedule/bound.h"
#include "schedule/search.h"
#include "schedule/sequence.h"

/* About 5 ms. */
#define SEARCH_STEPS 120000

/* A part of that, but for graphs with many arcs (bound.h). */
#define BOUND_STEPS 300000

/* Small graphs, and when they are searched again. */
enum { FEW_TASKS = 24, MOST_AGAIN = 4 };
#define MUCH_ROOM 1.02

/* Members that would take more are left out: at most some 20 ms each. */
#define PORTFOLIO_STEPS 1000000.0

/* What an algorithm does, roughly, in units of an input or task looked at for one lane. */
typedef struct member {
    chx__solve *solve;
    enum { PER_LANE, PER_PAIR_OF_LANES, PER_READY_TASK } effort;
} member;

static const member members[] = {
    {chx__lookahead, PER_PAIR_OF_LANES},
    {chx__peft, PER_LANE},
    {chx__cpop, PER_LANE},
    {chx__heft_no_insertion, PER_LANE},
    {chx__heteroprio, PER_READY_TASK},
};

static double
effort_of(const member *of, const chx__machine *machine, const chx__problem *problem)
{
    double arcs = (double)problem->inputs.begin[problem->n_tasks] +
                  problem->after.begin[problem->n_tasks] + problem->n_tasks;
    double lanes = machine->n_lanes;
    switch (of->effort) {
    case PER_PAIR_OF_LANES:
        return 4 * arcs * lanes * lanes;
    case PER_READY_TASK:
        return problem->n_tasks * fmax(4.0 * problem->n_tasks, lanes * lanes);
    case PER_LANE:
        break;
    }
    return arcs * lanes;
}

/* Replaces *best when the member finds a shorter solution. */
static chx_status
try_member(const member *of, const chx__machine *machine, const chx__problem *problem,
           chx__solution *best)
{
    chx__solution other;
    chx_status status = of->solve(machine, problem, &other);
    if (status)
        return status;
    if (other.makespan_ns < best->makespan_ns) {
        chx__solution longer = *best;
        *best = other;
        other = longer;
    }
    chx__solution_finish(&other);
    return CHX_OK;
}

/* A small graph is searched for half the time, and then again, each time anew, as long as its bound
 * leaves room: most are done at once, and what a search gets stuck on it seldom does twice. */
static chx_status
improve(const chx__machine *machine, const chx__problem *problem, uint32_t effort,
        chx__solution *solution, double *bound_ns)
{
    uint64_t n_steps = (uint64_t)SEARCH_STEPS * effort;
    bool small = problem->n_tasks <= FEW_TASKS && chx__sequence_fits(machine);
    chx_status status = chx__search(
        machine, problem, &(chx__search_params){1, small ? n_steps / 2 : n_steps}, solution);
    if (!status)
        status = chx__bound_raise(machine, problem, solution->makespan_ns,
                                  (uint64_t)BOUND_STEPS * effort, bound_ns);
    for (uint64_t again = 0;
         !status && small && again < MOST_AGAIN && solution->makespan_ns > MUCH_ROOM * *bound_ns;
         again++)
        status = chx__search(machine, problem, &(chx__search_params){2 + again, n_steps}, solution);
    return status;
}

chx_status
chx__best(const chx__machine *machine, const chx__problem *problem, chx__solution *solution)
{
    double bound_ns = 0.0;
    chx_status status = chx__problem_check(machine, problem);
    if (!status)
        status = chx__bound_find(machine, problem, &bound_ns, NULL);
    return status ? status : chx__best_with_effort(machine, problem, 1, solution, &bound_ns);
}

chx_status
chx__best_with_effort(const chx__machine *machine, const chx__problem *problem, uint32_t effort,
                      chx__solution *solution, double *bound_ns)
{
    chx__solution best = {0};
    chx_status status = chx__heft(machine, problem, &best);
    for (size_t m = 0; !status && m < sizeof members / sizeof *members; m++)
        if (effort_of(&members[m], machine, problem) <= PORTFOLIO_STEPS)
            status = try_member(&members[m], machine, problem, &best);
    if (!status)
        status = improve(machine, problem, effort ? effort : 1, &best, bound_ns);
    if (status)
        chx__solution_finish(&best);
    else
        *solution = best;
    return status;
}
