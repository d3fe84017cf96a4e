/* Lower bounds. A task on a lane has a head, what must pass before it may begin, and a tail, what
 * must pass after its end; both follow from those of its neighbours in the graph, each on the
 * best lane for it. Transfers are taken as their last hop at its fastest and never contend, so
 * the bounds hold for every machine.
 *
 * * What a task waits for either runs on its own lane, one after the other, or elsewhere, and
 * then its data has to come: the least over how many of them are on the lane is the head, in the
 * manner of Papadimitriou and Yannakakis 1990 (doi:10.1137/0219021); tails are the same
 * backwards.
 *
 * * The area: for weights y of lanes with the sum 1, each task takes at least the least of y x
 * cost, and the lanes together have 1 a time. Every y gives a bound, so it is adjusted a few
 * times towards lanes that would have the most to do.
 *
 * * Raising refutes a length. Lanes on which head, cost and tail of a task exceed it are struck
 * out, until nothing changes. Of two tasks left with the same single lane one comes first; where
 * only one order fits, heads and tails grow by it. On each lane, what begins late and must end
 * early has to fit in between, and so has all together. When that is not enough, a task is tried
 * on each of its lanes; a length is refuted when all of them are. Costs of options that are
 * struck out are INFINITY. */
#include "schedule/bound.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "schedule/arcs.h"
#include "schedule/rank.h"

/* What is tried beyond these costs more than it tells. */
enum { MOST_TASKS = 64, MOST_LANES = 16, MOST_NEIGHBOURS = 16 };

/* More than rounding can make of a sum. */
#define ROUNDING 1e-12

typedef struct neighbour {
    uint32_t task;
    double bytes; /* below zero: no data */
} neighbour;

typedef struct bounding {
    const chx__machine *machine;
    const chx__problem *problem;
    uint32_t n, n_lanes;
    uint32_t n_working; /* lanes that run tasks */
    chx__arcs arcs;
    uint32_t *order;
    double *cost_ns; /* n x n_lanes, INFINITY where forbidden or struck out */
    double *head_ns, *tail_ns; /* the same shape */
    double *floor_ns; /* 2 x n: of heads and tails, by what must come before or after on a lane */
    double *latency_ns, *ns_per_byte; /* by place: the least over the links into it */
    double *at_place_ns; /* n_places: scratch */
    double limit_ns; /* the length to refute */
    uint64_t n_steps, end_steps;
} bounding;

static void
fill_links(bounding *of)
{
    const chx__machine *machine = of->machine;
    for (uint32_t to = 0; to < machine->n_places; to++) {
        of->latency_ns[to] = machine->links ? INFINITY : 0.0;
        of->ns_per_byte[to] = machine->links ? INFINITY : 1.0;
        for (uint32_t from = 0; machine->links && from < machine->n_places; from++) {
            const chx__link *link = &machine->links[(size_t)from * machine->n_places + to];
            if (from == to || !link->exists)
                continue;
            of->latency_ns[to] = fmin(of->latency_ns[to], link->latency_ns);
            of->ns_per_byte[to] = fmin(of->ns_per_byte[to], link->ns_per_byte);
        }
    }
}

static chx_status
bounding_init(bounding *of, const chx__machine *machine, const chx__problem *problem,
              uint32_t *cyclic)
{
    size_t n = problem->n_tasks, n_lanes = machine->n_lanes;
    *of = (bounding){.machine = machine, .problem = problem, .n = problem->n_tasks};
    of->n_lanes = machine->n_lanes;
    of->order = chx__alloc(n, sizeof *of->order);
    of->cost_ns = chx__alloc(n, n_lanes * sizeof *of->cost_ns);
    of->head_ns = chx__alloc(n, n_lanes * sizeof *of->head_ns);
    of->tail_ns = chx__alloc(n, n_lanes * sizeof *of->tail_ns);
    of->floor_ns = chx__alloc(2 * n, sizeof *of->floor_ns);
    of->latency_ns = chx__alloc(machine->n_places, sizeof *of->latency_ns);
    of->ns_per_byte = chx__alloc(machine->n_places, sizeof *of->ns_per_byte);
    of->at_place_ns = chx__alloc(machine->n_places, sizeof *of->at_place_ns);
    if (!of->order || !of->cost_ns || !of->head_ns || !of->tail_ns || !of->floor_ns ||
        !of->latency_ns || !of->ns_per_byte || !of->at_place_ns)
        return chx__fail_memory("scheduling");
    fill_links(of);
    for (uint32_t l = 0; l < n_lanes; l++)
        of->n_working += machine->lanes[l].role != CHX__ROLE_COPY;
    for (uint32_t t = 0; t < n; t++)
        for (uint32_t l = 0; l < n_lanes; l++)
            of->cost_ns[t * n_lanes + l] = chx__lane_allows(machine, problem, t, l)
                                               ? problem->cost_ns[t * n_lanes + l]
                                               : INFINITY;
    chx_status status = chx__problem_order(problem, of->order, cyclic);
    return status ? status : chx__arcs_init(&of->arcs, problem);
}

static void
bounding_finish(bounding *of)
{
    chx__arcs_finish(&of->arcs);
    free(of->order);
    free(of->cost_ns);
    free(of->head_ns);
    free(of->tail_ns);
    free(of->floor_ns);
    free(of->latency_ns);
    free(of->ns_per_byte);
    free(of->at_place_ns);
}

/* What it takes at least to bring data to a place from any other. */
static double
transfer_ns(const bounding *of, double bytes, uint32_t to)
{
    return bytes < 0.0 ? 0.0
                       : of->latency_ns[to] + (bytes > 0.0 ? bytes * of->ns_per_byte[to] : 0.0);
}

static neighbour
before(const bounding *of, uint32_t task, uint32_t i)
{
    const chx__problem *problem = of->problem;
    uint32_t n_inputs = problem->inputs.begin[task + 1] - problem->inputs.begin[task];
    if (i >= n_inputs)
        return (neighbour){problem->after.index[problem->after.begin[task] + i - n_inputs], -1.0};
    const chx__item *item = &problem->items[problem->inputs.index[problem->inputs.begin[task] + i]];
    return (neighbour){item->producer, (double)item->bytes};
}

/* Raises the heads of a task by one thing that it waits for; a tail is that of a dependant. */
static void
raise_by(bounding *of, double *raised_ns, const double *other_ns, const double *other_cost_ns,
         double bytes, bool is_tail)
{
    const chx__machine_lane *lanes = of->machine->lanes;
    double least_ns = INFINITY, second_ns = INFINITY;
    uint32_t least_place = 0;
    for (uint32_t p = 0; p < of->machine->n_places; p++)
        of->at_place_ns[p] = INFINITY;
    for (uint32_t l = 0; l < of->n_lanes; l++)
        of->at_place_ns[lanes[l].place] =
            fmin(of->at_place_ns[lanes[l].place], other_ns[l] + other_cost_ns[l]);
    for (uint32_t p = 0; p < of->machine->n_places; p++) {
        double ns = of->at_place_ns[p] + (is_tail ? transfer_ns(of, bytes, p) : 0.0);
        if (ns < least_ns) {
            second_ns = least_ns;
            least_ns = ns;
            least_place = p;
        } else if (ns < second_ns) {
            second_ns = ns;
        }
    }
    for (uint32_t l = 0; l < of->n_lanes; l++) {
        uint32_t place = lanes[l].place;
        double away_ns = (place == least_place ? second_ns : least_ns) +
                         (is_tail ? 0.0 : transfer_ns(of, bytes, place));
        raised_ns[l] = fmax(raised_ns[l], fmin(of->at_place_ns[place], away_ns));
    }
}

static void
raise_by_entry(bounding *of, double *head_ns, const chx__item *item)
{
    for (uint32_t l = 0; l < of->n_lanes; l++) {
        uint32_t place = of->machine->lanes[l].place;
        if (!chx__places_have(item->entry_places, place))
            head_ns[l] = fmax(head_ns[l], transfer_ns(of, (double)item->bytes, place));
    }
}

static void
find_head(bounding *of, uint32_t task)
{
    double *head_ns = of->head_ns + (size_t)task * of->n_lanes;
    for (uint32_t l = 0; l < of->n_lanes; l++)
        head_ns[l] = of->floor_ns[task];
    for (uint32_t i = 0; i < chx__problem_n_predecessors(of->problem, task); i++) {
        neighbour from = before(of, task, i);
        size_t row = (size_t)from.task * of->n_lanes;
        if (from.task == CHX__NO_TASK)
            raise_by_entry(
                of, head_ns,
                &of->problem
                     ->items[of->problem->inputs.index[of->problem->inputs.begin[task] + i]]);
        else
            raise_by(of, head_ns, of->head_ns + row, of->cost_ns + row, from.bytes, false);
    }
}

static neighbour
after(const bounding *of, uint32_t task, uint32_t i)
{
    const chx__arc *arc = &of->arcs.arcs[of->arcs.begin[task] + i];
    return (neighbour){
        arc->task, arc->item == CHX__NO_ITEM ? -1.0 : (double)of->problem->items[arc->item].bytes};
}

static void
find_tail(bounding *of, uint32_t task)
{
    double *tail_ns = of->tail_ns + (size_t)task * of->n_lanes;
    for (uint32_t l = 0; l < of->n_lanes; l++)
        tail_ns[l] = of->floor_ns[of->n + task];
    for (uint32_t i = 0; i < of->arcs.begin[task + 1] - of->arcs.begin[task]; i++) {
        neighbour to = after(of, task, i);
        size_t row = (size_t)to.task * of->n_lanes;
        raise_by(of, tail_ns, of->tail_ns + row, of->cost_ns + row, to.bytes, true);
    }
}

/* The longest that heads, costs and tails come to, each task on the lane that is best for it. */
static double
longest_ns(const bounding *of)
{
    double longest = 0.0;
    for (uint32_t t = 0; t < of->n; t++) {
        double least = INFINITY;
        for (size_t at = (size_t)t * of->n_lanes; at < ((size_t)t + 1) * of->n_lanes; at++)
            least = fmin(least, of->head_ns[at] + of->cost_ns[at] + of->tail_ns[at]);
        longest = fmax(longest, least);
    }
    return longest;
}

/* The area by weights of lanes; what each lane would then do is in load. */
static double
weigh(const bounding *of, const double *weights, double *load)
{
    double area_ns = 0.0;
    memset(load, 0, of->n_lanes * sizeof *load);
    for (uint32_t t = 0; t < of->n; t++) {
        const double *cost_ns = of->cost_ns + (size_t)t * of->n_lanes;
        double least = INFINITY;
        uint32_t lane = 0;
        for (uint32_t l = 0; l < of->n_lanes; l++) {
            if (cost_ns[l] < INFINITY && weights[l] * cost_ns[l] < least) {
                least = weights[l] * cost_ns[l];
                lane = l;
            }
        }
        load[lane] += cost_ns[lane];
        area_ns += least;
    }
    return area_ns;
}

/* Lanes that would have more than their share to do become dearer, each time by less. */
static void
adjust(double *weights, const double *load, uint32_t n_lanes, uint32_t round)
{
    double most = 0.0, sum = 0.0;
    for (uint32_t l = 0; l < n_lanes; l++)
        most = fmax(most, load[l]);
    for (uint32_t l = 0; l < n_lanes && most > 0.0; l++)
        weights[l] *= 1.0 + 0.5 / (1 + round) * (load[l] / most);
    for (uint32_t l = 0; l < n_lanes; l++)
        sum += weights[l];
    for (uint32_t l = 0; l < n_lanes; l++)
        weights[l] /= sum;
}

static chx_status
find_area(const bounding *of, double *area_ns)
{
    enum { ROUNDS = 24, FEW_COSTS = 4096 };
    double *weights = chx__alloc(of->n_lanes, sizeof *weights);
    double *load = chx__alloc(of->n_lanes, sizeof *load);
    uint32_t rounds = (size_t)of->n * of->n_lanes <= FEW_COSTS ? ROUNDS : 1;
    for (uint32_t l = 0; weights && l < of->n_lanes; l++)
        weights[l] = of->machine->lanes[l].role == CHX__ROLE_COPY ? 0.0 : 1.0 / of->n_working;
    *area_ns = 0.0;
    for (uint32_t i = 0; weights && load && i < rounds; i++) {
        *area_ns = fmax(*area_ns, weigh(of, weights, load) * (1 - ROUNDING));
        adjust(weights, load, of->n_lanes, i);
    }
    chx_status status = weights && load ? CHX_OK : chx__fail_memory("scheduling");
    free(weights);
    free(load);
    return status;
}

static void
find_heads_and_tails(bounding *of)
{
    for (uint32_t i = 0; i < of->n; i++)
        find_head(of, of->order[i]);
    for (uint32_t i = of->n; i-- > 0;)
        find_tail(of, of->order[i]);
}

/* Of large problems: each task at its cheapest and no transfers. Uses heads' memory. */
static double
longest_at_cheapest_ns(bounding *of)
{
    double longest = 0.0;
    for (uint32_t i = 0; i < of->n; i++) {
        uint32_t task = of->order[i];
        const double *cost_ns = of->cost_ns + (size_t)task * of->n_lanes;
        double start = 0.0, least = INFINITY;
        for (uint32_t l = 0; l < of->n_lanes; l++)
            least = cost_ns[l] < least ? cost_ns[l] : least;
        for (uint32_t w = 0; w < chx__problem_n_predecessors(of->problem, task); w++) {
            uint32_t waited = chx__problem_predecessor(of->problem, task, w);
            if (waited != CHX__NO_TASK && of->head_ns[waited] > start)
                start = of->head_ns[waited];
        }
        of->head_ns[task] = start + least;
        longest = of->head_ns[task] > longest ? of->head_ns[task] : longest;
    }
    return longest;
}

/* Whether looking at each arc for each lane takes about as long as a quick algorithm. */
static bool
is_large(const bounding *of)
{
    enum { FEW_LOOKS = 20000 };
    size_t n_arcs = of->problem->inputs.begin[of->n] + (size_t)of->problem->after.begin[of->n];
    return (of->n + n_arcs) * of->n_lanes > FEW_LOOKS;
}

chx_status
chx__bound_find(const chx__machine *machine, const chx__problem *problem, double *bound_ns,
                uint32_t *cyclic)
{
    bounding of;
    double area_ns = 0.0;
    chx_status status = bounding_init(&of, machine, problem, cyclic);
    if (!status)
        status = find_area(&of, &area_ns);
    if (!status) {
        double path_ns = 0.0;
        if (is_large(&of)) {
            path_ns = longest_at_cheapest_ns(&of);
        } else {
            find_heads_and_tails(&of);
            path_ns = longest_ns(&of);
        }
        *bound_ns = fmax(path_ns * (1 - ROUNDING), area_ns);
    }
    bounding_finish(&of);
    return status;
}

/* A neighbour as seen from a task on a lane. */
typedef struct side {
    uint32_t task;
    double own_ns, cost_ns; /* on that lane: its own head or tail, and cost */
    double away_ns; /* head or tail of the task when it is elsewhere */
} side;

static int
by_away(const void *left, const void *right)
{
    const side *a = left, *b = right;
    return (a->away_ns < b->away_ns) - (a->away_ns > b->away_ns);
}

/* When the first k of them have run one after the other, each not before its own time. */
static double
one_after_another(const side *sides, uint32_t k)
{
    double longest = 0.0;
    for (uint32_t i = 0; i < k; i++) {
        double sum = sides[i].own_ns;
        for (uint32_t j = 0; j < k; j++)
            sum += sides[j].own_ns >= sides[i].own_ns ? sides[j].cost_ns : 0.0;
        longest = fmax(longest, sum);
    }
    return longest;
}

static double
least_of_sides(side *sides, uint32_t n)
{
    double least = INFINITY;
    qsort(sides, n, sizeof *sides, by_away);
    for (uint32_t k = 0; k <= n; k++) {
        double together = one_after_another(sides, k);
        least = fmin(least, fmax(together, k < n ? sides[k].away_ns : 0.0));
        if (together >= least)
            break;
    }
    return least;
}

static side
look(const bounding *of, uint32_t lane, neighbour at, bool is_tail)
{
    size_t row = (size_t)at.task * of->n_lanes;
    const double *own_ns = (is_tail ? of->tail_ns : of->head_ns) + row;
    const double *cost_ns = of->cost_ns + row;
    uint32_t place = of->machine->lanes[lane].place;
    side seen = {at.task, own_ns[lane], cost_ns[lane], INFINITY};
    for (uint32_t l = 0; l < of->n_lanes; l++) {
        uint32_t other = of->machine->lanes[l].place;
        if (l == lane || cost_ns[l] == INFINITY)
            continue;
        double moved_ns = other == place ? 0.0 : transfer_ns(of, at.bytes, is_tail ? other : place);
        seen.away_ns = fmin(seen.away_ns, own_ns[l] + cost_ns[l] + moved_ns);
    }
    return seen;
}

/* Raises a head or tail of a task on a lane by all its neighbours together. */
static double
look_around(bounding *of, uint32_t task, uint32_t lane, bool is_tail)
{
    side sides[MOST_NEIGHBOURS];
    uint32_t n = 0;
    uint32_t n_neighbours = is_tail ? of->arcs.begin[task + 1] - of->arcs.begin[task]
                                    : chx__problem_n_predecessors(of->problem, task);
    for (uint32_t i = 0; i < n_neighbours && n < MOST_NEIGHBOURS; i++) {
        neighbour at = is_tail ? after(of, task, i) : before(of, task, i);
        uint32_t same = 0;
        if (at.task == CHX__NO_TASK)
            continue;
        side seen = look(of, lane, at, is_tail);
        while (same < n && sides[same].task != at.task)
            same++;
        if (same < n)
            sides[same].away_ns = fmax(sides[same].away_ns, seen.away_ns);
        else
            sides[n++] = seen;
    }
    of->n_steps += 4 * n * of->n_lanes;
    return least_of_sides(sides, n);
}

/* Strikes out what exceeds the limit; false when a task has no lane left. */
static bool
strike_out(bounding *of, uint32_t task, bool *changed)
{
    double *cost_ns = of->cost_ns + (size_t)task * of->n_lanes;
    double *head_ns = of->head_ns + (size_t)task * of->n_lanes;
    double *tail_ns = of->tail_ns + (size_t)task * of->n_lanes;
    bool left = false;
    for (uint32_t l = 0; l < of->n_lanes; l++) {
        if (cost_ns[l] == INFINITY)
            continue;
        if (head_ns[l] + cost_ns[l] + tail_ns[l] > of->limit_ns) {
            cost_ns[l] = INFINITY;
            *changed = true;
        }
        left = left || cost_ns[l] < INFINITY;
    }
    return left;
}

static bool
update_task(bounding *of, uint32_t task, bool is_tail, bool *changed)
{
    double *side_ns = (is_tail ? of->tail_ns : of->head_ns) + (size_t)task * of->n_lanes;
    if (is_tail)
        find_tail(of, task);
    else
        find_head(of, task);
    for (uint32_t l = 0; l < of->n_lanes; l++)
        if (of->cost_ns[(size_t)task * of->n_lanes + l] < INFINITY)
            side_ns[l] = fmax(side_ns[l], look_around(of, task, l, is_tail));
    return strike_out(of, task, changed);
}

/* The lane of a task that has only one left, or CHX__NO_LANE. */
static uint32_t
only_lane(const bounding *of, uint32_t task)
{
    uint32_t lane = CHX__NO_LANE;
    for (uint32_t l = 0; l < of->n_lanes; l++) {
        if (of->cost_ns[(size_t)task * of->n_lanes + l] == INFINITY)
            continue;
        if (lane != CHX__NO_LANE)
            return CHX__NO_LANE;
        lane = l;
    }
    return lane;
}

static void
raise_floor(bounding *of, uint32_t at, double ns, bool *changed)
{
    if (ns <= of->floor_ns[at] * (1 + 1e-9))
        return;
    of->floor_ns[at] = ns;
    *changed = true;
}

/* Two tasks of one lane: where only one may be first, the other is later by it. */
static bool
order_pair(bounding *of, uint32_t a, uint32_t b, uint32_t lane, bool *changed)
{
    size_t at_a = (size_t)a * of->n_lanes + lane, at_b = (size_t)b * of->n_lanes + lane;
    double both_ns = of->cost_ns[at_a] + of->cost_ns[at_b];
    bool a_first = of->head_ns[at_a] + both_ns + of->tail_ns[at_b] <= of->limit_ns;
    bool b_first = of->head_ns[at_b] + both_ns + of->tail_ns[at_a] <= of->limit_ns;
    if (!a_first && !b_first)
        return of->cost_ns[at_a] == 0.0 || of->cost_ns[at_b] == 0.0;
    if (a_first == b_first || of->cost_ns[at_a] == 0.0 || of->cost_ns[at_b] == 0.0)
        return true;
    uint32_t first = a_first ? a : b, second = a_first ? b : a;
    size_t at_first = a_first ? at_a : at_b, at_second = a_first ? at_b : at_a;
    raise_floor(of, second, of->head_ns[at_first] + of->cost_ns[at_first], changed);
    raise_floor(of, of->n + first, of->tail_ns[at_second] + of->cost_ns[at_second], changed);
    return true;
}

/* Whether what has to be on a lane after the head of one task and before the tail of another fits
 * in between. */
static bool
fits_between(const bounding *of, const uint32_t *tasks, uint32_t n, uint32_t lane)
{
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t j = 0; j < n; j++) {
            double head_ns = of->head_ns[(size_t)tasks[i] * of->n_lanes + lane];
            double tail_ns = of->tail_ns[(size_t)tasks[j] * of->n_lanes + lane];
            double sum_ns = 0.0;
            for (uint32_t k = 0; k < n; k++) {
                size_t at = (size_t)tasks[k] * of->n_lanes + lane;
                if (of->head_ns[at] >= head_ns && of->tail_ns[at] >= tail_ns)
                    sum_ns += of->cost_ns[at];
            }
            if (sum_ns > 0.0 && head_ns + sum_ns + tail_ns > of->limit_ns)
                return false;
        }
    }
    return true;
}

static bool
check_lane(bounding *of, uint32_t lane, bool *changed)
{
    uint32_t tasks[MOST_TASKS], n = 0;
    for (uint32_t t = 0; t < of->n; t++)
        if (only_lane(of, t) == lane)
            tasks[n++] = t;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = i + 1; j < n; j++)
            if (!order_pair(of, tasks[i], tasks[j], lane, changed))
                return false;
    of->n_steps += (uint64_t)of->n * of->n_lanes + (uint64_t)n * n * n / 2;
    return fits_between(of, tasks, n, lane);
}

/* Whether the least that all tasks take fits in all lanes. */
static bool
check_area(const bounding *of)
{
    double area_ns = 0.0;
    for (uint32_t t = 0; t < of->n; t++) {
        double least = INFINITY;
        for (uint32_t l = 0; l < of->n_lanes; l++)
            least = fmin(least, of->cost_ns[(size_t)t * of->n_lanes + l]);
        area_ns += least;
    }
    return area_ns <= of->n_working * of->limit_ns;
}

/* False when the limit is refuted. */
static bool
propagate(bounding *of)
{
    bool changed = true;
    /* What deeper trials left does not hold any more. */
    memset(of->tail_ns, 0, (size_t)of->n * of->n_lanes * sizeof *of->tail_ns);
    for (int round = 0; changed && round < 6; round++) {
        changed = false;
        for (uint32_t i = 0; i < of->n; i++)
            if (!update_task(of, of->order[i], false, &changed))
                return false;
        for (uint32_t i = of->n; i-- > 0;)
            if (!update_task(of, of->order[i], true, &changed))
                return false;
        for (uint32_t l = 0; l < of->n_lanes; l++)
            if (of->machine->lanes[l].role != CHX__ROLE_COPY && !check_lane(of, l, &changed))
                return false;
    }
    return check_area(of);
}

/* The task with the least to choose from, of those the one that takes longest; CHX__NO_TASK when
 * every task has one lane. */
static uint32_t
choose_task(const bounding *of)
{
    uint32_t chosen = CHX__NO_TASK, fewest = UINT32_MAX;
    double longest = -1.0;
    for (uint32_t t = 0; t < of->n; t++) {
        uint32_t n = 0;
        double least = INFINITY;
        for (uint32_t l = 0; l < of->n_lanes; l++) {
            size_t at = (size_t)t * of->n_lanes + l;
            n += of->cost_ns[at] < INFINITY;
            least = fmin(least, of->head_ns[at] + of->cost_ns[at] + of->tail_ns[at]);
        }
        if (n < 2 || n > fewest || (n == fewest && least <= longest))
            continue;
        chosen = t;
        fewest = n;
        longest = least;
    }
    return chosen;
}

/* Whether no schedule is as short as the limit. At each depth, `saved` has room for costs and
 * floors. */
static bool
refute(bounding *of, double *saved)
{
    size_t n_costs = (size_t)of->n * of->n_lanes;
    if (!propagate(of))
        return true;
    uint32_t task = choose_task(of);
    bool refuted = task != CHX__NO_TASK && of->n_steps < of->end_steps;
    if (!refuted)
        return false;
    memcpy(saved, of->cost_ns, n_costs * sizeof *saved);
    memcpy(saved + n_costs, of->floor_ns, 2 * of->n * sizeof *saved);
    for (uint32_t l = 0; refuted && l < of->n_lanes; l++) {
        if (saved[(size_t)task * of->n_lanes + l] == INFINITY)
            continue;
        for (uint32_t other = 0; other < of->n_lanes; other++)
            if (other != l)
                of->cost_ns[(size_t)task * of->n_lanes + other] = INFINITY;
        refuted = refute(of, saved + n_costs + 2 * of->n);
        memcpy(of->cost_ns, saved, n_costs * sizeof *saved);
        memcpy(of->floor_ns, saved + n_costs, 2 * of->n * sizeof *saved);
    }
    return refuted;
}

/* Halves what is between the bound and the makespan. */
static void
narrow(bounding *of, double *saved, uint64_t n_steps, double *low_ns, double high_ns)
{
    enum { HALVINGS = 8 };
    size_t n_costs = (size_t)of->n * of->n_lanes;
    memcpy(saved, of->cost_ns, n_costs * sizeof *saved);
    for (int i = 0; i < HALVINGS && *low_ns < high_ns; i++) {
        double middle_ns = (*low_ns + high_ns) / 2;
        of->limit_ns = middle_ns * (1 + ROUNDING);
        of->end_steps = of->n_steps + n_steps / HALVINGS;
        memcpy(of->cost_ns, saved, n_costs * sizeof *saved);
        memset(of->floor_ns, 0, 2 * of->n * sizeof *of->floor_ns);
        if (refute(of, saved + n_costs))
            *low_ns = middle_ns;
        else
            high_ns = middle_ns;
    }
}

chx_status
chx__bound_raise(const chx__machine *machine, const chx__problem *problem, double makespan_ns,
                 uint64_t n_steps, double *bound_ns)
{
    size_t n = problem->n_tasks, n_lanes = machine->n_lanes;
    if (n > MOST_TASKS || n_lanes > MOST_LANES)
        return CHX_OK;
    bounding of;
    chx_status status = bounding_init(&of, machine, problem, NULL);
    double *saved = chx__alloc(n + 2, (n * n_lanes + 2 * n) * sizeof *saved);
    if (!status && !saved)
        status = chx__fail_memory("scheduling");
    if (!status)
        narrow(&of, saved, n_steps, bound_ns, makespan_ns);
    free(saved);
    bounding_finish(&of);
    return status;
}
