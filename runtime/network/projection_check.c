/* What a projection must fulfil so that it can be drawn, in the words of files and of callers. The
 * values that a distribution can give are looked at before any is drawn: its least and its largest
 * go through the checks of a synapse. */
#include "network/projection.h"

#include <math.h>

#include "base/alloc.h"
#include "base/error.h"
#include "network/distribution.h"

#define MAX_DEGREE 2147483647u
#define MAX_UM 1e12

static bool
fail(chx__fault *fault, const char *member, const char *sentence)
{
    *fault = (chx__fault){member, sentence};
    return false;
}

static bool
is_fixed(chx_rule rule)
{
    return rule >= CHX_RULE_FIXED_TOTAL;
}

/* Checks both ends of what the distributions can give. */
static bool
check_values(const chx_projection *projection, double time_step_ms, chx__fault *fault)
{
    chx__quantiles weight, delay;
    const char *wrong = chx__quantiles_prepare(&projection->weight_pa, &weight);
    if (wrong)
        return fail(fault, "weight_pa", wrong);
    wrong = chx__quantiles_prepare(&projection->delay_ms, &delay);
    if (wrong)
        return fail(fault, "delay_ms", wrong);
    for (int i = 0; i < 2; i++) {
        const double unit = i == 0 ? 0x1p-53 : 1 - 0x1p-53;
        const double weight_pa = chx__quantiles_at(&weight, unit);
        const double delay_ms = chx__quantiles_at(&delay, unit);
        const chx_synapse synapse = {.weight_pa = (float)weight_pa, .delay_ms = (float)delay_ms};
        if (weight.kind != CHX_DISTRIBUTION_CONSTANT && fabs(weight_pa) < CHX__MIN_CURRENT_PA)
            continue;
        if (chx__synapse_check(&synapse, time_step_ms, fault))
            continue;
        if (delay.kind == CHX_DISTRIBUTION_CONSTANT || fault->member[0] != 'd')
            return false;
        return fail(fault, "delay_ms",
                    i == 0 ? "can come out shorter than time_step_ms; give it a min of a time "
                             "step or more"
                           : "can come out longer than 1048576 time steps; give it a lower max");
    }
    return true;
}

static bool
check_probability(const chx_projection *projection, chx__fault *fault)
{
    if (!(projection->probability >= 0 && projection->probability <= 1))
        return fail(fault, "probability", "must lie between 0 and 1");
    if (projection->decay_um != 0 && !(projection->decay_um > 0 && projection->decay_um <= MAX_UM))
        return fail(fault, "decay_um", "must be above 0 and at most 1e12");
    if (projection->sigma_um != 0 && !(projection->sigma_um > 0 && projection->sigma_um <= MAX_UM))
        return fail(fault, "sigma_um", "must be above 0 and at most 1e12");
    if (projection->decay_um != 0 && projection->sigma_um != 0)
        return fail(fault, "sigma_um", "stands beside decay_um; choose one of them");
    return true;
}

/* Whether what is asked of a rule with a number can be met by so many different pairs. */
static bool
check_number(const chx_projection *projection, uint64_t n_pairs, chx__fault *fault)
{
    if (projection->synapses == 0)
        return fail(fault, "synapses", "must be 1 or more");
    if (projection->rule != CHX_RULE_FIXED_TOTAL && projection->synapses > MAX_DEGREE)
        return fail(fault, "synapses", "must be at most 2147483647 for one neuron");
    if (n_pairs == 0)
        return fail(fault, "synapses",
                    "cannot be met: a neuron would have to be joined with itself; let self be "
                    "true or name more neurons");
    if (projection->without_multiple && projection->synapses > n_pairs)
        return fail(fault, "synapses",
                    projection->rule == CHX_RULE_FIXED_TOTAL
                        ? "is more than there are pairs of neurons; lower it or let multiple be "
                          "true"
                    : projection->rule == CHX_RULE_FIXED_INDEGREE
                        ? "is more than there are sources for a target; lower it or let multiple "
                          "be true"
                        : "is more than there are targets for a source; lower it or let multiple "
                          "be true");
    return true;
}

static bool
mark(uint32_t *rounds, uint32_t round, const uint32_t *neurons, uint32_t n, uint32_t n_neurons,
     chx__fault *fault)
{
    for (uint32_t i = 0; i < n; i++) {
        if (neurons[i] >= n_neurons) {
            fault->sentence = "holds a neuron that the network does not have; correct the index";
            return false;
        }
        if (rounds[neurons[i]] == round) {
            fault->sentence = "holds a neuron twice; name each once";
            return false;
        }
        rounds[neurons[i]] = round;
    }
    fault->sentence = "holds no neurons; name at least one";
    return n > 0;
}

static bool
check_populations(chx__projector *projector, const chx_projection *projection, chx__fault *fault)
{
    const uint32_t n_neurons = projector->network->info.n_neurons;
    projector->round++;
    fault->member = "from";
    if (!mark(projector->from_round, projector->round, projection->from, projection->n_from,
              n_neurons, fault))
        return false;
    fault->member = "to";
    return mark(projector->to_round, projector->round, projection->to, projection->n_to, n_neurons,
                fault);
}

/* The pairs among which the rule chooses: all, or those of the neuron that has the fewest. */
static uint64_t
count_pairs(const chx__projector *projector, const chx_projection *projection)
{
    const uint64_t n_from = projection->n_from, n_to = projection->n_to;
    uint64_t n_both = 0;
    for (uint32_t i = 0; i < projection->n_from && !projection->with_self; i++)
        n_both += projector->to_round[projection->from[i]] == projector->round;
    switch (projection->rule) {
    case CHX_RULE_FIXED_INDEGREE:
        return n_from - (n_both > 0);
    case CHX_RULE_FIXED_OUTDEGREE:
        return n_to - (n_both > 0);
    default:
        return n_from * n_to - n_both;
    }
}

bool
chx__projector_check(chx__projector *projector, const chx_projection *projection, chx__fault *fault)
{
    if (projection->rule < CHX_RULE_ALL_TO_ALL || projection->rule > CHX_RULE_FIXED_OUTDEGREE)
        return fail(fault, "rule",
                    "must be all_to_all, one_to_one, pairwise_bernoulli, fixed_total, "
                    "fixed_indegree or fixed_outdegree");
    if (!check_populations(projector, projection, fault))
        return false;
    if (projection->rule == CHX_RULE_ONE_TO_ONE && projection->n_from != projection->n_to)
        return fail(fault, "rule",
                    "one_to_one needs as many sources as targets; correct from and to");
    if (projection->rule == CHX_RULE_PAIRWISE_BERNOULLI && !check_probability(projection, fault))
        return false;
    if (is_fixed(projection->rule) &&
        !check_number(projection, count_pairs(projector, projection), fault))
        return false;
    return check_values(projection, projector->network->info.time_step_ms, fault);
}
