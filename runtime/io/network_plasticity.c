/* Plasticities name types; what is left out of an object is all of them. */
#include "io/folder.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "network/plasticity.h"

static const char *const kinds[] = {
    [CHX_PLASTICITY_SHORT_TERM] = "short_term",
    [CHX_PLASTICITY_STDP] = "stdp",
};

static chx_status
find_type(const chx__folder *folder, const chx__json_at *at, uint32_t *type)
{
    const char *name;
    chx_status status = chx__json_text(at, &name);
    if (status)
        return status;
    *type = chx__names_find(&folder->types, name, strlen(name));
    return *type != CHX__NO_NAME
               ? CHX_OK
               : chx__json_fail(at, "no neuron has the type '%.64s'; correct it", name);
}

chx_status
chx__folder_read_type_list(const chx__folder *folder, const chx__json_at *object, const char *key,
                           uint32_t **types, uint32_t *n_types)
{
    chx__json_at member;
    size_t n = 1;
    chx_status status = chx__json_optional(object, key, &member);
    if (status || !member.value)
        return status;
    const bool is_list = !json_is_string(member.value);
    if (is_list)
        status = chx__json_array(&member, 1, folder->network->info.n_types, &n);
    if (status)
        return status;
    *types = chx__alloc(n, sizeof **types);
    if (!*types)
        return chx__fail_memory("loading a network");
    *n_types = (uint32_t)n;
    for (size_t i = 0; i < n && !status; i++) {
        const chx__json_at element = is_list ? chx__json_element(&member, i) : member;
        status = find_type(folder, &element, &(*types)[i]);
    }
    return status;
}

static chx_status
read_kind(const chx__json_at *object, chx_plasticity_kind *kind)
{
    chx__json_at member;
    const char *name;
    if (!json_is_object(object->value))
        return chx__json_fail(object, "must be an object");
    chx_status status = chx__json_member(object, "kind", &member);
    if (!status)
        status = chx__json_text(&member, &name);
    if (status)
        return status;
    for (int i = CHX_PLASTICITY_SHORT_TERM; i <= CHX_PLASTICITY_STDP; i++)
        if (strcmp(name, kinds[i]) == 0) {
            *kind = (chx_plasticity_kind)i;
            return CHX_OK;
        }
    return chx__json_fail(&member, "is '%.64s'; the kinds are short_term and stdp", name);
}

/* A number that may be there, and where it goes. */
typedef struct number {
    const char *key;
    double *value;
    bool is_needed;
} number;

#define MAX_NUMBERS 8

static chx_status
read_numbers(const chx__json_at *object, const number *numbers)
{
    chx_status status = CHX_OK;
    for (int i = 0; i < MAX_NUMBERS && numbers[i].key && !status; i++) {
        chx__json_at member;
        status = numbers[i].is_needed ? chx__json_member(object, numbers[i].key, &member)
                                      : chx__json_optional(object, numbers[i].key, &member);
        if (!status && member.value)
            status = chx__json_number(&member, -DBL_MAX, DBL_MAX, numbers[i].value);
    }
    return status;
}

static chx_status
read_pairing(const chx__json_at *object, bool *is_nearest)
{
    chx__json_at member;
    const char *name;
    chx_status status = chx__json_optional(object, "pairing", &member);
    if (status || !member.value)
        return status;
    status = chx__json_text(&member, &name);
    if (!status && strcmp(name, "all") != 0 && strcmp(name, "nearest") != 0)
        return chx__json_fail(&member, "is '%.64s'; pairs are of all spikes or the nearest", name);
    *is_nearest = !status && strcmp(name, "nearest") == 0;
    return status;
}

/* All but the types. */
static chx_status
read_values(const chx__json_at *object, chx_plasticity *plasticity)
{
    const number short_term[MAX_NUMBERS] = {
        {"utilization", &plasticity->utilization, true},
        {"recovery_ms", &plasticity->recovery_ms, false},
        {"facilitation_ms", &plasticity->facilitation_ms, false},
    };
    const number stdp[MAX_NUMBERS] = {
        {"potentiation", &plasticity->potentiation, true},
        {"depression", &plasticity->depression, true},
        {"potentiation_ms", &plasticity->potentiation_ms, true},
        {"depression_ms", &plasticity->depression_ms, true},
        {"potentiation_exponent", &plasticity->potentiation_exponent, false},
        {"depression_exponent", &plasticity->depression_exponent, false},
        {"weight_max", &plasticity->weight_max, true},
    };
    const bool is_stdp = plasticity->kind == CHX_PLASTICITY_STDP;
    const number *numbers = is_stdp ? stdp : short_term;
    const char *keys[4 + MAX_NUMBERS + 1] = {"kind", "from", "to", is_stdp ? "pairing" : "kind"};
    for (int i = 0; i < MAX_NUMBERS; i++)
        keys[4 + i] = numbers[i].key;
    chx_status status = chx__json_object(object, keys);
    if (!status)
        status = read_numbers(object, numbers);
    if (!status && is_stdp)
        status = read_pairing(object, &plasticity->is_nearest);
    return status;
}

static chx_status
read_plasticity(chx__folder *folder, const chx__json_at *object)
{
    chx_plasticity plasticity = {0};
    uint32_t *from = NULL, *to = NULL;
    chx__fault fault;
    chx_status status = read_kind(object, &plasticity.kind);
    if (!status)
        status = read_values(object, &plasticity);
    if (!status)
        status = chx__folder_read_type_list(folder, object, "from", &from, &plasticity.n_from);
    if (!status)
        status = chx__folder_read_type_list(folder, object, "to", &to, &plasticity.n_to);
    plasticity.from = from;
    plasticity.to = to;
    if (!status && !chx__plasticity_check(&plasticity, folder->network->info.n_types, &fault))
        status = chx__folder_fail_fault(object, &fault);
    if (!status)
        status = chx__plasticity_add(folder->network, &plasticity);
    free(from);
    free(to);
    return status;
}

chx_status
chx__folder_read_plasticities(chx__folder *folder, const chx__json *json)
{
    chx__json_at root = chx__json_root(json), list;
    size_t n = 0;
    chx_status status = chx__json_optional(&root, "plasticities", &list);
    if (status || !list.value)
        return status;
    status = chx__json_array(&list, 0, CHX_MAX_PLASTICITIES, &n);
    for (size_t i = 0; i < n && !status; i++) {
        const chx__json_at object = chx__json_element(&list, i);
        status = read_plasticity(folder, &object);
    }
    return status;
}
