/* Each task runs twice, on buffers of its own. What it declares to read has the true bytes; all
 * other bytes have a pattern, another one the second time. Then every byte tells: outside of what
 * it declares to write it must be as it was put there; inside it must be the same both times, or
 * the task has read what it did not declare; and where both patterns stand untouched the task has
 * not overwritten what it said it would.
 *
 * A task that can be divided is played in three pieces, of which one has neighbours on both sides.
 * What it reduces into holds the identity the second time: the truth and what is found then must
 * make what is found the first time. Where other bytes depend on it, those differ.
 *
 * The bytes that a task declares to write are true for those after it. Host tasks may do things
 * that must not be done twice, so what they write stays as it was. */
#include "execute/rehearsal.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "execute/plan.h"
#include "graph/division.h"
#include "graph/flow.h"
#include "graph/graph.h"

enum { N_PASSES = 2, N_PIECES = 3 };

static const unsigned char patterns[N_PASSES] = {0x5a, 0xa5};

/* One buffer of the graph. */
typedef struct prop {
    unsigned char *truth; /* its bytes as far as the graph has been played */
    unsigned char *put[N_PASSES]; /* what the present task finds */
    unsigned char *found[N_PASSES]; /* what it leaves */
    chx_buffer *stage[N_PASSES]; /* NULL where the task does not use it */
    size_t size_bytes;
} prop;

typedef struct rehearsal {
    const chx_graph *graph;
    chx__flow flow;
    prop *props; /* by the flow's buffers */
} rehearsal;

static chx_status
prepare_prop(prop *made, chx_buffer *buffer)
{
    made->size_bytes = chx_buffer_size(buffer);
    made->truth = chx__alloc(made->size_bytes, 1);
    bool ok = made->truth != NULL;
    for (int pass = 0; pass < N_PASSES; pass++) {
        made->put[pass] = chx__alloc(made->size_bytes, 1);
        made->found[pass] = chx__alloc(made->size_bytes, 1);
        ok = ok && made->put[pass] && made->found[pass];
    }
    return ok ? chx_buffer_read(buffer, 0, made->size_bytes, made->truth)
              : chx__fail_memory("checking the ranges of tasks");
}

static void
clear_stage(rehearsal *of)
{
    for (uint32_t b = 0; b < of->flow.n_buffers; b++)
        for (int pass = 0; pass < N_PASSES; pass++)
            chx_buffer_destroy(&of->props[b].stage[pass]);
}

static void
finish(rehearsal *ending)
{
    for (uint32_t b = 0; ending->props && b < ending->flow.n_buffers; b++) {
        free(ending->props[b].truth);
        for (int pass = 0; pass < N_PASSES; pass++) {
            free(ending->props[b].put[pass]);
            free(ending->props[b].found[pass]);
        }
    }
    free(ending->props);
    chx__flow_finish(&ending->flow);
}

/* The flow's buffer of the argument. */
static prop *
prop_of(const rehearsal *of, const chx_arg *arg)
{
    uint32_t b = 0;
    while (of->flow.buffers[b] != arg->buffer)
        b++;
    return &of->props[b];
}

/* Fills in what a task finds in the buffers that it uses. */
static chx_status
set_stage(rehearsal *of, const chx__task *task, int pass)
{
    chx_status status = CHX_OK;
    for (uint32_t i = 0; i < task->n_args; i++)
        if (task->args[i].kind == CHX_ARG_BUFFER) {
            prop *used = prop_of(of, &task->args[i]);
            memset(used->put[pass], patterns[pass], used->size_bytes);
        }
    for (uint32_t i = 0; i < task->n_args; i++) {
        const chx_arg *arg = &task->args[i];
        if (arg->kind != CHX_ARG_BUFFER || !(arg->access & CHX_ACCESS_READ))
            continue;
        prop *used = prop_of(of, arg);
        memcpy(used->put[pass] + arg->offset_bytes, used->truth + arg->offset_bytes,
               arg->size_bytes);
        if (arg->reduction && pass > 0)
            chx__reduction_fill(arg->reduction, used->put[pass], used->size_bytes);
    }
    for (uint32_t i = 0; !status && i < task->n_args; i++) {
        if (task->args[i].kind != CHX_ARG_BUFFER)
            continue;
        prop *used = prop_of(of, &task->args[i]);
        if (!used->stage[pass])
            status = chx_buffer_create(of->graph->runtime, used->size_bytes, used->put[pass],
                                       &used->stage[pass]);
    }
    return status;
}

/* The task alone, on the stage. On success the caller frees *args. */
static chx_status
add_task(const rehearsal *of, const chx__task *task, int pass, chx_graph *alone)
{
    chx_arg *args = chx__alloc((size_t)task->n_args + 1, sizeof *args);
    uint32_t *devices = chx__alloc(CHX__MAX_PLACES, sizeof *devices);
    chx_status status = args && devices ? CHX_OK : chx__fail_memory("checking the ranges of tasks");
    uint32_t n_devices = 0;
    for (uint32_t d = 0; !status && d < chx_runtime_n_devices(of->graph->runtime); d++)
        if (chx__places_have(task->devices, d + 1))
            devices[n_devices++] = d;
    for (uint32_t i = 0; !status && i < task->n_args; i++) {
        args[i] = task->args[i];
        if (args[i].kind == CHX_ARG_BUFFER)
            args[i] = CHX_READ_WRITE(prop_of(of, &task->args[i])->stage[pass]);
    }
    chx_kernel_task copy = {.name = task->name,
                            .program = task->program,
                            .kernel = task->kernel,
                            .args = args,
                            .devices = devices,
                            .n_devices = n_devices};
    memcpy(copy.global, task->launch.global, sizeof copy.global);
    memcpy(copy.local, task->launch.local, sizeof copy.local);
    memcpy(copy.offset, task->launch.offset, sizeof copy.offset);
    if (!status)
        status = chx_graph_kernel(alone, &copy);
    free(args);
    free(devices);
    return status;
}

static chx_status
play(const rehearsal *of, const chx__task *task, int pass)
{
    chx_graph *alone = NULL;
    chx_plan *plan = NULL;
    chx_run *run = NULL;
    chx_status status = chx_graph_create(of->graph->runtime, &alone);
    if (!status)
        status = add_task(of, task, pass, alone);
    if (!status)
        status = chx_plan_create(alone, NULL, &plan);
    if (!status) {
        chx__turn_begin(alone->runtime);
        status = chx__plan_submit(plan, true, &run);
        chx__turn_end(alone->runtime);
    }
    if (!status)
        status = chx_run_wait(run, CHX_FOREVER);
    chx_run_destroy(&run);
    chx_plan_destroy(&plan);
    chx_graph_destroy(&alone);
    for (uint32_t b = 0; !status && b < of->flow.n_buffers; b++) {
        prop *used = &of->props[b];
        if (used->stage[pass])
            status = chx_buffer_read(used->stage[pass], 0, used->size_bytes, used->found[pass]);
    }
    return status;
}

/* What the task says of a byte of a buffer, all its arguments together. */
static chx_access
declared_access(const chx__task *task, const chx_buffer *buffer, size_t byte)
{
    int access = 0;
    for (uint32_t i = 0; i < task->n_args; i++) {
        const chx_arg *arg = &task->args[i];
        if (arg->kind == CHX_ARG_BUFFER && arg->buffer == buffer && byte >= arg->offset_bytes &&
            byte - arg->offset_bytes < arg->size_bytes)
            access |= (int)arg->access;
    }
    return (chx_access)access;
}

/* What is wrong with a byte; NULL when nothing is. */
static const char *
judge(const prop *used, chx_access access, size_t byte)
{
    bool untouched = true, agrees = used->found[0][byte] == used->found[1][byte];
    for (int pass = 0; pass < N_PASSES; pass++)
        untouched = untouched && used->found[pass][byte] == used->put[pass][byte];
    if (!(access & CHX_ACCESS_WRITE))
        return untouched ? NULL : "writes it without declaring so";
    if (access == CHX_ACCESS_WRITE && untouched)
        return "declares to overwrite it and does not";
    return agrees ? NULL : "leaves there what depends on bytes that it does not declare to read";
}

/* The second find is not needed afterwards. */
static chx_status
check_reduced(const rehearsal *of, const chx__task *task, uint32_t index)
{
    const chx_arg *arg = &task->args[index];
    const prop *used = prop_of(of, arg);
    chx__reduction_apply(arg->reduction, used->found[1], used->put[0], used->size_bytes);
    for (size_t byte = 0; byte < used->size_bytes; byte++)
        if (used->found[0][byte] != used->found[1][byte])
            return chx__fail_cl(CHX_ERROR_KERNEL, 0, NULL, task->name,
                                "task %s, argument %u, byte %zu of the buffer: the kernel does not "
                                "only reduce into it as the argument says",
                                task->name, index, byte);
    return CHX_OK;
}

static chx_status
check_argument(const rehearsal *of, const chx__task *task, uint32_t index)
{
    const chx_arg *arg = &task->args[index];
    const prop *used = prop_of(of, arg);
    for (size_t byte = 0; byte < used->size_bytes; byte++) {
        const char *wrong = judge(used, declared_access(task, arg->buffer, byte), byte);
        if (wrong)
            return chx__fail_cl(CHX_ERROR_KERNEL, 0, NULL, task->name,
                                "task %s, argument %u, byte %zu of the buffer: the kernel "
                                "%s; declare the range that it touches",
                                task->name, index, byte, wrong);
    }
    return CHX_OK;
}

/* What the task declares to write becomes true. */
static void
keep_results(rehearsal *of, const chx__task *task)
{
    for (uint32_t i = 0; i < task->n_args; i++) {
        const chx_arg *arg = &task->args[i];
        if (arg->kind != CHX_ARG_BUFFER || !(arg->access & CHX_ACCESS_WRITE))
            continue;
        prop *used = prop_of(of, arg);
        memcpy(used->truth + arg->offset_bytes, used->found[0] + arg->offset_bytes,
               arg->size_bytes);
    }
}

static chx_status
rehearse_task(rehearsal *of, const chx__task *task)
{
    chx_status status = CHX_OK;
    for (int pass = 0; !status && pass < N_PASSES; pass++) {
        status = set_stage(of, task, pass);
        if (!status)
            status = play(of, task, pass);
    }
    for (uint32_t i = 0; !status && i < task->n_args; i++)
        if (task->args[i].reduction)
            status = check_reduced(of, task, i);
        else if (task->args[i].kind == CHX_ARG_BUFFER)
            status = check_argument(of, task, i);
    if (!status)
        keep_results(of, task);
    clear_stage(of);
    return status;
}

static chx_status
rehearse_pieces(rehearsal *of, const chx__task *task)
{
    chx_status status = CHX_OK;
    size_t begin = 0;
    for (int i = 1; !status && i <= N_PIECES; i++) {
        size_t end = chx__division_bound(task, (double)i / N_PIECES);
        if (end == begin)
            continue;
        chx__task piece = chx__division_piece(task, begin, end);
        status = piece.args ? rehearse_task(of, &piece)
                            : chx__fail_memory("checking the ranges of tasks");
        free(piece.args);
        begin = end;
    }
    return status;
}

chx_status
chx__rehearse(const chx_graph *graph)
{
    rehearsal made = {.graph = graph};
    chx__turn_begin(graph->runtime);
    chx_status status = chx__flow_init(&made.flow, graph);
    chx__turn_end(graph->runtime);
    if (status)
        return status;
    made.props = chx__alloc(made.flow.n_buffers, sizeof *made.props);
    if (!made.props)
        status = chx__fail_memory("checking the ranges of tasks");
    for (uint32_t b = 0; !status && b < made.flow.n_buffers; b++)
        status = prepare_prop(&made.props[b], made.flow.buffers[b]);
    for (uint32_t t = 0; !status && t < graph->n_tasks; t++)
        if (graph->tasks[t].is_divisible)
            status = rehearse_pieces(&made, &graph->tasks[t]);
        else if (graph->tasks[t].program)
            status = rehearse_task(&made, &graph->tasks[t]);
    finish(&made);
    return status;
}
