/* Shares are proposed by levelling and judged by planning.
 *
 * Levelling has a set of devices end together: each gets as much as it does in the same time, by
 * what all tasks that can be divided are expected to cost it at its size. Sets are the fastest
 * device, the two fastest, and so on; for a slow device may cost more, by what has to be moved for
 * it and by its launches, than it takes over.
 *
 * To judge a proposal the graph is divided, scheduled by HEFT and its makespan taken, with the data
 * where runs before would have left them: plans are made to be run again. From the best proposal
 * a few steps are made that take from devices which the schedule has busy for longer than others,
 * as by tasks that cannot be divided.
 *
 * What a proposal costs grows with the tasks, so large graphs get fewer. */
#include "execute/shares.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "execute/setting.h"
#include "graph/cast.h"

#define LEVELLING_ROUNDS 6
#define CORRECTING_ROUNDS 4

/* So many tasks are scheduled for a choice, or as many as two proposals have. */
#define MOST_TASKS 20000u

/* Others must be better by so much to be worth what moves for them and the noise in costs. */
#define GAIN_WANTED 0.03

/* A device that can take part. */
typedef struct rival {
    uint32_t index; /* of the device */
    uint32_t lane; /* its first for kernels */
    double total_ns; /* for all that can be divided, undivided */
} rival;

typedef struct choice {
    const chx_graph *graph;
    chx__model model;
    rival *rivals; /* the fastest first */
    uint32_t n_rivals;
    chx__shares tried; /* the proposal in hand */
    double *busy_ns; /* of it, by device */
    chx__shares best;
    double best_ns; /* its makespan; INFINITY before the first */
    uint32_t n_left; /* proposals */
} choice;

static double
cost_on(const choice *of, const chx__task *task, uint32_t lane)
{
    const chx_runtime *runtime = of->graph->runtime;
    return chx__model_cost(&of->model, runtime->costs, &runtime->fleet, task, lane);
}

/* What a share of everything that the device may take costs it. */
static double
cost_of_share(const choice *of, const rival *device, double share)
{
    double sum_ns = 0.0;
    for (uint32_t t = 0; t < of->graph->n_tasks; t++) {
        chx__task piece = of->graph->tasks[t];
        if (!piece.is_divisible)
            continue;
        uint32_t last = piece.launch.n_dimensions - 1;
        double n_items = ceil(share * (double)piece.launch.global[last]);
        piece.launch.global[last] = n_items < 1.0 ? 1 : (size_t)n_items;
        double cost_ns = cost_on(of, &piece, device->lane);
        sum_ns += isfinite(cost_ns) ? fmax(cost_ns, 1.0) : 0.0;
    }
    return sum_ns;
}

static int
compare_rivals(const void *left, const void *right)
{
    const rival *a = left, *b = right;
    if (a->total_ns != b->total_ns)
        return a->total_ns < b->total_ns ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

static bool
has_room(const choice *of, const chx__device *device)
{
    const chx__fleet *fleet = &of->graph->runtime->fleet;
    bool has = true;
    for (uint32_t t = 0; has && t < of->graph->n_tasks; t++)
        has = !of->graph->tasks[t].is_divisible ||
              chx__model_has_room(fleet, &of->graph->tasks[t], device);
    return has;
}

/* Devices that have a lane for kernels, may run something that can be divided and have room for all
 * of that. */
static void
find_rivals(choice *of)
{
    const chx__model *model = &of->model;
    for (uint32_t l = 0; l < model->machine.n_lanes; l++) {
        const chx__device *device = model->lanes[l].device;
        bool is_next = l > 0 && model->lanes[l - 1].device == device &&
                       model->machine_lanes[l - 1].role == CHX__ROLE_COMPUTE;
        if (model->machine_lanes[l].role != CHX__ROLE_COMPUTE || is_next)
            continue;
        rival *found = &of->rivals[of->n_rivals];
        *found = (rival){.index = device->index, .lane = l};
        found->total_ns = cost_of_share(of, found, 1.0);
        of->n_rivals += found->total_ns > 0.0 && has_room(of, device);
    }
    qsort(of->rivals, of->n_rivals, sizeof *of->rivals, compare_rivals);
}

static void
clear(chx__shares *shares)
{
    memset(shares->of, 0, shares->n_devices * sizeof *shares->of);
}

static void
make_sum_1(chx__shares *shares)
{
    double sum = 0.0;
    for (uint32_t d = 0; d < shares->n_devices; d++)
        sum += shares->of[d];
    for (uint32_t d = 0; d < shares->n_devices; d++)
        shares->of[d] /= sum;
}

/* Proposes what has the n fastest end together. Costs have a part that does not shrink with the
 * share, so it takes some rounds. */
static void
level(choice *of, uint32_t n)
{
    clear(&of->tried);
    for (uint32_t i = 0; i < n; i++)
        of->tried.of[of->rivals[i].index] = 1.0 / of->rivals[i].total_ns;
    make_sum_1(&of->tried);
    for (int round = 0; n > 1 && round < LEVELLING_ROUNDS; round++) {
        for (uint32_t i = 0; i < n; i++) {
            double *share = &of->tried.of[of->rivals[i].index];
            *share /= cost_of_share(of, &of->rivals[i], *share);
        }
        make_sum_1(&of->tried);
    }
}

/* Gives to those that the last schedule had busy for less than the longest. */
static void
correct(choice *of)
{
    double longest_ns = 0.0;
    for (uint32_t d = 0; d < of->tried.n_devices; d++)
        if (of->tried.of[d] > 0.0 && of->busy_ns[d] > longest_ns)
            longest_ns = of->busy_ns[d];
    for (uint32_t d = 0; d < of->tried.n_devices; d++)
        if (of->tried.of[d] > 0.0 && of->busy_ns[d] > 0.0)
            of->tried.of[d] *= sqrt(longest_ns / of->busy_ns[d]);
    make_sum_1(&of->tried);
}

/* Puts the data where a run of the division leaves it: what is written, with the last piece that
 * writes it, and what is only read, also with those that read it. What is lost comes back from the
 * host, if at all: that is for the plan to find. */
static void
settle(const chx_graph *division, const chx__flow *flow, chx__item *items, uint32_t *writers)
{
    for (uint32_t a = 0; a < flow->n_atoms; a++)
        writers[a] = CHX__NO_INDEX;
    for (uint32_t v = 0; v < flow->n_versions; v++)
        if (flow->versions[v].producer != CHX__NO_INDEX)
            writers[flow->versions[v].atom] = flow->versions[v].producer;
    for (uint32_t t = 0; t < division->n_tasks; t++) {
        uint32_t place = division->tasks[t].place;
        for (uint32_t r = flow->reads.begin[t]; r < flow->reads.begin[t + 1]; r++) {
            uint32_t v = flow->reads.index[r];
            if (place != CHX__HOST_PLACE && flow->versions[v].producer == CHX__NO_INDEX &&
                writers[flow->versions[v].atom] == CHX__NO_INDEX)
                items[v].entry_places =
                    chx__places_union(items[v].entry_places, chx__places_of(place));
        }
    }
    for (uint32_t v = 0; v < flow->n_versions; v++) {
        uint32_t writer = writers[flow->versions[v].atom];
        uint32_t place = writer == CHX__NO_INDEX ? CHX__HOST_PLACE : division->tasks[writer].place;
        if (flow->versions[v].producer != CHX__NO_INDEX)
            continue;
        if (place != CHX__HOST_PLACE || chx__places_is_empty(items[v].entry_places))
            items[v].entry_places = chx__places_of(place);
    }
}

static void
note_busy(choice *of, const chx_graph *division, const chx__solution *solution)
{
    memset(of->busy_ns, 0, of->tried.n_devices * sizeof *of->busy_ns);
    for (uint32_t t = 0; t < division->n_tasks; t++) {
        const chx__placement *at = &solution->tasks[t];
        const chx__device *device = of->model.lanes[at->lane].device;
        if (device)
            of->busy_ns[device->index] += at->finish_ns - at->start_ns;
    }
}

static chx_status
schedule(choice *of, const chx_graph *division, const chx__flow *flow, const chx__setting *setting,
         double *makespan_ns)
{
    uint32_t *writers = chx__alloc(flow->n_atoms, sizeof *writers);
    if (!writers)
        return chx__fail_memory("dividing tasks");
    settle(division, flow, setting->items, writers);
    free(writers);
    chx__solution solution = {0};
    chx__problem problem = chx__setting_problem(setting, division, flow);
    chx__turn_pause(division->runtime);
    chx_status status = chx__heft(&of->model.machine, &problem, &solution);
    chx__turn_resume(division->runtime);
    if (status)
        return status;
    note_busy(of, division, &solution);
    *makespan_ns = solution.makespan_ns;
    chx__solution_finish(&solution);
    return CHX_OK;
}

/* What a run takes with the shares in hand. */
static chx_status
judge(choice *of, double *makespan_ns)
{
    chx_graph *division = NULL;
    chx__flow flow = {0};
    chx__cast cast = {0};
    chx__setting setting = {0};
    chx_status status = chx__division_create(of->graph, &of->tried, &division);
    if (!status)
        status = chx__flow_init(&flow, division);
    if (!status)
        status = chx__cast_init(&cast, &flow);
    if (!status)
        status = chx__setting_init(&setting, division, &flow, &cast, &of->model);
    if (!status)
        status = schedule(of, division, &flow, &setting, makespan_ns);
    chx__setting_finish(&setting);
    chx__cast_finish(&cast);
    chx__flow_finish(&flow);
    chx_graph_destroy(&division);
    return status;
}

static void
copy(chx__shares *to, const chx__shares *from)
{
    memcpy(to->of, from->of, from->n_devices * sizeof *to->of);
}

/* Takes the shares in hand where they are better than the best. */
static chx_status
compare(choice *of)
{
    double makespan_ns;
    chx_status status = judge(of, &makespan_ns);
    of->n_left -= of->n_left > 0;
    if (status || makespan_ns >= of->best_ns)
        return status;
    copy(&of->best, &of->tried);
    of->best_ns = makespan_ns;
    return CHX_OK;
}

static chx_status
search(choice *of)
{
    chx_status status = CHX_OK;
    for (uint32_t n = of->n_rivals; !status && n > 0 && of->n_left > 0; n -= 1 + n / 8) {
        level(of, n);
        status = compare(of);
    }
    copy(&of->tried, &of->best);
    double makespan_ns;
    if (!status && of->n_left > 1)
        status = judge(of, &makespan_ns);
    for (int round = 0; !status && round < CORRECTING_ROUNDS && of->n_left > 1; round++) {
        correct(of);
        status = compare(of);
    }
    return status;
}

/* Compares the best with what there is, in the same way. */
static chx_status
defend(choice *of, const chx__shares *present)
{
    double present_ns;
    copy(&of->tried, present);
    chx_status status = judge(of, &present_ns);
    if (!status && of->best_ns >= present_ns * (1.0 - GAIN_WANTED))
        copy(&of->best, present);
    return status;
}

static chx_status
init(choice *made, const chx_graph *graph)
{
    const chx__fleet *fleet = &graph->runtime->fleet;
    *made = (choice){.graph = graph, .best_ns = INFINITY};
    made->n_left = graph->n_tasks * 2 < MOST_TASKS ? MOST_TASKS / graph->n_tasks : 2;
    made->rivals = chx__alloc(fleet->n_devices, sizeof *made->rivals);
    made->busy_ns = chx__alloc(fleet->n_devices, sizeof *made->busy_ns);
    if (!made->rivals || !made->busy_ns)
        return chx__fail_memory("dividing tasks");
    chx_status status = chx__model_init(&made->model, fleet);
    if (!status)
        status = chx__shares_init(&made->tried, fleet->n_devices);
    if (!status)
        status = chx__shares_init(&made->best, fleet->n_devices);
    if (!status)
        find_rivals(made);
    return status;
}

chx_status
chx__shares_choose(const chx_graph *graph, const chx__partials *partials,
                   const chx__shares *present, chx__shares *chosen)
{
    choice made;
    chx_status status = init(&made, graph);
    made.tried.partials = made.best.partials = partials;
    if (!status && made.n_rivals == 1)
        level(&made, 1);
    if (!status)
        copy(&made.best, &made.tried);
    if (!status && made.n_rivals > 1)
        status = search(&made);
    if (!status && present && made.n_rivals > 1)
        status = defend(&made, present);
    if (!status)
        status = chx__shares_copy(chosen, &made.best);
    chx__shares_finish(&made.tried);
    chx__shares_finish(&made.best);
    chx__model_finish(&made.model);
    free(made.rivals);
    free(made.busy_ns);
    return status;
}
