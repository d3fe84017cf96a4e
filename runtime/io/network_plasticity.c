/* Plasticities name types; what is left out of an object is all of them. */
#include "io/network_folder.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "network/plasticity.h"

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

/* A type or a list of types; the caller frees *types. */
static chx_status
read_types(const chx__folder *folder, const chx__json_at *object, const char *key, uint32_t **types,
           uint32_t *n_types)
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
    chx_status status = chx__json_member(object, "kind", &member);
    if (!status)
        status = chx__json_text(&member, &name);
    if (!status && strcmp(name, "short_term") != 0)
        status = chx__json_fail(&member, "is '%.64s'; the kind is short_term", name);
    *kind = CHX_PLASTICITY_SHORT_TERM;
    return status;
}

static chx_status
read_time(const chx__json_at *object, const char *key, double *time_ms)
{
    chx__json_at member;
    chx_status status = chx__json_optional(object, key, &member);
    return status || !member.value ? status : chx__json_number(&member, -DBL_MAX, DBL_MAX, time_ms);
}

static chx_status
read_plasticity(chx__folder *folder, const chx__json_at *object)
{
    static const char *const keys[] = {
        "kind", "from", "to", "utilization", "recovery_ms", "facilitation_ms", NULL};
    chx_plasticity plasticity = {0};
    uint32_t *from = NULL, *to = NULL;
    chx__json_at member;
    chx__fault fault;
    chx_status status = chx__json_object(object, keys);
    if (!status)
        status = read_kind(object, &plasticity.kind);
    if (!status)
        status = read_types(folder, object, "from", &from, &plasticity.n_from);
    if (!status)
        status = read_types(folder, object, "to", &to, &plasticity.n_to);
    if (!status)
        status = chx__json_member(object, "utilization", &member);
    if (!status)
        status = chx__json_number(&member, -DBL_MAX, DBL_MAX, &plasticity.utilization);
    if (!status)
        status = read_time(object, "recovery_ms", &plasticity.recovery_ms);
    if (!status)
        status = read_time(object, "facilitation_ms", &plasticity.facilitation_ms);
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
