/* A projection is drawn in rows, each of which has random numbers of its own: the synapses of one
 * source, or of one target where a number is fixed for each target. A fixed total has rows of a
 * fixed length instead, and a single one where no pair may come twice. Rows are counted first, by
 * drawing those whose length chance decides, so that memory is taken once and every row knows its
 * place; then threads fill them. The two passes draw the same, and no row looks at another.
 *
 * Independent pairs are found by the gaps between them, which are geometric (Batagelj and Brandes,
 * Physical Review E 71, 2005, doi:10.1103/PhysRevE.71.036113); what depends on distance is thinned
 * after that. Without multiple synapses, the first different ones of a sequence of draws are taken,
 * or left out where that is less; either is as good as any other set of that size. Pairs of a
 * neuron with itself are passed over. */
#include "network/projection.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/crew.h"
#include "base/error.h"
#include "network/distinct.h"
#include "network/distribution.h"
#include "network/elementary.h"
#include "network/random.h"

#define TOTAL_ROW 4096 /* synapses of a row of fixed_total */
#define VALUES_TOGETHER 256 /* values drawn at a time, which a row may need many times */
#define MOST_ITEMS 1024 /* that rows are dealt out in: many more than there are threads */

typedef struct drawing {
    const chx__projector *projector;
    const chx_projection *projection;
    uint64_t seed;
    uint32_t index, n_rows, rows_per_item;
    chx__quantiles weight, delay;
    bool has_values; /* of which some are drawn */
    double log_miss; /* of the probability that a pair is not joined */
    uint64_t *begin; /* n_rows + 1: of each row, after the lengths of rows were counted */
    chx_synapse *synapses; /* of all rows; else NULL, and each is taken when it is drawn */
    bool with_values;
    chx__take take;
    void *take_data;
    double *delay_units; /* of each item, the least and the greatest that delays are made from */
    _Atomic bool is_out_of_memory;
} drawing;

/* How a row is being drawn. */
typedef struct row {
    const drawing *of;
    uint32_t index;
    uint64_t n; /* synapses so far */
    chx_synapse *to; /* NULL where they are only counted */
    chx__random random;
} row;

chx_status
chx__projector_init(chx__projector *projector, chx_network *network)
{
    *projector = (chx__projector){.network = network};
    projector->from_round = chx__alloc(network->info.n_neurons, sizeof *projector->from_round);
    projector->to_round = chx__alloc(network->info.n_neurons, sizeof *projector->to_round);
    if (projector->from_round && projector->to_round)
        return CHX_OK;
    return chx__fail_memory("drawing projections");
}

void
chx__projector_finish(chx__projector *projector)
{
    free(projector->from_round);
    free(projector->to_round);
    *projector = (chx__projector){0};
}

static void
add(row *drawn, uint32_t pre, uint32_t post)
{
    const uint64_t n = drawn->n++;
    if (drawn->to)
        drawn->to[n] = (chx_synapse){.pre = pre, .post = post};
}

static inline void
set_values(chx_synapse *synapse, double weight_pa, double delay_ms)
{
    synapse->weight_pa = fabs(weight_pa) < CHX__MIN_CURRENT_PA ? 0 : (float)weight_pa;
    synapse->delay_ms = (float)delay_ms;
}

void
chx__projection_set_values(const chx_projection *projection, chx_synapse *synapse)
{
    set_values(synapse, projection->weight_pa.mean, projection->delay_ms.mean);
}

/* The weights and delays of a row whose pairs are drawn. */
static void
add_values(const row *drawn)
{
    const drawing *of = drawn->of;
    double weights[VALUES_TOGETHER] = {0}, delays[VALUES_TOGETHER] = {0};
    for (uint64_t first = 0; first < drawn->n; first += VALUES_TOGETHER) {
        const uint64_t left = drawn->n - first;
        const uint32_t n = left < VALUES_TOGETHER ? (uint32_t)left : VALUES_TOGETHER;
        chx_synapse *to = drawn->to + first;
        if (of->has_values)
            chx__random_values(of->seed, of->index, drawn->index, first, n, weights, delays);
        chx__quantiles_each(&of->weight, weights, n);
        chx__quantiles_each(&of->delay, delays, n);
        for (uint32_t i = 0; i < n; i++) {
            set_values(&to[i], weights[i], delays[i]);
        }
    }
}

static bool
is_excluded(const chx_projection *projection, uint32_t pre, uint32_t post)
{
    return pre == post && !projection->with_self;
}

static double
distance_um(const drawing *of, uint32_t pre, uint32_t post)
{
    const chx_neuron *neurons = of->projector->network->neurons;
    double sum = 0;
    for (int axis = 0; axis < 3; axis++) {
        const double part =
            (double)neurons[pre].position_um[axis] - (double)neurons[post].position_um[axis];
        sum += part * part;
    }
    return sqrt(sum);
}

/* Whether a pair that could be joined over no distance is joined over its own. */
static bool
is_reached(row *drawn, uint32_t pre, uint32_t post)
{
    const chx_projection *projection = drawn->of->projection;
    if (projection->decay_um == 0 && projection->sigma_um == 0)
        return true;
    const double distance = distance_um(drawn->of, pre, post);
    const double parts = distance / projection->sigma_um;
    const double power =
        projection->decay_um != 0 ? -distance / projection->decay_um : -parts * parts / 2;
    return chx__random_unit(&drawn->random) < chx__exp(power);
}

static void
draw_bernoulli(row *drawn)
{
    const chx_projection *projection = drawn->of->projection;
    const uint32_t pre = projection->from[drawn->index];
    if (projection->probability == 0)
        return;
    for (uint32_t i = 0; i < projection->n_to; i++) {
        const double gap = floor(chx__ln(chx__random_unit(&drawn->random)) / drawn->of->log_miss);
        if (gap >= projection->n_to - i)
            return;
        i += (uint32_t)gap;
        const uint32_t post = projection->to[i];
        if (!is_excluded(projection, pre, post) && is_reached(drawn, pre, post))
            add(drawn, pre, post);
    }
}

static void
draw_all(row *drawn)
{
    const chx_projection *projection = drawn->of->projection;
    const uint32_t pre = projection->from[drawn->index];
    for (uint32_t i = 0; i < projection->n_to; i++)
        if (!is_excluded(projection, pre, projection->to[i]))
            add(drawn, pre, projection->to[i]);
}

static void
draw_one(row *drawn)
{
    const chx_projection *projection = drawn->of->projection;
    const uint32_t pre = projection->from[drawn->index], post = projection->to[drawn->index];
    if (!is_excluded(projection, pre, post))
        add(drawn, pre, post);
}

/* The pairs among which a row of a fixed rule chooses are numbered. */
static uint64_t
count_numbered(const drawing *of)
{
    const chx_projection *projection = of->projection;
    switch (projection->rule) {
    case CHX_RULE_FIXED_INDEGREE:
        return projection->n_from;
    case CHX_RULE_FIXED_OUTDEGREE:
        return projection->n_to;
    default:
        return (uint64_t)projection->n_from * projection->n_to;
    }
}

static void
find_pair(const row *drawn, uint64_t number, uint32_t *pre, uint32_t *post)
{
    const chx_projection *projection = drawn->of->projection;
    uint64_t source = drawn->index, target = drawn->index;
    if (projection->rule == CHX_RULE_FIXED_INDEGREE)
        source = number;
    else if (projection->rule == CHX_RULE_FIXED_OUTDEGREE)
        target = number;
    else {
        source = number / projection->n_to;
        target = number % projection->n_to;
    }
    *pre = projection->from[source];
    *post = projection->to[target];
}

/* Those that are not excluded; count_pairs() of projection_check.c, for this row. */
static uint64_t
count_allowed(const row *drawn)
{
    const chx__projector *projector = drawn->of->projector;
    const chx_projection *projection = drawn->of->projection;
    uint64_t n = count_numbered(drawn->of);
    if (projection->with_self)
        return n;
    if (projection->rule == CHX_RULE_FIXED_INDEGREE)
        return n - (projector->from_round[projection->to[drawn->index]] == projector->round);
    if (projection->rule == CHX_RULE_FIXED_OUTDEGREE)
        return n - (projector->to_round[projection->from[drawn->index]] == projector->round);
    for (uint32_t i = 0; i < projection->n_from; i++)
        n -= projector->to_round[projection->from[i]] == projector->round;
    return n;
}

static void
draw_multiple(row *drawn, uint64_t n)
{
    const uint64_t n_numbered = count_numbered(drawn->of);
    while (drawn->n < n) {
        uint32_t pre, post;
        find_pair(drawn, chx__random_below(&drawn->random, n_numbered), &pre, &post);
        if (!is_excluded(drawn->of->projection, pre, post))
            add(drawn, pre, post);
    }
}

/* Draws n different pairs, or those that are left out. False when memory is out. */
static bool
draw_distinct(row *drawn, uint64_t n, chx__distinct *set)
{
    const uint64_t n_numbered = count_numbered(drawn->of), n_allowed = count_allowed(drawn);
    const bool is_rest = n > n_allowed / 2;
    const uint64_t n_draws = is_rest ? n_allowed - n : n;
    uint32_t pre, post;
    if (!chx__distinct_clear(set, n_draws, n_numbered))
        return false;
    for (uint64_t i = 0; i < n_draws;) {
        const uint64_t number = chx__random_below(&drawn->random, n_numbered);
        find_pair(drawn, number, &pre, &post);
        if (is_excluded(drawn->of->projection, pre, post) || !chx__distinct_add(set, number))
            continue;
        i++;
        if (!is_rest)
            add(drawn, pre, post);
    }
    for (uint64_t number = 0; is_rest && number < n_numbered; number++) {
        find_pair(drawn, number, &pre, &post);
        if (!is_excluded(drawn->of->projection, pre, post) && !chx__distinct_has(set, number))
            add(drawn, pre, post);
    }
    return true;
}

static bool
draw_row(row *drawn, uint64_t n, chx__distinct *set)
{
    const chx_projection *projection = drawn->of->projection;
    switch (projection->rule) {
    case CHX_RULE_ALL_TO_ALL:
        draw_all(drawn);
        return true;
    case CHX_RULE_ONE_TO_ONE:
        draw_one(drawn);
        return true;
    case CHX_RULE_PAIRWISE_BERNOULLI:
        draw_bernoulli(drawn);
        return true;
    default:
        if (projection->without_multiple)
            return draw_distinct(drawn, n, set);
        draw_multiple(drawn, n);
        return true;
    }
}

static row
begin_row(const drawing *of, uint32_t index)
{
    return (row){.of = of, .index = index, .random = chx__random_begin(of->seed, of->index, index)};
}

/* A row's length, which stands one place further up until all are known. */
static uint64_t
count_row(const drawing *of, uint32_t index)
{
    const chx_projection *projection = of->projection;
    row drawn = begin_row(of, index);
    if (projection->rule < CHX_RULE_FIXED_TOTAL) {
        draw_row(&drawn, 0, NULL);
        return drawn.n;
    }
    if (projection->rule != CHX_RULE_FIXED_TOTAL || of->n_rows == 1)
        return projection->synapses;
    const uint64_t left = projection->synapses - (uint64_t)index * TOTAL_ROW;
    return left < TOTAL_ROW ? left : TOTAL_ROW;
}

static uint32_t
end_of_item(const drawing *of, uint32_t item)
{
    const uint64_t end = ((uint64_t)item + 1) * of->rows_per_item;
    return end < of->n_rows ? (uint32_t)end : of->n_rows;
}

static void
count_rows(void *data, uint32_t item)
{
    drawing *of = data;
    for (uint32_t i = item * of->rows_per_item; i < end_of_item(of, item); i++)
        of->begin[i + 1] = count_row(of, i);
}

/* Draws a row into room for it. False when memory is out. */
static bool
fill_row(const drawing *of, uint32_t index, chx_synapse *room, chx__distinct *set)
{
    row drawn = begin_row(of, index);
    drawn.to = room;
    if (!draw_row(&drawn, of->begin[index + 1] - of->begin[index], set))
        return false;
    if (of->with_values)
        add_values(&drawn);
    return true;
}

static void
fill_rows(void *data, uint32_t item)
{
    drawing *of = data;
    chx__distinct set = {0};
    for (uint32_t i = item * of->rows_per_item; i < end_of_item(of, item); i++)
        if (!fill_row(of, i, of->synapses + of->begin[i], &set))
            of->is_out_of_memory = true;
    chx__distinct_finish(&set);
}

static void
take_rows(void *data, uint32_t item)
{
    drawing *of = data;
    chx__distinct set = {0};
    chx_synapse *room = NULL;
    size_t capacity = 0;
    for (uint32_t i = item * of->rows_per_item; i < end_of_item(of, item); i++) {
        const uint64_t n = of->begin[i + 1] - of->begin[i];
        if (n == 0)
            continue;
        if (chx__grow_bare(&room, &capacity, (size_t)n, sizeof *room) &&
            fill_row(of, i, room, &set))
            of->take(of->take_data, room, n);
        else
            of->is_out_of_memory = true;
    }
    free(room);
    chx__distinct_finish(&set);
}

/* Delays grow with their random numbers, so the ends of these say those of delays. */
static void
find_units(void *data, uint32_t item)
{
    drawing *of = data;
    double *ends = &of->delay_units[2 * (size_t)item];
    ends[0] = 1;
    for (uint32_t i = item * of->rows_per_item; i < end_of_item(of, item); i++) {
        const uint64_t n_synapses = of->begin[i + 1] - of->begin[i];
        double weights[VALUES_TOGETHER], delays[VALUES_TOGETHER];
        for (uint64_t first = 0; first < n_synapses; first += VALUES_TOGETHER) {
            const uint64_t left = n_synapses - first;
            const uint32_t n = left < VALUES_TOGETHER ? (uint32_t)left : VALUES_TOGETHER;
            chx__random_values(of->seed, of->index, i, first, n, weights, delays);
            for (uint32_t k = 0; k < n; k++) {
                ends[0] = delays[k] < ends[0] ? delays[k] : ends[0];
                ends[1] = delays[k] > ends[1] ? delays[k] : ends[1];
            }
        }
    }
}

static uint32_t
count_items(const drawing *of)
{
    return (of->n_rows + of->rows_per_item - 1) / of->rows_per_item;
}

double
chx__projection_expect(const chx_projection *projection)
{
    const double n_from = projection->n_from, n_to = projection->n_to;
    switch (projection->rule) {
    case CHX_RULE_ALL_TO_ALL:
        return n_from * n_to;
    case CHX_RULE_PAIRWISE_BERNOULLI:
        return projection->probability * n_from * n_to;
    case CHX_RULE_FIXED_TOTAL:
        return (double)projection->synapses;
    case CHX_RULE_FIXED_INDEGREE:
        return (double)projection->synapses * n_to;
    case CHX_RULE_FIXED_OUTDEGREE:
        return (double)projection->synapses * n_from;
    default:
        return n_from;
    }
}

/* The same before anything is counted, of which distance leaves nobody knows how many. */
static double
least(const chx_projection *projection)
{
    const bool is_thinned = projection->decay_um != 0 || projection->sigma_um != 0;
    return is_thinned ? 0 : chx__projection_expect(projection);
}

static chx_status
fail_limit(const chx_projection *projection, chx__fault *fault)
{
    fault->member = projection->rule >= CHX_RULE_FIXED_TOTAL          ? "synapses"
                    : projection->rule == CHX_RULE_PAIRWISE_BERNOULLI ? "probability"
                                                                      : "rule";
    fault->sentence = "makes more synapses than any memory holds, 2^40 in all; make the network "
                      "smaller";
    return CHX_ERROR_LIMIT;
}

/* Counts all rows, and turns lengths into places. */
static chx_status
count(drawing *of, uint64_t n_before, chx__fault *fault)
{
    if ((double)n_before + least(of->projection) > (double)CHX__MAX_DRAWN_SYNAPSES)
        return fail_limit(of->projection, fault);
    of->begin = chx__alloc((size_t)of->n_rows + 1, sizeof *of->begin);
    if (!of->begin)
        return chx__fail_memory("drawing projections");
    chx__crew_run(count_items(of), count_rows, of);
    for (uint32_t i = 0; i < of->n_rows; i++)
        of->begin[i + 1] += of->begin[i];
    if (n_before + of->begin[of->n_rows] > CHX__MAX_DRAWN_SYNAPSES)
        return fail_limit(of->projection, fault);
    return CHX_OK;
}

static uint32_t
count_own_rows(const chx_projection *projection)
{
    if (projection->rule == CHX_RULE_FIXED_INDEGREE)
        return projection->n_to;
    if (projection->rule != CHX_RULE_FIXED_TOTAL)
        return projection->n_from;
    return projection->without_multiple
               ? 1
               : (uint32_t)((projection->synapses + TOTAL_ROW - 1) / TOTAL_ROW);
}

bool
chx__projection_has_values(const chx_projection *projection)
{
    return projection->weight_pa.kind != CHX_DISTRIBUTION_CONSTANT ||
           projection->delay_ms.kind != CHX_DISTRIBUTION_CONSTANT;
}

static drawing
begin_drawing(const chx__projector *projector, const chx_projection *projection, uint32_t index)
{
    drawing of = {
        .projector = projector,
        .projection = projection,
        .seed = projector->network->info.seed,
        .index = index,
        .n_rows = count_own_rows(projection),
        .has_values = chx__projection_has_values(projection),
        .with_values = true,
        .log_miss = chx__ln_rest(projection->probability),
    };
    of.rows_per_item = 1 + of.n_rows / MOST_ITEMS;
    chx__quantiles_prepare(&projection->weight_pa, &of.weight);
    chx__quantiles_prepare(&projection->delay_ms, &of.delay);
    return of;
}

chx_status
chx__projector_count(const chx__projector *projector, uint64_t n_before, chx__rule *rule,
                     chx__fault *fault)
{
    const chx_projection *projection = &rule->projection;
    if (projection->rule == CHX_RULE_FIXED_TOTAL && projection->synapses > CHX__MAX_DRAWN_SYNAPSES)
        return fail_limit(projection, fault);
    drawing of = begin_drawing(projector, projection, rule->index);
    chx_status status = count(&of, n_before, fault);
    if (status) {
        free(of.begin);
        return status;
    }
    rule->n_rows = of.n_rows;
    rule->begin = of.begin;
    return CHX_OK;
}

static drawing
begin_rule(const chx__projector *projector, const chx__rule *rule)
{
    drawing of = begin_drawing(projector, &rule->projection, rule->index);
    of.begin = rule->begin;
    return of;
}

static chx_status
end_rule(const drawing *of)
{
    return of->is_out_of_memory ? chx__fail_memory("drawing projections") : CHX_OK;
}

chx_status
chx__projector_draw(const chx__projector *projector, const chx__rule *rule, chx_synapse *synapses)
{
    drawing of = begin_rule(projector, rule);
    of.synapses = synapses;
    chx__crew_run(count_items(&of), fill_rows, &of);
    return end_rule(&of);
}

chx_status
chx__projector_each(const chx__projector *projector, const chx__rule *rule, bool with_values,
                    chx__take take, void *data)
{
    drawing of = begin_rule(projector, rule);
    of.with_values = with_values;
    of.take = take;
    of.take_data = data;
    chx__crew_run(count_items(&of), take_rows, &of);
    return end_rule(&of);
}

chx_status
chx__projector_delays(const chx__projector *projector, const chx__rule *rule, float *shortest_ms,
                      float *longest_ms)
{
    drawing of = begin_rule(projector, rule);
    const uint32_t n_items = count_items(&of);
    double ends[2] = {1, 0};
    of.delay_units = chx__alloc((size_t)n_items * 2, sizeof *of.delay_units);
    if (!of.delay_units)
        return chx__fail_memory("drawing projections");
    if (of.delay.kind != CHX_DISTRIBUTION_CONSTANT)
        chx__crew_run(n_items, find_units, &of);
    for (uint32_t i = 0; i < n_items; i++) {
        ends[0] = fmin(ends[0], of.delay_units[2 * (size_t)i]);
        ends[1] = fmax(ends[1], of.delay_units[2 * (size_t)i + 1]);
    }
    free(of.delay_units);
    chx__quantiles_each(&of.delay, ends, 2);
    *shortest_ms = (float)ends[0];
    *longest_ms = (float)ends[1];
    return CHX_OK;
}
