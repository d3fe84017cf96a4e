/* Runs end in the order in which they depend on each other, but of two that write the same bytes in
 * different places neither depends on the other. A run that has ended before earlier ones that
 * touch its buffers leaves shades over what it has written (tail.h), which those then leave out; so
 * what settles is always the latest of what was promised for a byte. Both maps have room for all
 * changes before a run starts: taking promises back needs no memory. */
#include "execute/ledger.h"

#include <assert.h>

#include "execute/tail.h"

/* What becomes of a command's outcome in a map. */
typedef enum outcome {
    OUTCOME_LEFT = 0, /* it has not begun, or nothing needs to be said of it */
    OUTCOME_DONE, /* what it makes is there */
    OUTCOME_LOST, /* it began: its range is neither what it was nor what it should be */
} outcome;

static chx__coherence *
map_of(chx_buffer *buffer, bool settled)
{
    return settled ? &buffer->settled : &buffer->coherence;
}

static void
enter_transfer(const chx_run *run, const chx__command *command, outcome became, bool settled)
{
    chx__stretch at = chx__run_atom(run, command->atom);
    chx__coherence *map = map_of(at.buffer, settled);
    chx__places place = chx__places_of(command->to);
    size_t end;
    for (; chx__tails_find_lit(at.buffer, run->number, &at.begin, at.end, &end); at.begin = end)
        if (became == OUTCOME_DONE)
            chx__coherence_add(map, at.begin, end, place);
        else
            chx__coherence_subtract(map, at.begin, end, place);
}

static void
enter_write(const chx_run *run, uint32_t atom, chx__places place, outcome became, bool settled)
{
    chx__stretch at = chx__run_atom(run, atom);
    chx__coherence *map = map_of(at.buffer, settled);
    size_t end;
    if (became == OUTCOME_LOST)
        at.buffer->loss = run->error;
    for (; chx__tails_find_lit(at.buffer, run->number, &at.begin, at.end, &end); at.begin = end)
        chx__coherence_set(map, at.begin, end, became == OUTCOME_DONE ? place : chx__places_none());
}

static void
enter(const chx_run *run, uint32_t index, outcome became, bool settled)
{
    const chx__lowered *lowered = run->lowered;
    const chx__flow *flow = &lowered->flow;
    const chx__command *command = &lowered->commands[index];
    if (became == OUTCOME_LEFT)
        return;
    if (command->kind == CHX__COMMAND_TRANSFER) {
        enter_transfer(run, command, became, settled);
        return;
    }
    chx__places place = chx__places_of(lowered->model.machine_lanes[command->lane].place);
    for (uint32_t i = flow->writes.begin[command->task]; i < flow->writes.begin[command->task + 1];
         i++)
        enter_write(run, flow->writes.index[i], place, became, settled);
}

static void
enter_all(const chx_run *run, bool settled)
{
    for (uint32_t c = 0; c < run->lowered->n_commands; c++)
        enter(run, c, OUTCOME_DONE, settled);
}

/* Makes room for the changes of the run to the atoms of one buffer, besides those of all others. */
static chx_status
reserve(chx_buffer *buffer, size_t n_atoms)
{
    size_t n = buffer->n_promised + n_atoms + chx__tails_n_shades(buffer);
    chx_status status = CHX_OK;
    if (!chx__tails_any(buffer))
        status = chx__coherence_copy(&buffer->settled, &buffer->coherence);
    if (!status)
        status = chx__coherence_reserve(&buffer->settled, n);
    if (!status)
        status = chx__coherence_reserve(&buffer->coherence, n + buffer->settled.n_extents);
    if (!status)
        status = chx__tails_reserve_shades(buffer, n_atoms);
    return status;
}

/* Row after the last atom of the buffer that the first one belongs to. */
static uint32_t
end_of_buffer(const chx__flow *flow, uint32_t first)
{
    uint32_t end = first;
    while (end < flow->n_atoms && flow->atoms[end].buffer == flow->atoms[first].buffer)
        end++;
    return end;
}

chx_status
chx__ledger_promise(const chx_run *run)
{
    const chx__flow *flow = &run->lowered->flow;
    uint32_t end;
    for (uint32_t first = 0; first < flow->n_atoms; first = end) {
        end = end_of_buffer(flow, first);
        chx_status status = reserve(chx__run_atom(run, first).buffer, end - first);
        if (status)
            return status;
    }
    for (uint32_t first = 0; first < flow->n_atoms; first = end) {
        end = end_of_buffer(flow, first);
        chx__run_atom(run, first).buffer->n_promised += end - first;
    }
    if (!run->leaves_as_is)
        enter_all(run, false);
    return CHX_OK;
}

/* A host task that was called off has not begun. */
static bool
has_begun(const chx_run *run, uint32_t command)
{
    const chx__step *step = &run->steps[command];
    if (step->state == CHX__STEP_WAITING || step->state == CHX__STEP_LEFT)
        return false;
    return run->lowered->commands[command].kind != CHX__COMMAND_HOST ||
           atomic_load(&run->jobs[step->job].state) != CHX__JOB_WAITING;
}

static outcome
outcome_of(const chx_run *run, uint32_t command)
{
    if (run->steps[command].state == CHX__STEP_DONE)
        return OUTCOME_DONE;
    return has_begun(run, command) ? OUTCOME_LOST : OUTCOME_LEFT;
}

static void
settle_failed(const chx_run *run)
{
    for (uint32_t c = 0; c < run->lowered->n_commands; c++)
        enter(run, c, outcome_of(run, c), true);
}

/* Over what it has written, or begun to. */
static void
cast_shades(const chx_run *run)
{
    const chx__lowered *lowered = run->lowered;
    const chx__table *writes = &lowered->flow.writes;
    for (uint32_t c = 0; c < lowered->n_commands; c++) {
        const chx__command *command = &lowered->commands[c];
        if (command->kind == CHX__COMMAND_TRANSFER || outcome_of(run, c) == OUTCOME_LEFT)
            continue;
        for (uint32_t i = writes->begin[command->task]; i < writes->begin[command->task + 1]; i++) {
            chx__stretch at = chx__run_atom(run, writes->index[i]);
            chx__tails_shade(at.buffer, run->number, at.begin, at.end);
        }
    }
}

static void
return_to_settled(const chx_run *run)
{
    for (uint32_t b = 0; b < run->cast.n_parts; b++) {
        chx_buffer *buffer = chx__run_buffer(run, b);
        chx__coherence_take(&buffer->coherence, &buffer->settled);
    }
}

/* Buffers are what is settled of them and what the other runs promise. */
static void
take_back(const chx_run *run)
{
    return_to_settled(run);
    for (const chx_run *other = run->runtime->flight.first; other; other = other->next)
        return_to_settled(other);
    for (const chx_run *other = run->runtime->flight.first; other; other = other->next)
        if (!other->failed)
            enter_all(other, false);
}

void
chx__ledger_close(const chx_run *run)
{
    const chx__flow *flow = &run->lowered->flow;
    if (run->runtime->flight.n_runs > 0)
        cast_shades(run);
    if (run->failed) {
        settle_failed(run);
        take_back(run);
    } else if (run->runtime->flight.n_runs > 0) {
        enter_all(run, true);
    }
    uint32_t end;
    for (uint32_t first = 0; first < flow->n_atoms; first = end) {
        end = end_of_buffer(flow, first);
        chx_buffer *buffer = chx__run_atom(run, first).buffer;
        assert(buffer->n_promised >= end - first);
        buffer->n_promised -= end - first;
        chx__tails_lift_shades(buffer);
    }
}
