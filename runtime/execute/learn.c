/* Models keep the median of nine, so what a plan's commands cost is known after its first runs.
 * From then on every sixteenth is enough to notice that it has changed, and the other fifteen are
 * not held up by it: two looks into the table for each command cost about as much as reaping it.
 * Use is counted in full, by the measured run for those since the last. */
#include "execute/learn.h"

#include "device/program.h"

#define ALL_MEASURED 16u /* first runs of a plan */
#define MEASURED_EACH 16u

static void
learn_command(const chx_run *run, uint32_t index, uint64_t n_runs)
{
    chx_runtime *runtime = run->runtime;
    const chx__command *command = &run->lowered->commands[index];
    const chx__step *step = &run->steps[index];
    if (command->kind == CHX__COMMAND_TRANSFER || step->finish_ns <= step->start_ns)
        return;
    uint64_t duration_ns = step->finish_ns - step->start_ns;
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
    uint64_t n = ++run->lowered->n_runs_ended;
    if (n > ALL_MEASURED && n % MEASURED_EACH != 0)
        return;
    for (uint32_t c = 0; c < run->lowered->n_commands; c++)
        learn_command(run, c, n > ALL_MEASURED ? MEASURED_EACH : 1);
}
