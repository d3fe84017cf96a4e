/* One walk over the commands in their final order, with a cell for every atom in every place: who
 * wrote the replica last, and who has read it since. A read waits for the writer; a write waits for
 * all readers since, and for the writer. What a read or write finds without a writer before it
 * comes from outside of the run and becomes an entry; what the cells hold after the last command
 * are the exits. tail.c ties one run's entries to the exits of those before it by the same rule, so
 * runs follow each other as commands do.
 *
 * What must hold: commands stand in an order in which each follows all that it waits for, so one
 * walk is enough and a wait always points backwards. Waits of one command lie in one stretch,
 * because they are only added while its own turn in the walk lasts; so do its touches. Exits are
 * made by atom, hence by buffer and range, which tail.c's binary search depends on.
 *
 * Commands of one lane never wait for each other. That is right for in-order queues only.
 *
 * is_awaited costs a callback from the driver, so it is set where somebody outside of the
 * platform waits, and at the ends of lanes. */
#include "execute/hazard.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

#define NONE CHX__NO_INDEX

/* A command that read the present content of a cell; lists through `next`. */
typedef struct reader {
    uint32_t command;
    uint32_t next;
} reader;

/* What happened so far to one atom in one place. */
typedef struct cell {
    uint32_t writer;
    uint32_t first_reader; /* since the write */
} cell;

typedef struct finder {
    chx__lowered *lowered;
    cell *cells; /* n_atoms x n_places */
    reader *readers;
    size_t n_readers, reader_capacity;
    uint32_t *task_command; /* command of each task, for dependencies added by hand */
} finder;

/* The same bytes are one cell, whichever place they are reached from. */
static uint32_t
place_of_bytes(const finder *f, uint32_t atom, uint32_t place)
{
    const chx__flow *flow = &f->lowered->flow;
    return place == flow->sharers[flow->atoms[atom].buffer] ? CHX__HOST_PLACE : place;
}

static cell *
cell_of(const finder *f, uint32_t atom, uint32_t place)
{
    return &f->cells[(size_t)atom * f->lowered->model.machine.n_places + place];
}

/* The platform whose events a command can wait for; NULL for the host. */
static const chx__platform *
domain(const chx__lowered *lowered, const chx__command *command)
{
    const chx__device *device = lowered->model.lanes[command->lane].device;
    return device ? device->platform : NULL;
}

/* Lanes are in order, so of each the latest command stands for all before it. */
static bool
add_wait(chx__lowered *lowered, uint32_t command, uint32_t before)
{
    chx__command *waiting = &lowered->commands[command];
    if (before == NONE || before == command || lowered->commands[before].lane == waiting->lane)
        return true;
    assert(before < command && waiting->first_wait + waiting->n_waits == lowered->n_waits);
    for (size_t w = waiting->first_wait; w < lowered->n_waits; w++) {
        if (lowered->commands[lowered->waits[w]].lane != lowered->commands[before].lane)
            continue;
        if (lowered->waits[w] < before)
            lowered->waits[w] = before;
        return true;
    }
    if (!chx__grow(&lowered->waits, &lowered->wait_capacity, lowered->n_waits + 1,
                   sizeof *lowered->waits))
        return false;
    lowered->waits[lowered->n_waits++] = before;
    waiting->n_waits++;
    return true;
}

/* Once all waits of a command stand. */
static void
mark_awaited(chx__lowered *lowered, const chx__command *waiting)
{
    for (uint32_t i = 0; i < waiting->n_waits; i++) {
        chx__command *awaited = &lowered->commands[lowered->waits[waiting->first_wait + i]];
        if (domain(lowered, waiting) != domain(lowered, awaited))
            awaited->is_awaited = true;
    }
}

/* Atoms come in order, so a range that goes on where the last touch ended becomes part of it. */
static bool
add_touch(chx__touch **touches, size_t *n, size_t *capacity, chx__touch touch)
{
    chx__touch *last = *n > 0 ? &(*touches)[*n - 1] : NULL;
    if (last && last->buffer == touch.buffer && last->place == touch.place &&
        last->command == touch.command && last->writes == touch.writes &&
        last->end == touch.begin) {
        last->end = touch.end;
        return true;
    }
    if (!chx__grow(touches, capacity, *n + 1, sizeof **touches))
        return false;
    (*touches)[(*n)++] = touch;
    return true;
}

static chx__touch
make_touch(const chx__lowered *lowered, uint32_t command, uint32_t atom, uint32_t place,
           bool writes)
{
    const chx__atom *touched = &lowered->flow.atoms[atom];
    return (chx__touch){touched->buffer, place, command, writes, touched->begin, touched->end};
}

static bool
add_entry(chx__lowered *lowered, uint32_t command, uint32_t atom, uint32_t place, bool writes)
{
    chx__command *touching = &lowered->commands[command];
    if (!add_touch(&lowered->touches, &lowered->n_touches, &lowered->touch_capacity,
                   make_touch(lowered, command, atom, place, writes)))
        return false;
    touching->n_touches = (uint32_t)(lowered->n_touches - touching->first_touch);
    return true;
}

static bool
note_read(finder *f, uint32_t command, uint32_t atom, uint32_t at)
{
    uint32_t place = place_of_bytes(f, atom, at);
    cell *touched = cell_of(f, atom, place);
    bool is_entry = touched->writer == NONE;
    if (!chx__grow(&f->readers, &f->reader_capacity, f->n_readers + 1, sizeof *f->readers))
        return false;
    f->readers[f->n_readers] = (reader){command, touched->first_reader};
    touched->first_reader = (uint32_t)f->n_readers++;
    return is_entry ? add_entry(f->lowered, command, atom, place, false)
                    : add_wait(f->lowered, command, touched->writer);
}

static bool
note_write(finder *f, uint32_t command, uint32_t atom, uint32_t at)
{
    uint32_t place = place_of_bytes(f, atom, at);
    cell *touched = cell_of(f, atom, place);
    if (touched->writer == NONE && !add_entry(f->lowered, command, atom, place, true))
        return false;
    for (uint32_t r = touched->first_reader; r != NONE; r = f->readers[r].next)
        if (!add_wait(f->lowered, command, f->readers[r].command))
            return false;
    if (touched->writer != NONE && !add_wait(f->lowered, command, touched->writer))
        return false;
    *touched = (cell){.writer = command, .first_reader = NONE};
    return true;
}

static bool
walk_task(finder *f, uint32_t command)
{
    chx__lowered *lowered = f->lowered;
    const chx__flow *flow = &lowered->flow;
    uint32_t task = lowered->commands[command].task;
    uint32_t place = lowered->model.machine_lanes[lowered->commands[command].lane].place;
    f->task_command[task] = command;
    for (uint32_t i = flow->reads.begin[task]; i < flow->reads.begin[task + 1]; i++)
        if (!note_read(f, command, flow->versions[flow->reads.index[i]].atom, place))
            return false;
    for (uint32_t i = flow->writes.begin[task]; i < flow->writes.begin[task + 1]; i++)
        if (!note_write(f, command, flow->writes.index[i], place))
            return false;
    const chx__task *ordered = &lowered->graph->tasks[task];
    for (size_t i = 0; i < ordered->n_before; i++)
        if (!add_wait(lowered, command, f->task_command[ordered->before[i]]))
            return false;
    return true;
}

static bool
walk_commands(finder *f)
{
    chx__lowered *lowered = f->lowered;
    for (uint32_t c = 0; c < lowered->n_commands; c++) {
        chx__command *command = &lowered->commands[c];
        command->first_wait = (uint32_t)lowered->n_waits;
        command->first_touch = (uint32_t)lowered->n_touches;
        bool ok = command->kind == CHX__COMMAND_TRANSFER
                      ? note_read(f, c, command->atom, command->from) &&
                            note_write(f, c, command->atom, command->to)
                      : walk_task(f, c);
        if (!ok)
            return false;
        mark_awaited(lowered, command);
    }
    return true;
}

static bool
add_exit(chx__lowered *lowered, uint32_t command, uint32_t atom, uint32_t place, bool writes)
{
    chx__touch exit = make_touch(lowered, command, atom, place, writes);
    const chx__touch *last = lowered->n_exits ? &lowered->exits[lowered->n_exits - 1] : &exit;
    assert(last->buffer < exit.buffer ||
           (last->buffer == exit.buffer && last->begin <= exit.begin && last->end <= exit.end));
    (void)last;
    return add_touch(&lowered->exits, &lowered->n_exits, &lowered->exit_capacity, exit);
}

static bool
collect_exits(finder *f)
{
    uint32_t n_places = f->lowered->model.machine.n_places;
    for (uint32_t atom = 0; atom < f->lowered->flow.n_atoms; atom++)
        for (uint32_t place = 0; place < n_places; place++) {
            const cell *touched = cell_of(f, atom, place);
            if (touched->writer != NONE &&
                !add_exit(f->lowered, touched->writer, atom, place, true))
                return false;
            for (uint32_t r = touched->first_reader; r != NONE; r = f->readers[r].next)
                if (!add_exit(f->lowered, f->readers[r].command, atom, place, false))
                    return false;
        }
    return true;
}

chx_status
chx__hazards_find(chx__lowered *lowered)
{
    size_t n_cells = (size_t)lowered->flow.n_atoms * lowered->model.machine.n_places;
    finder found = {
        .lowered = lowered,
        .cells = chx__alloc(lowered->flow.n_atoms,
                            lowered->model.machine.n_places * sizeof *found.cells),
        .task_command = chx__alloc(lowered->graph->n_tasks, sizeof *found.task_command),
    };
    bool ok = found.cells && found.task_command;
    if (ok) {
        memset(found.cells, 0xff, n_cells * sizeof *found.cells);
        ok = walk_commands(&found) && collect_exits(&found);
    }
    free(found.cells);
    free(found.task_command);
    free(found.readers);
    return ok ? CHX_OK : chx__fail_memory("planning a graph");
}
