/* The portfolio: HEFT always, so that the result is never longer than its; the other members as
 * far as the problem's size allows; then annealing. Effort is estimated from counts and never
 * from a clock, so a problem has one plan on every machine. No member beats the others on all
 * graphs, and each is the best on some. */
#include <string.h>

#include "base/error.h"
#include "schedule/algorithm.h"
#include "schedule/search.h"

/* About 5 ms. */
#define SEARCH_STEPS 120000

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
        return 4 * (double)problem->n_tasks * problem->n_tasks;
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

chx_status
chx__best(const chx__machine *machine, const chx__problem *problem, chx__solution *solution)
{
    return chx__best_with_effort(machine, problem, 1, solution);
}

chx_status
chx__best_with_effort(const chx__machine *machine, const chx__problem *problem, uint32_t effort,
                      chx__solution *solution)
{
    uint64_t n_steps = (uint64_t)SEARCH_STEPS * (effort ? effort : 1);
    chx__solution best = {0};
    chx_status status = chx__heft(machine, problem, &best);
    for (size_t m = 0; !status && m < sizeof members / sizeof *members; m++)
        if (effort_of(&members[m], machine, problem) <= PORTFOLIO_STEPS)
            status = try_member(&members[m], machine, problem, &best);
    if (!status)
        status = chx__search(machine, problem, &(chx__search_params){1, n_steps}, &best);
    if (status)
        chx__solution_finish(&best);
    else
        *solution = best;
    return status;
}
