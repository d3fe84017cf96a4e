/* Lowering: from a schedule to commands that can be enqueued as they are.
 *
 * A lowered plan fixes for one graph, one set of devices and one initial whereabouts of the data
 * which commands run, on which lanes, in what order and after which others. It does not change
 * while runs use it. */
#ifndef CHX_EXECUTE_LOWERING_H
#define CHX_EXECUTE_LOWERING_H

#include "execute/binding.h"
#include "execute/model.h"
#include "graph/cast.h"
#include "graph/division.h"
#include "schedule/problem.h"

typedef enum chx__command_kind {
    CHX__COMMAND_KERNEL = 1,
    CHX__COMMAND_HOST,
    CHX__COMMAND_TRANSFER,
} chx__command_kind;

typedef struct chx__command {
    chx__command_kind kind;
    uint32_t lane; /* of the model */
    uint32_t task; /* kernels and host tasks */
    uint32_t origin; /* the task of the caller's graph that it is, or is a piece of, and whose
                        values it has; CHX__NO_INDEX for what begins or combines partials */
    uint32_t atom; /* transfers: what moves */
    uint32_t from, to; /* transfers: places */
    chx__binding *binding; /* kernels: shared, the lowered plan's */
    uint32_t first_arg, n_args; /* kernels: rows of args */
    chx__launch launch; /* kernels */
    uint32_t first_wait, n_waits; /* rows of waits */
    uint32_t first_touch, n_touches; /* rows of touches */
    /* A command of another platform or of the host waits for this one, or it ends its lane: its
     * completion must be noticed promptly. */
    bool is_awaited;
    chx__task_keys cost_keys; /* kernels and host tasks */
    double start_ns, finish_ns; /* predicted, from the start of the plan */
} chx__command;

/* Bytes of a replica that a command is the first, or the last, of its run to read or write. */
typedef struct chx__touch {
    uint32_t buffer; /* of the flow */
    uint32_t place;
    uint32_t command;
    bool writes;
    size_t begin, end;
} chx__touch;

/* What the last runs have said of a lane that took longer or shorter than what is known. */
typedef struct chx__shift {
    double factor; /* in the last one */
    uint32_t n_runs, n_witnesses;
} chx__shift;

typedef struct chx__lowered {
    uint32_t n_references; /* under the turn */
    uint64_t n_runs_ended; /* well; under the turn */
    uint64_t n_runs_learnt; /* of them, up to the last that was measured; under the turn */
    chx__shift *shifts; /* by lane; under the turn */
    const chx_graph *whole; /* the caller's graph */
    const chx_graph *graph; /* what is run: that, or its division */
    chx_graph *division; /* owned; NULL where nothing can be divided */
    chx__shares shares; /* of the division */
    chx__flow flow;
    chx__cast cast; /* the buffers that it was made for */
    chx__model model;
    chx__command *commands; /* in an order that runs them correctly one by one */
    uint32_t n_commands;
    uint32_t *waits; /* commands */
    size_t n_waits, wait_capacity;
    chx__touch *touches; /* entries: first touches, by command */
    size_t n_touches, touch_capacity;
    chx__touch *exits; /* last touches, by buffer, then by range */
    size_t n_exits, exit_capacity;
    uint32_t *lane_begin; /* per model lane: rows of lane_commands */
    uint32_t *lane_commands;
    chx_arg *args; /* of kernels, by command, as they were when the plan was made */
    size_t n_args;
    unsigned char *values; /* of args that are longer than an argument */
    chx__binding **bindings;
    size_t n_bindings, binding_capacity;
    double makespan_ns;
    double planning_ns; /* that scheduling it took */
    chx__digest entry; /* whereabouts of the data that it starts from */
    uint64_t n_recasts; /* of the graph */
    uint64_t cost_epoch, build_epoch;
    uint32_t fleet_generation;
} chx__lowered;

/* Digest of where the graph's data lies now when the cast plays it; a lowered plan fits when its
 * own is equal. */
chx__digest chx__lowering_entry(const chx__flow *flow, const chx__cast *cast);

/* Fills in commands, lanes and hazards of a lowered plan whose graph, flow and model stand. Touches
 * nothing else, so no lock is needed. Errors: MEMORY. */
chx_status chx__lowering_arrange(chx__lowered *lowered, const chx__solution *solution);

/* Under the turn. */
void chx__lowering_unref(chx__lowered *lowered);

/* Name of a command: its task's, or the transfer's. */
void chx__command_name(const chx__lowered *lowered, const chx__command *command, char *name,
                       size_t capacity);

/* Bytes that a transfer moves, else 0. */
uint64_t chx__command_bytes(const chx__lowered *lowered, const chx__command *command);

#endif
