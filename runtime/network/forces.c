/*
 * One graph is a few rounds, and is replayed until all are done. A host task brings nodes that are
 * near each other together, along the curve of Morton (curve.h), and kernels do the rest. Where
 * nodes have moved away from each other since, boxes are larger than they need be and no force is
 * wrong.
 *
 * Each part has as many buckets as a power of two, and the largest come first, so that the buckets
 * of each are one cell of the binary tree over all.
 */
#include "network/forces.h"

#include <stdlib.h>
#include <string.h>

#include <chronaxie/plan.h>

#include "base/alloc.h"
#include "base/error.h"
#include "layout/forces.h"
#include "network/curve.h"

#define CELL_BYTES (8 * sizeof(float))
#define HEIGHTS_AT_ONCE 4 /* of cells that one launch makes */

#define ROUNDS_AT_ONCE 5 /* for which one order serves */

/* The buckets of a part: 2^height from the first on. */
typedef struct block {
    uint32_t part, height, bucket;
} block;

typedef struct forces {
    const chx__web *web;
    chx_runtime *runtime;
    chx_program *program;
    chx__curve curve;
    block *blocks; /* of each part */
    uint32_t n_buckets, n_stretches, top;
    uint32_t *heights, *firsts, *owners;
    chx_buffer *places, *height_of, *at, *masses, *nodes, *cells, *pushes;
    chx_buffer *rows, *links, *weights, *first_of, *owner_of, *pulls;
    chx_graph *graph;
    chx_plan *plan;
    chx_task moves[ROUNDS_AT_ONCE];
} forces;

static void
finish(forces *all)
{
    chx_plan_destroy(&all->plan);
    chx_graph_destroy(&all->graph);
    chx_buffer **buffers[] = {&all->places, &all->height_of, &all->at,       &all->masses,
                              &all->nodes,  &all->cells,     &all->pushes,   &all->rows,
                              &all->links,  &all->weights,   &all->first_of, &all->owner_of,
                              &all->pulls};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        chx_buffer_destroy(buffers[i]);
    chx__curve_finish(&all->curve);
    free(all->blocks);
    free(all->heights);
    free(all->firsts);
    free(all->owners);
}

static int
compare_heights(const void *a, const void *b)
{
    const block *one = a, *other = b;
    if (one->height != other->height)
        return one->height > other->height ? -1 : 1;
    return one->part < other->part ? -1 : 1;
}

static int
compare_parts(const void *a, const void *b)
{
    const block *one = a, *other = b;
    return one->part < other->part ? -1 : one->part > other->part;
}

/* Gives parts their buckets, so many in all that cells of every height are whole. */
static chx_status
deal_buckets(forces *all)
{
    const uint32_t n_parts = all->curve.n_parts;
    all->blocks = chx__alloc(n_parts, sizeof *all->blocks);
    if (!all->blocks)
        return chx__fail_memory("laying out a network");
    for (uint32_t k = 0; k < n_parts; k++) {
        block *of = &all->blocks[k];
        of->part = k;
        while ((uint64_t)CHX_BUCKET << of->height < all->curve.parts[k].n)
            of->height++;
        all->top = of->height > all->top ? of->height : all->top;
    }
    qsort(all->blocks, n_parts, sizeof *all->blocks, compare_heights);
    for (uint32_t k = 0; k < n_parts; k++) {
        all->blocks[k].bucket = all->n_buckets;
        all->n_buckets += all->curve.parts[all->blocks[k].part].n ? 1u << all->blocks[k].height : 0;
    }
    qsort(all->blocks, n_parts, sizeof *all->blocks, compare_parts);
    all->n_buckets = (((all->n_buckets - 1) >> all->top) + 1) << all->top;
    return CHX_OK;
}

static chx_status
fill_heights(forces *all)
{
    all->heights = chx__alloc(all->n_buckets, sizeof *all->heights);
    if (!all->heights)
        return chx__fail_memory("laying out a network");
    for (uint32_t k = 0; k < all->curve.n_parts; k++)
        for (uint32_t i = 0; all->curve.parts[k].n && i < 1u << all->blocks[k].height; i++)
            all->heights[all->blocks[k].bucket + i] = all->blocks[k].height;
    return CHX_OK;
}

static chx_status
cut_stretches(forces *all)
{
    const chx__web *web = all->web;
    all->firsts = chx__alloc((size_t)web->n_nodes + 1, sizeof *all->firsts);
    if (!all->firsts)
        return chx__fail_memory("laying out a network");
    for (uint32_t i = 0; i < web->n_nodes; i++)
        all->firsts[i + 1] =
            all->firsts[i] + (web->rows[i + 1] - web->rows[i] + CHX_STRETCH - 1) / CHX_STRETCH;
    all->n_stretches = all->firsts[web->n_nodes];
    all->owners = chx__alloc(all->n_stretches, sizeof *all->owners);
    if (!all->owners)
        return chx__fail_memory("laying out a network");
    for (uint32_t i = 0; i < web->n_nodes; i++)
        for (uint32_t k = all->firsts[i]; k < all->firsts[i + 1]; k++)
            all->owners[k] = i;
    return CHX_OK;
}

/* The host task: at, places. */
static chx_status
bring_together(void *data, void *const *host)
{
    forces *all = data;
    uint32_t *places = host[1];
    chx__curve_follow(&all->curve, (const float(*)[2])host[0]);
    memset(places, 0xff, (size_t)all->n_buckets * CHX_BUCKET * sizeof *places);
    for (uint32_t k = 0; k < all->curve.n_parts; k++) {
        const chx__curve_part *of = &all->curve.parts[k];
        memcpy(places + (size_t)all->blocks[k].bucket * CHX_BUCKET, all->curve.order + of->first,
               of->n * sizeof *places);
    }
    return CHX_OK;
}

static chx_status
make_buffers(forces *all, float (*at)[2])
{
    const chx__web *web = all->web;
    const size_t n = web->n_nodes, n_links = web->rows[n], n_buckets = all->n_buckets;
    const struct {
        chx_buffer **buffer;
        size_t size_bytes;
        const void *initial;
    } wanted[] = {
        {&all->places, n_buckets * CHX_BUCKET * sizeof(uint32_t), NULL},
        {&all->height_of, n_buckets * sizeof(uint32_t), all->heights},
        {&all->at, n * sizeof *at, at},
        {&all->masses, n * sizeof *web->masses, web->masses},
        {&all->nodes, n_buckets * CHX_BUCKET * 3 * sizeof(float), NULL},
        {&all->cells, n_buckets * 2 * CELL_BYTES, NULL},
        {&all->pushes, n_buckets * CHX_BUCKET * 2 * sizeof(float), NULL},
        {&all->rows, (n + 1) * sizeof *web->rows, web->rows},
        {&all->links, n_links * sizeof *web->links, web->links},
        {&all->weights, n_links * sizeof *web->weights, web->weights},
        {&all->first_of, (n + 1) * sizeof *all->firsts, all->firsts},
        {&all->owner_of, all->n_stretches * sizeof *all->owners, all->owners},
        {&all->pulls, all->n_stretches * 2 * sizeof(float), NULL},
    };
    chx_status status = CHX_OK;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted && !status; i++)
        status = chx_buffer_create(all->runtime, wanted[i].size_bytes, wanted[i].initial,
                                   wanted[i].buffer);
    return status;
}

/* One work-item for each of n and as many groups of one size as that takes, since some drivers
 * compile a kernel anew for each size. */
static chx_status
add_kernel(forces *all, const char *kernel, uint32_t n, const chx_arg *args, chx_task *id)
{
    return chx_graph_kernel(all->graph, &(chx_kernel_task){
                                            .program = all->program,
                                            .kernel = kernel,
                                            .global = {((size_t)n + CHX_FORCES_GROUP - 1) /
                                                       CHX_FORCES_GROUP * CHX_FORCES_GROUP},
                                            .local = {CHX_FORCES_GROUP},
                                            .args = args,
                                            .id = id,
                                        });
}

static chx_status
add_join(forces *all, uint32_t height, uint32_t last)
{
    return add_kernel(all, "join", all->n_buckets >> last,
                      CHX_ARGS(CHX_READ_WRITE(all->cells), CHX_UINT(all->n_buckets),
                               CHX_UINT(height), CHX_UINT(last)),
                      NULL);
}

static chx_status
add_pushes(forces *all)
{
    const size_t buckets_bytes = all->n_buckets * CELL_BYTES;
    chx_status status =
        add_kernel(all, "gather", all->n_buckets,
                   CHX_ARGS(CHX_READ(all->places), CHX_READ(all->at), CHX_READ(all->masses),
                            CHX_WRITE(all->nodes),
                            CHX_BUFFER_RANGE(all->cells, CHX_ACCESS_WRITE, 0, buckets_bytes),
                            CHX_UINT(all->n_buckets)),
                   NULL);
    for (uint32_t height = 0; height < all->top && !status; height += HEIGHTS_AT_ONCE) {
        const uint32_t last = height + HEIGHTS_AT_ONCE;
        status = add_join(all, height, last < all->top ? last : all->top);
    }
    return status ? status
                  : add_kernel(all, "push", all->n_buckets,
                               CHX_ARGS(CHX_READ(all->height_of), CHX_READ(all->nodes),
                                        CHX_READ(all->cells), CHX_WRITE(all->pushes),
                                        CHX_UINT(all->n_buckets)),
                               NULL);
}

static chx_status
add_pulls(forces *all)
{
    return add_kernel(all, "pull", all->n_stretches,
                      CHX_ARGS(CHX_READ(all->owner_of), CHX_READ(all->first_of),
                               CHX_READ(all->rows), CHX_READ(all->links), CHX_READ(all->weights),
                               CHX_READ(all->at), CHX_WRITE(all->pulls),
                               CHX_UINT(all->n_stretches)),
                      NULL);
}

#define MOVE_STEP 7 /* the argument */

static chx_status
add_move(forces *all, chx_task *id)
{
    const uint32_t n_places = all->n_buckets * CHX_BUCKET;
    return add_kernel(all, "move", n_places,
                      CHX_ARGS(CHX_READ(all->places), CHX_READ(all->masses), CHX_READ(all->pushes),
                               CHX_READ(all->first_of), CHX_READ(all->pulls),
                               CHX_READ_WRITE(all->at), CHX_UINT(n_places), CHX_FLOAT(0)),
                      id);
}

static chx_status
add_tasks(forces *all)
{
    const chx_host_task sort = {.name = "bring together",
                                .run = bring_together,
                                .data = all,
                                .args = CHX_ARGS(CHX_READ(all->at), CHX_WRITE(all->places))};
    chx_status status = chx_graph_create(all->runtime, &all->graph);
    if (!status)
        status = chx_graph_host(all->graph, &sort);
    for (uint32_t i = 0; i < ROUNDS_AT_ONCE && !status; i++) {
        status = add_pushes(all);
        if (!status)
            status = add_pulls(all);
        if (!status)
            status = add_move(all, &all->moves[i]);
    }
    return status ? status : chx_plan_create(all->graph, NULL, &all->plan);
}

static chx_status
init(forces *all)
{
    chx_status status = chx__curve_init(&all->curve, all->web->n_nodes, all->web->parts);
    if (!status)
        status = deal_buckets(all);
    if (!status)
        status = fill_heights(all);
    return status ? status : cut_stretches(all);
}

static chx_status
act(forces *all, uint32_t n_rounds, float step)
{
    chx_status status = CHX_OK;
    for (uint32_t i = 0; i < n_rounds && !status; i++) {
        const uint32_t k = i % ROUNDS_AT_ONCE;
        const chx_arg now = CHX_FLOAT(step * (float)(n_rounds - i) / (float)n_rounds);
        status = chx_graph_set_value(all->graph, all->moves[k], MOVE_STEP, &now);
        if (!status && k == ROUNDS_AT_ONCE - 1)
            status = chx_plan_submit(all->plan, NULL);
    }
    return status;
}

chx_status
chx__forces_act(chx_runtime *runtime, chx_program *program, const chx__web *web, uint32_t n_rounds,
                float step, float (*at)[2])
{
    forces all = {.web = web, .runtime = runtime, .program = program};
    chx_status status = init(&all);
    if (!status)
        status = make_buffers(&all, at);
    if (!status)
        status = add_tasks(&all);
    if (!status)
        status = act(&all, n_rounds, step);
    if (!status)
        status = chx_buffer_read(all.at, 0, web->n_nodes * sizeof *at, at);
    finish(&all);
    return status;
}
