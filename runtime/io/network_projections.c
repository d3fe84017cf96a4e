/* Projections are drawn as they are read, each while its lines are at hand for what is wrong with
 * it. Which members an object may have depends on its rule; those of other rules are refused, so
 * that none is without effect. A zero that stands in the file is no "not given", as it is in the
 * structs, and is looked at here. */
#include "io/folder.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "network/rules.h"
#include "network/type.h"

#define MAX_ARRAY 100000000
#define MAX_UM 1e12
#define MIN_UM 1e-12

/* A projection's neurons, in room for all of the network's. */
typedef struct ends {
    uint32_t *from, *to;
} ends;

static const struct {
    const char *name;
    const char *keys[11]; /* beside those of all rules */
} rules[] = {
#define OF_ALL "from", "to", "rule", "weight_pa", "weight_ns", "weight_mv", "delay_ms", "self"
    [CHX_RULE_ALL_TO_ALL] = {"all_to_all", {OF_ALL}},
    [CHX_RULE_ONE_TO_ONE] = {"one_to_one", {OF_ALL}},
    [CHX_RULE_PAIRWISE_BERNOULLI] = {"pairwise_bernoulli",
                                     {OF_ALL, "probability", "decay_um", "sigma_um"}},
    [CHX_RULE_FIXED_TOTAL] = {"fixed_total", {OF_ALL, "synapses", "multiple"}},
    [CHX_RULE_FIXED_INDEGREE] = {"fixed_indegree", {OF_ALL, "synapses", "multiple"}},
    [CHX_RULE_FIXED_OUTDEGREE] = {"fixed_outdegree", {OF_ALL, "synapses", "multiple"}},
};

static chx_status
read_rule(const chx__json_at *object, chx_rule *rule)
{
    static const char *const keys[] = {OF_ALL,     "probability", "decay_um", "sigma_um",
                                       "synapses", "multiple",    NULL};
    chx__json_at member;
    const char *name;
    chx_status status = chx__json_object(object, keys);
    if (!status)
        status = chx__json_member(object, "rule", &member);
    if (!status)
        status = chx__json_text(&member, &name);
    if (status)
        return status;
    for (int i = CHX_RULE_ALL_TO_ALL; i <= CHX_RULE_FIXED_OUTDEGREE; i++)
        if (strcmp(name, rules[i].name) == 0) {
            *rule = (chx_rule)i;
            return chx__json_object(object, rules[i].keys);
        }
    return chx__json_fail(&member,
                          "is '%.64s'; the rules are all_to_all, one_to_one, pairwise_bernoulli, "
                          "fixed_total, fixed_indegree and fixed_outdegree",
                          name);
}

static chx_status
add_type(chx__folder *folder, const chx__json_at *at)
{
    const char *name;
    chx_status status = chx__json_text(at, &name);
    if (status)
        return status;
    const uint32_t found = chx__names_find(&folder->types, name, strlen(name));
    if (found == CHX__NO_NAME)
        return chx__json_fail(at, "no neuron has the type '%.64s'; correct it", name);
    chx__targets_add_type(&folder->targets, found);
    return CHX_OK;
}

/* The neurons of a type, or of types one after the other. */
static chx_status
read_end(chx__folder *folder, const chx__json_at *object, const char *key, uint32_t *neurons,
         uint32_t *n_neurons)
{
    chx__json_at member;
    size_t n;
    chx_status status = chx__json_member(object, key, &member);
    if (status)
        return status;
    chx__targets_begin(&folder->targets);
    if (json_is_string(member.value)) {
        status = add_type(folder, &member);
    } else {
        status = chx__json_array(&member, 1, MAX_ARRAY, &n);
        for (size_t i = 0; i < n && !status; i++) {
            chx__json_at element = chx__json_element(&member, i);
            status = add_type(folder, &element);
        }
    }
    if (status)
        return status;
    *n_neurons = folder->targets.n_found;
    memcpy(neurons, folder->targets.found, *n_neurons * sizeof *neurons);
    return CHX_OK;
}

/* A member that may be missing, above 0 where it is there. */
static chx_status
read_length(const chx__json_at *object, const char *key, double *length_um)
{
    chx__json_at member;
    chx_status status = chx__json_optional(object, key, &member);
    if (status || !member.value)
        return status;
    return chx__json_number(&member, MIN_UM, MAX_UM, length_um);
}

static chx_status
read_flag(const chx__json_at *object, const char *key, bool *value)
{
    chx__json_at member;
    chx_status status = chx__json_optional(object, key, &member);
    return status || !member.value ? status : chx__json_bool(&member, value);
}

static chx_status
read_numbers(const chx__json_at *object, chx_projection *projection)
{
    const bool is_fixed = projection->rule >= CHX_RULE_FIXED_TOTAL;
    bool is_multiple = true;
    long long n = 0;
    chx__json_at member;
    chx_status status = read_flag(object, "self", &projection->with_self);
    if (!status && projection->rule == CHX_RULE_PAIRWISE_BERNOULLI)
        status = chx__json_member(object, "probability", &member);
    if (!status && projection->rule == CHX_RULE_PAIRWISE_BERNOULLI)
        status = chx__json_number(&member, 0, 1, &projection->probability);
    if (!status)
        status = read_length(object, "decay_um", &projection->decay_um);
    if (!status)
        status = read_length(object, "sigma_um", &projection->sigma_um);
    if (!status && is_fixed)
        status = chx__json_member(object, "synapses", &member);
    if (!status && is_fixed)
        status = chx__json_integer(&member, 1, INT64_MAX, &n);
    if (!status)
        status = read_flag(object, "multiple", &is_multiple);
    projection->synapses = (uint64_t)n;
    projection->without_multiple = !is_multiple;
    return status;
}

/* Bounds that are not there are infinite; both or none are needed. */
static chx_status
read_bounds(const chx__json_at *object, bool is_needed, chx_distribution *distribution)
{
    chx__json_at min, max;
    double low = -INFINITY, high = INFINITY;
    chx_status status =
        is_needed ? chx__json_member(object, "min", &min) : chx__json_optional(object, "min", &min);
    if (!status && min.value)
        status = chx__json_number(&min, -DBL_MAX, DBL_MAX, &low);
    if (!status)
        status = is_needed ? chx__json_member(object, "max", &max)
                           : chx__json_optional(object, "max", &max);
    if (!status && max.value)
        status = chx__json_number(&max, -DBL_MAX, DBL_MAX, &high);
    if (status || (!min.value && !max.value))
        return status;
    if (!(low < high))
        return chx__json_fail(&min, "must be below max");
    distribution->min = low;
    distribution->max = high;
    return CHX_OK;
}

static chx_status
read_outside(const chx__json_at *object, chx_distribution *distribution)
{
    chx__json_at member;
    const char *name;
    chx_status status = chx__json_optional(object, "outside", &member);
    if (status || !member.value)
        return status;
    status = chx__json_text(&member, &name);
    if (!status && strcmp(name, "redraw") != 0 && strcmp(name, "clip") != 0)
        return chx__json_fail(&member,
                              "is '%.64s'; what lies outside min and max is redraw or clip", name);
    if (!status)
        distribution->is_clipped = strcmp(name, "clip") == 0;
    return status;
}

/* The object under the name of a distribution. */
static chx_status
read_shape(const chx__json_at *object, chx_distribution *distribution)
{
    static const char *const spread_keys[] = {"mean", "sd", "min", "max", "outside", NULL};
    static const char *const uniform_keys[] = {"min", "max", NULL};
    const bool is_uniform = distribution->kind == CHX_DISTRIBUTION_UNIFORM;
    chx__json_at mean, sd;
    chx_status status = chx__json_object(object, is_uniform ? uniform_keys : spread_keys);
    if (!status)
        status = read_bounds(object, is_uniform, distribution);
    if (status || is_uniform)
        return status;
    status = chx__json_member(object, "mean", &mean);
    if (!status)
        status = chx__json_number(&mean, -DBL_MAX, DBL_MAX, &distribution->mean);
    if (!status)
        status = chx__json_member(object, "sd", &sd);
    if (!status)
        status = chx__json_number(&sd, -DBL_MAX, DBL_MAX, &distribution->sd);
    return status ? status : read_outside(object, distribution);
}

chx_status
chx__folder_read_distribution(const chx__json_at *object, const char *key,
                              chx_distribution *distribution)
{
    static const char *const kinds[] = {"normal", "lognormal", "uniform", NULL};
    chx__json_at member, shape;
    chx_status status = chx__json_member(object, key, &member);
    if (status)
        return status;
    if (json_is_number(member.value))
        return chx__json_number(&member, -DBL_MAX, DBL_MAX, &distribution->mean);
    if (!json_is_object(member.value) || json_object_size(member.value) != 1)
        return chx__json_fail(&member, "must be a number, or an object of one member: normal, "
                                       "lognormal or uniform");
    status = chx__json_object(&member, kinds);
    for (int i = 0; i < 3 && !status; i++) {
        status = chx__json_optional(&member, kinds[i], &shape);
        if (status || !shape.value)
            continue;
        distribution->kind = (chx_distribution_kind)(CHX_DISTRIBUTION_NORMAL + i);
        status = read_shape(&shape, distribution);
    }
    return status;
}

chx_status
chx__folder_weight_key(const chx__folder *folder, const chx__json_at *object, const char *current,
                       const uint32_t *neurons, uint32_t n, const char **key)
{
    static const char *const one[CHX__N_UNITS] = {"a current", "a conductance", "a potential"};
    static const char *const many[CHX__N_UNITS] = {"currents", "conductances", "potentials"};
    const chx__unit unit =
        chx__weights_unit(folder->network->types, folder->network->neurons, neurons, n);
    chx_status status = CHX_OK;
    *key = unit == CHX__UNIT_PA ? current : chx__weight_name(unit);
    for (chx__unit other = 0; other < CHX__N_UNITS && !status; other++) {
        chx__json_at member;
        if (other == unit)
            continue;
        status = chx__json_optional(
            object, other == CHX__UNIT_PA ? current : chx__weight_name(other), &member);
        if (!status && member.value)
            status = chx__json_fail(&member, "is %s, and %s targets take %s; say %s", one[other],
                                    unit == CHX__UNIT_PA ? "not all" : "all",
                                    many[unit == CHX__UNIT_PA ? other : unit], *key);
    }
    return status;
}

/* The last error, as of a limit. */
static chx_status
fail_limit(void)
{
    chx_error error = *chx_last_error();
    error.status = CHX_ERROR_LIMIT;
    return chx__fail_again(&error);
}

static chx_status
draw(chx__projector *projector, const chx__json_at *object, const chx_projection *projection)
{
    chx__fault fault;
    if (!chx__projector_check(projector, projection, &fault))
        return chx__folder_fail_fault(object, &fault);
    chx_status status = chx__rules_keep(projector, projection, (uint32_t)object->index, &fault);
    if (status != CHX_ERROR_LIMIT)
        return status;
    chx__folder_fail_fault(object, &fault);
    return fail_limit();
}

static chx_status
read_projection(chx__folder *folder, const chx__json_at *object, const ends *room,
                chx_projection *projection)
{
    projection->from = room->from;
    projection->to = room->to;
    chx_status status = read_rule(object, &projection->rule);
    if (!status)
        status = read_end(folder, object, "from", room->from, &projection->n_from);
    if (!status)
        status = read_end(folder, object, "to", room->to, &projection->n_to);
    if (!status)
        status = read_numbers(object, projection);
    const char *key = NULL;
    if (!status)
        status = chx__folder_weight_key(folder, object, "weight_pa", projection->to,
                                        projection->n_to, &key);
    if (!status)
        status = chx__folder_read_distribution(object, key, &projection->weight_pa);
    return status ? status
                  : chx__folder_read_distribution(object, "delay_ms", &projection->delay_ms);
}

static chx_status
read_list(chx__folder *folder, const chx__json_at *list, size_t n)
{
    chx_network *network = folder->network;
    chx__projector projector = {0};
    const ends room = {chx__alloc(network->info.n_neurons, sizeof(uint32_t)),
                       chx__alloc(network->info.n_neurons, sizeof(uint32_t))};
    chx_status status = room.from && room.to ? CHX_OK : chx__fail_memory("loading a network");
    if (!status && !folder->targets.network)
        status = chx__targets_init(&folder->targets, network);
    if (!status)
        status = chx__projector_init(&projector, network);
    for (size_t i = 0; i < n && !status; i++) {
        const chx__json_at object = chx__json_element(list, i);
        chx_projection projection = {0};
        status = read_projection(folder, &object, &room, &projection);
        if (!status)
            status = draw(&projector, &object, &projection);
    }
    chx__projector_finish(&projector);
    free(room.from);
    free(room.to);
    return status;
}

chx_status
chx__folder_read_projections(chx__folder *folder, const chx__json *json)
{
    chx__json_at root = chx__json_root(json), list;
    size_t n;
    chx_status status = chx__json_optional(&root, "projections", &list);
    if (status || !list.value)
        return status;
    status = chx__json_array(&list, 0, MAX_ARRAY, &n);
    if (status || n == 0)
        return status;
    folder->has_projections = true;
    return read_list(folder, &list, n);
}
