/* Pieces stand in the order of devices, in place of the task that they are of, so that program
 * order is as it was. Where their bounds lie follows from the shares that the task's devices have
 * together: each bound is rounded by itself, to whole work-groups, so that pieces meet.
 *
 * What begins a piece's partials stands before it, what combines them behind all pieces. */
#include "graph/division.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "graph/argument.h"
#include "memory/buffer.h"

/* Lines are cut at multiples of so many work-items where the caller leaves work-groups to the
 * driver, which makes them as large as divides the range. */
#define LINE_GRANULE 64u

chx_status
chx__shares_init(chx__shares *shares, uint32_t n_devices)
{
    *shares = (chx__shares){chx__alloc(n_devices, sizeof *shares->of), n_devices, NULL};
    return shares->of ? CHX_OK : chx__fail_memory("dividing tasks");
}

chx_status
chx__shares_copy(chx__shares *to, const chx__shares *from)
{
    chx_status status = chx__shares_init(to, from->n_devices);
    if (!status && from->n_devices > 0)
        memcpy(to->of, from->of, from->n_devices * sizeof *to->of);
    to->partials = from->partials;
    return status;
}

bool
chx__shares_equal(const chx__shares *a, const chx__shares *b)
{
    return a->n_devices == b->n_devices && a->partials == b->partials &&
           (a->n_devices == 0 || memcmp(a->of, b->of, a->n_devices * sizeof *a->of) == 0);
}

void
chx__shares_finish(chx__shares *shares)
{
    free(shares->of);
    *shares = (chx__shares){0};
}

static size_t
granule_of(const chx__task *task)
{
    const chx__launch *launch = &task->launch;
    if (launch->has_local)
        return launch->local[launch->n_dimensions - 1];
    return launch->n_dimensions == 1 && launch->global[0] % LINE_GRANULE == 0 ? LINE_GRANULE : 1;
}

size_t
chx__division_bound(const chx__task *task, double part)
{
    size_t granule = granule_of(task);
    size_t n_granules = chx__task_n_items(task) / granule;
    return (size_t)llround(part * (double)n_granules) * granule;
}

/* What items [begin, end) touch of an argument that is split. */
static void
narrow(chx_arg *arg, size_t begin, size_t end)
{
    size_t item_bytes = arg->value.split[0], n_halo = arg->value.split[1];
    size_t size = chx_buffer_size(arg->buffer);
    size_t first = arg->offset_bytes + begin * item_bytes;
    size_t last = arg->offset_bytes + end * item_bytes;
    bool has_all_before = n_halo <= first / item_bytes;
    bool has_all_behind = n_halo <= (size - last) / item_bytes;
    first = has_all_before ? first - n_halo * item_bytes : 0;
    last = has_all_behind ? last + n_halo * item_bytes : size;
    arg->offset_bytes = first;
    arg->size_bytes = last - first;
}

chx__task
chx__division_piece(const chx__task *task, size_t begin, size_t end)
{
    chx__task piece = *task;
    uint32_t last = task->launch.n_dimensions - 1;
    piece.launch.global[last] = end - begin;
    piece.launch.offset[last] += begin;
    piece.args = chx__args_clone(task->args, task->n_args);
    for (uint32_t i = 0; piece.args && i < piece.n_args; i++)
        if (chx__arg_is_split(&piece.args[i]))
            narrow(&piece.args[i], begin, end);
    return piece;
}

/* While a graph is divided: where each task's pieces begin in the division. */
typedef struct making {
    const chx_graph *graph;
    const chx__shares *shares;
    chx_graph *made;
    uint32_t *first; /* by task; one more at the end */
    uint32_t n_reduced; /* arguments of the tasks so far */
} making;

/* Has the new task follow the pieces of all that its origin was to follow, unless it is NULL. */
static bool
follow(const making *of, chx__task *task, const chx__task *origin)
{
    task->before = NULL;
    task->n_before = task->before_capacity = 0;
    for (size_t i = 0; origin && i < origin->n_before; i++) {
        chx_task before = origin->before[i];
        for (uint32_t t = of->first[before]; t < of->first[before + 1]; t++) {
            if (!chx__grow(&task->before, &task->before_capacity, task->n_before + 1,
                           sizeof *task->before))
                return false;
            task->before[task->n_before++] = t;
        }
    }
    return true;
}

/* Appends the task, whose arguments are its own already and whose names are copied. */
static chx_status
append(const making *of, chx__task *task, const chx__task *origin)
{
    const char *kernel = task->kernel;
    task->name = chx__strdup(task->name);
    task->kernel = chx__strdup(kernel);
    bool is_whole = task->name && (task->kernel || !kernel) && task->args;
    if (follow(of, task, origin) && is_whole)
        return chx__graph_append(of->made, task, NULL);
    chx__task_finish(task);
    return chx__fail_memory("dividing tasks");
}

static double
sum_of_shares(const chx__task *task, const chx__shares *shares)
{
    double sum = 0.0;
    for (uint32_t d = 0; d < shares->n_devices; d++)
        if (chx__places_have(task->devices, d + 1))
            sum += shares->of[d];
    return sum;
}

static chx_status
append_whole(const making *of, const chx__task *task)
{
    chx__task whole =
        task->is_divisible ? chx__division_piece(task, 0, chx__task_n_items(task)) : *task;
    if (!task->is_divisible)
        whole.args = chx__args_clone(task->args, task->n_args);
    return append(of, &whole, task);
}

/* Appends what begins or combines a partial, in the place of a device. */
static chx_status
append_for_partial(const making *of, chx__task *task, uint32_t place)
{
    task->names = chx__task_hash_names(task);
    task->place = place;
    task->devices = chx__places_of(place);
    return append(of, task, NULL);
}

/* Has a piece that is not the first work in partials where its task reduces. */
static chx_status
lend_partials(const making *of, const chx__task *task, chx__task *piece)
{
    const chx__partials *partials = of->shares->partials;
    uint32_t n_before = of->n_reduced;
    chx_status status = CHX_OK;
    for (uint32_t i = 0; !status && piece->args && i < task->n_args; i++) {
        if (!task->args[i].reduction)
            continue;
        piece->args[i] =
            chx__reduction_partial(partials, &task->args[i], n_before++, piece->place - 1);
        chx__task begin = chx__reduction_begin(partials, task, i, &piece->args[i]);
        status = append_for_partial(of, &begin, piece->place);
    }
    return status;
}

/* Appends what combines the partials that have been begun since task `first`, which is the task's
 * first piece. */
static chx_status
combine_partials(const making *of, const chx__task *task, uint32_t first)
{
    const uint32_t end = of->made->n_tasks;
    chx_status status = CHX_OK;
    for (uint32_t t = first; !status && t < end; t++) {
        const chx__task *begun = &of->made->tasks[t];
        if (!begun->reduced)
            continue;
        chx__task combine =
            chx__reduction_combine(of->shares->partials, task, begun->reduced - 1, &begun->args[0]);
        status = append_for_partial(of, &combine, of->made->tasks[first].place);
    }
    return status;
}

static chx_status
append_pieces(const making *of, const chx__task *task, double sum)
{
    const chx__shares *shares = of->shares;
    const uint32_t first = of->made->n_tasks;
    double so_far = 0.0;
    size_t begin = 0;
    chx_status status = CHX_OK;
    for (uint32_t d = 0; !status && d < shares->n_devices; d++) {
        if (!chx__places_have(task->devices, d + 1))
            continue;
        so_far += shares->of[d];
        size_t end = chx__division_bound(task, so_far / sum);
        if (end == begin)
            continue;
        chx__task piece = chx__division_piece(task, begin, end);
        piece.place = d + 1;
        piece.devices = chx__places_of(piece.place);
        if (begin > 0)
            status = lend_partials(of, task, &piece);
        if (status)
            free(piece.args);
        else
            status = append(of, &piece, task);
        begin = end;
    }
    assert(status || begin == chx__task_n_items(task));
    return status ? status : combine_partials(of, task, first);
}

static chx_status
divide(making *of)
{
    chx_status status = CHX_OK;
    for (uint32_t t = 0; !status && t < of->graph->n_tasks; t++) {
        const chx__task *task = &of->graph->tasks[t];
        const uint32_t n_reduced = chx__reduction_count(task);
        const bool is_cut = task->is_divisible && (n_reduced == 0 || of->shares->partials);
        double sum = is_cut ? sum_of_shares(task, of->shares) : 0.0;
        of->first[t] = of->made->n_tasks;
        status = chx__task_check_pieces(task);
        if (status)
            return status;
        status = sum > 0.0 ? append_pieces(of, task, sum) : append_whole(of, task);
        of->first[t + 1] = of->made->n_tasks;
        of->n_reduced += n_reduced;
    }
    return status;
}

chx_status
chx__division_create(const chx_graph *graph, const chx__shares *shares, chx_graph **made)
{
    making of = {.graph = graph,
                 .shares = shares,
                 .first = chx__alloc((size_t)graph->n_tasks + 1, sizeof *of.first)};
    chx_status status =
        of.first ? chx_graph_create(graph->runtime, &of.made) : chx__fail_memory("dividing tasks");
    if (!status)
        status = divide(&of);
    free(of.first);
    if (status) {
        chx_graph_destroy(&of.made);
        return status;
    }
    of.made->n_recasts = graph->n_recasts;
    *made = of.made;
    return CHX_OK;
}

static void
recast_piece(chx__task *piece, const chx__task *task)
{
    for (uint32_t i = 0; i < task->n_args; i++) {
        bool is_partial = task->args[i].reduction && !piece->args[i].reduction;
        if (task->args[i].kind != CHX_ARG_BUFFER || is_partial)
            continue;
        piece->args[i] = task->args[i];
        if (!chx__arg_is_split(&task->args[i]))
            continue;
        uint32_t last = task->launch.n_dimensions - 1;
        size_t begin = piece->launch.offset[last] - task->launch.offset[last];
        narrow(&piece->args[i], begin, begin + piece->launch.global[last]);
    }
}

/* Of what combines a partial; what begins one names nothing of the caller's. */
static void
recast_combination(chx__task *task, const chx__task *origin)
{
    if (task->args[0].reduction)
        task->args[0] = origin->args[task->reduced - 1];
}

chx_status
chx__division_recast(chx_graph *division, const chx_graph *graph)
{
    chx_status status = CHX_OK;
    if (division->n_recasts == graph->n_recasts)
        return CHX_OK;
    for (uint32_t t = 0; !status && t < graph->n_tasks; t++)
        status = chx__task_check_pieces(&graph->tasks[t]);
    for (uint32_t t = 0; !status && t < division->n_tasks; t++) {
        chx__task *task = &division->tasks[t];
        const chx__task *origin = &graph->tasks[task->origin];
        if (task->reduced)
            recast_combination(task, origin);
        else
            recast_piece(task, origin);
    }
    if (!status)
        division->n_recasts = graph->n_recasts;
    return status;
}
