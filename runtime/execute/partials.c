/* Partials live as long as their plan: divisions, casts and what runs are repeated from name them.
 * Sizes are powers of two, so that a caller who comes with ever other buffers makes a plan grow by
 * twice the largest, and a device's replicas are allocated only where pieces are. Between runs they
 * hold nothing that anybody needs. */
#include "execute/partials.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "execute/access.h"

/* Tasks that follow each other need not wait for each other's partials. */
#define LEAST_TURNS 4u

static chx_status
add(chx__partials *partials, size_t size_bytes, uint32_t n_before, uint32_t n_devices)
{
    if (!chx__grow(&partials->list, &partials->capacity, partials->n + 1, sizeof *partials->list))
        return chx__fail_memory("dividing tasks");
    chx__partial *made = &partials->list[partials->n];
    *made = (chx__partial){.size_bytes = chx__partial_size(size_bytes),
                           .turn = n_before % partials->n_turns,
                           .of = chx__alloc(n_devices, sizeof *made->of),
                           .n_devices = n_devices};
    if (!made->of)
        return chx__fail_memory("dividing tasks");
    partials->n++;
    return CHX_OK;
}

static chx_status
provide(chx__partials *partials, chx_runtime *runtime, size_t size_bytes, uint32_t n_before)
{
    uint32_t n_devices = runtime->fleet.n_devices;
    chx_status status = CHX_OK;
    if (!partials->program)
        status = chx_program_from_embedded(runtime, "reduce/partial.cl", NULL, &partials->program);
    if (!status && !chx__partials_find(partials, size_bytes, n_before))
        status = add(partials, size_bytes, n_before, n_devices);
    for (uint32_t d = 1; !status && d < n_devices; d++) {
        chx__partial *of = chx__partials_find(partials, size_bytes, n_before);
        if (of->of[d])
            continue;
        status = chx__access_create(runtime, of->size_bytes, &of->of[d]);
        if (!status)
            of->of[d]->is_partial = true;
    }
    return status;
}

static void
count_turns(chx__partials *partials, const chx_graph *graph)
{
    if (partials->n_turns < LEAST_TURNS)
        partials->n_turns = LEAST_TURNS;
    for (uint32_t t = 0; t < graph->n_tasks; t++) {
        uint32_t n = chx__reduction_count(&graph->tasks[t]);
        partials->n_turns = n > partials->n_turns ? n : partials->n_turns;
    }
}

chx_status
chx__partials_provide(chx__partials *partials, const chx_graph *graph)
{
    bool is_done = partials->n_tasks == graph->n_tasks && partials->n_recasts == graph->n_recasts;
    uint32_t n = 0;
    chx_status status = CHX_OK;
    if (is_done)
        return CHX_OK;
    count_turns(partials, graph);
    for (uint32_t t = 0; t < graph->n_tasks; t++) {
        const chx__task *task = &graph->tasks[t];
        for (uint32_t i = 0; !status && i < task->n_args; i++)
            if (task->args[i].reduction)
                status = provide(partials, graph->runtime, task->args[i].size_bytes, n++);
    }
    if (status)
        return status;
    partials->n_tasks = graph->n_tasks;
    partials->n_recasts = graph->n_recasts;
    return CHX_OK;
}

void
chx__partials_finish(chx__partials *partials)
{
    for (size_t i = 0; i < partials->n; i++) {
        chx__partial *ending = &partials->list[i];
        for (uint32_t d = 1; d < ending->n_devices; d++)
            chx__access_destroy(&ending->of[d]);
        free(ending->of);
    }
    free(partials->list);
    chx_program_destroy(&partials->program);
    *partials = (chx__partials){0};
}
