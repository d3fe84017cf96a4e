/* What is drawn depends on the rules alone, so it may be drawn again: those who only pass over the
 * synapses need no list of them. The list is made under the mutex, which guards the network's
 * synapses and nothing else; no other lock is taken meanwhile. What was published once stays. */
#include "network/rules.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

#define MANY_SYNAPSES 1000000 /* below which a list is no matter */

struct chx__rules {
    chx_network *network;
    chx__rule *rules;
    size_t n_rules, capacity;
    uint64_t n_synapses;
    pthread_mutex_t mutex; /* guards the network's synapses */
};

static bool
keep_list(chx_network *network, const uint32_t **list, uint32_t n)
{
    uint32_t *kept = chx__network_keep(network, n * sizeof *kept);
    if (kept && n > 0)
        memcpy(kept, *list, n * sizeof *kept);
    *list = kept;
    return kept != NULL;
}

static chx__rules *
begin(chx_network *network)
{
    chx__rules *made = chx__alloc(1, sizeof *made);
    if (!made)
        return NULL;
    made->network = network;
    pthread_mutex_init(&made->mutex, NULL);
    return made;
}

/* Takes the rule's rows over unless it fails. */
static chx_status
add(chx_network *network, chx__rule rule)
{
    if (!network->rules)
        network->rules = begin(network);
    chx__rules *all = network->rules;
    if (!all || !keep_list(network, &rule.projection.from, rule.projection.n_from) ||
        !keep_list(network, &rule.projection.to, rule.projection.n_to) ||
        !chx__grow(&all->rules, &all->capacity, all->n_rules + 1, sizeof *all->rules))
        return chx__fail_memory("keeping projections");
    all->rules[all->n_rules++] = rule;
    all->n_synapses += rule.begin[rule.n_rows];
    return CHX_OK;
}

chx_status
chx__rules_keep(const chx__projector *projector, const chx_projection *projection, uint32_t index,
                chx__fault *fault)
{
    chx_network *network = projector->network;
    chx__rule rule = {.projection = *projection, .index = index};
    const uint64_t n_before = network->info.n_synapses + chx__rules_count(network->rules);
    chx_status status = chx__projector_count(projector, n_before, &rule, fault);
    if (status)
        return status;
    status = add(network, rule);
    if (status)
        free(rule.begin);
    return status;
}

void
chx__rules_destroy(chx__rules **rules)
{
    chx__rules *dying = *rules;
    *rules = NULL;
    if (!dying)
        return;
    for (size_t i = 0; i < dying->n_rules; i++)
        free(dying->rules[i].begin);
    free(dying->rules);
    pthread_mutex_destroy(&dying->mutex);
    free(dying);
}

uint64_t
chx__rules_count(const chx__rules *rules)
{
    return rules ? rules->n_synapses : 0;
}

bool
chx__rules_have_values(const chx__rules *rules)
{
    for (size_t i = 0; i < rules->n_rules; i++)
        if (chx__projection_has_values(&rules->rules[i].projection))
            return true;
    return false;
}

bool
chx__rules_sample(const chx__rules *rules, size_t index, chx_synapse *synapse)
{
    if (index >= rules->n_rules)
        return false;
    *synapse = (chx_synapse){0};
    chx__projection_set_values(&rules->rules[index].projection, synapse);
    return true;
}

bool
chx__rules_can_wait(chx_network *network)
{
    const chx__rules *rules = network->rules;
    chx_network_info *info = &network->info;
    if (chx__rules_count(rules) < MANY_SYNAPSES || info->n_synapses > 0 ||
        info->n_plasticities > 0 || info->n_ports > 0)
        return false;
    info->n_synapses = rules->n_synapses;
    return true;
}

/* What is done with each rule in turn. */
typedef chx_status (*visit)(const chx__projector *projector, const chx__rule *rule, void *data);

static chx_status
visit_rules(const chx__rules *rules, visit each, void *data)
{
    chx__projector projector;
    chx__fault fault;
    chx_status status = chx__projector_init(&projector, rules->network);
    for (size_t i = 0; i < rules->n_rules && !status; i++) {
        chx__projector_check(&projector, &rules->rules[i].projection, &fault);
        if (rules->rules[i].begin[rules->rules[i].n_rows] > 0)
            status = each(&projector, &rules->rules[i], data);
    }
    chx__projector_finish(&projector);
    return status;
}

static chx_status
widen_delays(const chx__projector *projector, const chx__rule *rule, void *data)
{
    float *ends = data, shortest, longest;
    chx_status status = chx__projector_delays(projector, rule, &shortest, &longest);
    if (status)
        return status;
    ends[0] = fminf(ends[0], shortest);
    ends[1] = fmaxf(ends[1], longest);
    return CHX_OK;
}

chx_status
chx__rules_delays(chx__rules *rules, float *shortest_ms, float *longest_ms)
{
    float ends[2] = {INFINITY, 0};
    chx_status status = visit_rules(rules, widen_delays, ends);
    *shortest_ms = ends[0];
    *longest_ms = ends[1];
    return status;
}

static chx_status
append(const chx__projector *projector, const chx__rule *rule, void *data)
{
    chx_synapse **next = data;
    chx_synapse *to = *next;
    *next += rule->begin[rule->n_rows];
    return chx__projector_draw(projector, rule, to);
}

chx_status
chx__rules_finish(chx_network *network)
{
    chx__rules *rules = network->rules;
    const uint64_t n_before = network->info.n_synapses, n = n_before + chx__rules_count(rules);
    if (n == n_before) {
        chx__rules_destroy(&network->rules);
        return CHX_OK;
    }
    if (n > SIZE_MAX / sizeof *network->synapses ||
        !chx__resize(&network->synapses, (size_t)n, sizeof *network->synapses))
        return chx__fail_memory("drawing projections");
    network->synapses_capacity = (size_t)n;
    chx_synapse *next = network->synapses + n_before;
    chx_status status = visit_rules(rules, append, &next);
    if (status)
        return status;
    network->info.n_synapses = n;
    network->is_sorted = false;
    chx__rules_destroy(&network->rules);
    return CHX_OK;
}

static chx_status
list(chx__rules *rules)
{
    chx_network *network = rules->network;
    const uint64_t n = rules->n_synapses;
    chx_synapse *made =
        n > SIZE_MAX / sizeof *made ? NULL : chx__alloc_bare((size_t)n, sizeof *made);
    if (!made)
        return chx__fail_memory("listing synapses");
    chx_synapse *next = made;
    chx_status status = visit_rules(rules, append, &next);
    if (!status)
        status = chx__synapses_sort(made, n, network->info.n_neurons);
    if (status) {
        free(made);
        return status;
    }
    network->info.synapses = network->synapses = made;
    return CHX_OK;
}

chx_status
chx__rules_list(chx__rules *rules)
{
    if (!rules)
        return CHX_OK;
    pthread_mutex_lock(&rules->mutex);
    chx_status status = rules->network->synapses ? CHX_OK : list(rules);
    pthread_mutex_unlock(&rules->mutex);
    return status;
}

chx__rules *
chx__rules_waiting(const chx_network *network)
{
    chx__rules *rules = network->rules;
    if (!rules)
        return NULL;
    pthread_mutex_lock(&rules->mutex);
    const bool is_listed = network->synapses != NULL;
    pthread_mutex_unlock(&rules->mutex);
    return is_listed ? NULL : rules;
}

typedef struct taking {
    bool with_values;
    chx__take take;
    void *data;
} taking;

static chx_status
draw_each(const chx__projector *projector, const chx__rule *rule, void *data)
{
    const taking *of = data;
    return chx__projector_each(projector, rule, of->with_values, of->take, of->data);
}

chx_status
chx__rules_each(chx__rules *rules, bool with_values, chx__take take, void *data)
{
    taking of = {with_values, take, data};
    return visit_rules(rules, draw_each, &of);
}

void
chx__rules_expect(const chx__rules *rules, uint32_t *n_inputs)
{
    for (size_t i = 0; i < rules->n_rules; i++) {
        const chx_projection *projection = &rules->rules[i].projection;
        const double each = chx__projection_expect(projection) / projection->n_to;
        for (uint32_t t = 0; t < projection->n_to; t++)
            n_inputs[projection->to[t]] += (uint32_t)each;
    }
}
