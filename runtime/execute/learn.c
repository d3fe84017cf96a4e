/* Models keep the median of nine, so what a plan's commands cost is known after its first runs.
 * From then on some runs are enough to notice that it has changed, and the others are not held up
 * by it: a look into the table for each command costs as much as reaping it. For the same reason of
 * like commands in a row only as many count for their kind as a model keeps. Use is counted in
 * full, by the measured run for those since the last.
 *
 * What kernels cost, though not what each task of a graph did, is kept from one process to the
 * next. */
#include "execute/learn.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "device/program.h"
#include "execute/cost_book.h"
#include "execute/reference.h"
#include "execute/shift.h"

#define ALL_MEASURED 4u /* first runs of a plan */
#define OFTEN_UP_TO 32u /* runs: each fourth */
#define OFTEN 4u
#define SELDOM 16u

#define MOST_ALIKE 9u
#define FIRST_LOOK 64u /* runs of a plan, and each doubling: whether a driver is slower */

static bool
is_measured(uint64_t n)
{
    return n <= ALL_MEASURED || n % (n <= OFTEN_UP_TO ? OFTEN : SELDOM) == 0;
}

static bool
is_to_compare(uint64_t n)
{
    return n >= FIRST_LOOK && (n & (n - 1)) == 0;
}

static bool
are_alike(const chx__cost_key *a, const chx__cost_key *b)
{
    return a->kernel == b->kernel && a->device == b->device && a->size == b->size;
}

/* What a launch is declared to read and to write; the graph's own arguments may be changing. */
static uint64_t
bytes_of(const chx__lowered *lowered, const chx__command *command)
{
    uint64_t bytes = 0;
    for (uint32_t a = 0; a < command->n_args; a++) {
        const chx_arg *arg = &lowered->args[command->first_arg + a];
        if (arg->kind == CHX_ARG_BUFFER)
            bytes += arg->size_bytes * ((arg->access & CHX_ACCESS_READ ? 1u : 0u) +
                                        (arg->access & CHX_ACCESS_WRITE ? 1u : 0u));
    }
    return bytes;
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
    if (also_for_kind &&
        chx__costs_add(runtime->costs, &command->cost_keys.kind, (double)duration_ns) &&
        command->kind == CHX__COMMAND_KERNEL)
        chx__costs_name(runtime->costs, &command->cost_keys.kind,
                        run->lowered->graph->tasks[command->task].kernel,
                        bytes_of(run->lowered, command));
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
    chx_runtime *runtime = run->runtime;
    uint64_t n = ++lowered->n_runs_ended;
    uint32_t n_alike = 0;
    assert(n > lowered->n_runs_learnt && !run->failed);
    if (!is_measured(n) && !lowered->division)
        return;
    uint32_t n_shifts = chx__shift_look(run);
    runtime->n_shifts += n_shifts;
    runtime->cost_epoch += n_shifts;
    for (uint32_t c = 0; c < lowered->n_commands; c++) {
        const chx__command *commands = lowered->commands;
        bool is_alike =
            c > 0 && are_alike(&commands[c].cost_keys.kind, &commands[c - 1].cost_keys.kind);
        n_alike = is_alike ? n_alike + 1 : 0;
        learn_command(run, c, n_alike < MOST_ALIKE, n - lowered->n_runs_learnt);
    }
    lowered->n_runs_learnt = n;
    if (is_to_compare(n))
        chx__references_look(runtime->references, runtime->costs, &runtime->logger);
}

void
chx__learn_begin(chx_runtime *runtime)
{
    runtime->references = chx__references_recall(&runtime->fleet);
    for (uint32_t d = 0; d < runtime->fleet.n_devices; d++)
        if (chx__device_is_usable(&runtime->fleet.devices[d]))
            chx__cost_book_recall(runtime->fleet.cache, runtime->fleet.devices[d].pace,
                                  runtime->costs);
}

void
chx__learn_end(chx_runtime *runtime)
{
    chx__references_look(runtime->references, runtime->costs, &runtime->logger);
    for (uint32_t d = 0; d < runtime->fleet.n_devices; d++)
        if (chx__device_is_usable(&runtime->fleet.devices[d]) &&
            chx__cost_book_keep(runtime->fleet.cache, runtime->fleet.devices[d].pace,
                                runtime->costs))
            chx__references_keep(runtime->references, d);
    chx__references_destroy(&runtime->references);
}
