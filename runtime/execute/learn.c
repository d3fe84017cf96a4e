/* Models keep the median of nine, so what a plan's commands cost is known after its first runs.
 * From then on some runs are enough to notice that it has changed, and the others are not held up
 * by it: a look into the table for each command costs as much as reaping it. For the same reason of
 * like commands in a row only as many count for their kind as a model keeps. Use is counted in
 * full, by the measured run for those since the last. */
#include "execute/learn.h"

#include <assert.h>

#include "device/program.h"

#define ALL_MEASURED 4u /* first runs of a plan */
#define OFTEN_UP_TO 32u /* runs: each fourth */
#define OFTEN 4u
#define SELDOM 16u

#define MOST_ALIKE 9u

static bool
is_measured(uint64_t n)
{
    return n <= ALL_MEASURED || n % (n <= OFTEN_UP_TO ? OFTEN : SELDOM) == 0;
}

static bool
are_alike(const chx__cost_key *a, const chx__cost_key *b)
{
    return a->kernel == b->kernel && a->device == b->device && a->size == b->size;
}

static void
learn_command(const chx_run *run, uint32_t index, bool also_for_kind, uint64_t n_runs)
{
    chx_runtime *runtime = run->runtime;
    const chx__command *command = &run->lowered->commands[index];
    const chx__step *step = &run->steps[index];
    if (command->kind == CHX__COMMAND_TRANSFER || step->parcel.finish_ns <= step->parcel.start_ns)
        return;
    uint64_t duration_ns = step->parcel.finish_ns - step->parcel.start_ns;
    if (also_for_kind)
        chx__costs_add(runtime->costs, &command->cost_keys.kind, (double)duration_ns);
    if (chx__costs_add(runtime->costs, &command->cost_keys.own, (double)duration_ns))
        runtime->cost_epoch++;
    if (command->kind == CHX__COMMAND_KERNEL &&
        chx__program_note_use(run->lowered->graph->tasks[command->task].program,
                              chx__run_device(run, index), duration_ns * n_runs))
        runtime->build_epoch++;
}

void
chx__learn(const chx_run *run)
{
    chx__lowered *lowered = run->lowered;
    uint64_t n = ++lowered->n_runs_ended;
    uint32_t n_alike = 0;
    assert(n > lowered->n_runs_learnt && !run->failed);
    if (!is_measured(n))
        return;
    for (uint32_t c = 0; c < lowered->n_commands; c++) {
        const chx__command *commands = lowered->commands;
        bool is_alike =
            c > 0 && are_alike(&commands[c].cost_keys.kind, &commands[c - 1].cost_keys.kind);
        n_alike = is_alike ? n_alike + 1 : 0;
        learn_command(run, c, n_alike < MOST_ALIKE, n - lowered->n_runs_learnt);
    }
    lowered->n_runs_learnt = n;
}
