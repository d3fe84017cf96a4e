/*
 * Webs are made in time that grows with the number of links, without sorting: rows are merged with
 * a mark for each node, which says where in the row at hand it stands.
 *
 * Coarsening is a matching (Walshaw 2003): nodes are looked at from the first on, and each joins
 * with the lightest free node that it is linked to, of equal ones that with the greatest weight.
 * Those left over, as leaves of a star are, join in pairs that are linked to the same node.
 */
#include "network/web.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"

#define NOBODY UINT32_MAX

static chx_status
allocate(chx__web *web, uint32_t n_nodes, uint64_t n_links)
{
    *web = (chx__web){
        .n_nodes = n_nodes,
        .rows = chx__alloc((size_t)n_nodes + 1, sizeof *web->rows),
        .links = chx__alloc(n_links, sizeof *web->links),
        .weights = chx__alloc(n_links, sizeof *web->weights),
        .masses = chx__alloc(n_nodes, sizeof *web->masses),
        .parts = chx__alloc(n_nodes, sizeof *web->parts),
    };
    if (web->rows && web->links && web->weights && web->masses && web->parts)
        return CHX_OK;
    chx__web_finish(web);
    return chx__fail_memory("laying out a network");
}

void
chx__web_finish(chx__web *web)
{
    free(web->rows);
    free(web->links);
    free(web->weights);
    free(web->masses);
    free(web->parts);
    *web = (chx__web){0};
}

/* Nodes grouped by what they become: those of i are order[starts[i]] up to starts[i + 1]. */
static void
group(uint32_t n, const uint32_t *becomes, uint32_t n_groups, uint32_t *starts, uint32_t *order)
{
    for (uint32_t i = 0; i < n; i++)
        starts[becomes[i] + 1]++;
    for (uint32_t i = 0; i < n_groups; i++)
        starts[i + 1] += starts[i];
    for (uint32_t i = n; i-- > 0;)
        order[--starts[becomes[i] + 1]] = i;
    for (uint32_t i = 0; i < n_groups; i++)
        starts[i] = starts[i + 1];
    starts[n_groups] = n;
}

/* Adds the links of a node to the row that begins at `first` and ends at *n. */
static void
add_row(const chx__web *from, uint32_t node, const uint32_t *becomes, chx__web *to, uint32_t first,
        uint32_t *n, uint32_t *marks)
{
    const uint32_t self = becomes[node];
    for (uint32_t i = from->rows[node]; i < from->rows[node + 1]; i++) {
        const uint32_t other = becomes[from->links[i]];
        const bool is_known =
            marks[other] >= first && marks[other] < *n && to->links[marks[other]] == other;
        if (other == self)
            continue;
        if (!is_known) {
            marks[other] = *n;
            to->links[*n] = other;
            to->weights[(*n)++] = 0;
        }
        to->weights[marks[other]] += from->weights[i];
    }
}

/* Makes the web of n_nodes that the nodes of another become. */
static chx_status
merge(const chx__web *from, const uint32_t *becomes, uint32_t n_nodes, chx__web *to)
{
    uint32_t *starts = chx__alloc((size_t)n_nodes + 1, sizeof *starts);
    uint32_t *order = chx__alloc(from->n_nodes, sizeof *order);
    uint32_t *marks = chx__alloc(n_nodes, sizeof *marks);
    chx_status status = starts && order && marks ? allocate(to, n_nodes, from->rows[from->n_nodes])
                                                 : chx__fail_memory("laying out a network");
    if (!status)
        group(from->n_nodes, becomes, n_nodes, starts, order);
    uint32_t n = 0;
    for (uint32_t i = 0; i < n_nodes && !status; i++) {
        to->rows[i] = n;
        for (uint32_t k = starts[i]; k < starts[i + 1]; k++) {
            add_row(from, order[k], becomes, to, to->rows[i], &n, marks);
            to->masses[i] += from->masses[order[k]];
            to->parts[i] = from->parts[order[k]];
        }
        to->rows[i + 1] = n;
    }
    free(starts);
    free(order);
    free(marks);
    return status;
}

/* A link for each synapse from both sides. */
static void
fill(chx__web *web, const uint32_t *node_of, const chx_synapse *synapses, uint64_t n_synapses)
{
    for (uint64_t i = n_synapses; i-- > 0;) {
        const uint32_t a = node_of[synapses[i].pre], b = node_of[synapses[i].post];
        if (a == NOBODY || a == b)
            continue;
        web->links[--web->rows[a + 1]] = b;
        web->links[--web->rows[b + 1]] = a;
    }
}

static chx_status
count(uint32_t n_nodes, const uint32_t *node_of, const chx_synapse *synapses, uint64_t n_synapses,
      chx__web *web)
{
    uint64_t n_links = 0;
    for (uint64_t i = 0; i < n_synapses; i++)
        if (node_of[synapses[i].pre] != NOBODY && synapses[i].pre != synapses[i].post)
            n_links += 2;
    if (n_links > UINT32_MAX)
        return chx__fail(CHX_ERROR_LIMIT,
                         "a layout of more than %u connections cannot be made; give the neurons "
                         "places",
                         UINT32_MAX / 2);
    chx_status status = allocate(web, n_nodes, n_links);
    for (uint64_t i = 0; i < n_synapses && !status; i++) {
        const uint32_t a = node_of[synapses[i].pre], b = node_of[synapses[i].post];
        if (a == NOBODY || a == b)
            continue;
        web->rows[a + 1]++;
        web->rows[b + 1]++;
    }
    for (uint32_t i = 0; i < n_nodes && !status; i++)
        web->rows[i + 1] += web->rows[i];
    return status;
}

chx_status
chx__web_init(chx__web *web, uint32_t n_nodes, const uint32_t *node_of, const uint32_t *parts,
              const chx_synapse *synapses, uint64_t n_synapses)
{
    chx__web raw = {0};
    *web = (chx__web){0};
    uint32_t *self = chx__alloc(n_nodes, sizeof *self);
    chx_status status = self ? count(n_nodes, node_of, synapses, n_synapses, &raw)
                             : chx__fail_memory("laying out a network");
    for (uint32_t i = 0; i < n_nodes && !status; i++) {
        self[i] = i;
        raw.parts[i] = parts[i];
        raw.masses[i] = 1;
    }
    if (!status) {
        const uint32_t n_links = raw.rows[n_nodes];
        fill(&raw, node_of, synapses, n_synapses);
        for (uint32_t i = 0; i < n_nodes; i++)
            raw.rows[i] = raw.rows[i + 1];
        raw.rows[n_nodes] = n_links;
        status = merge(&raw, self, n_nodes, web);
    }
    for (uint32_t i = 0; !status && i < web->rows[n_nodes]; i++)
        web->weights[i] = 1;
    chx__web_finish(&raw);
    free(self);
    return status;
}

/* The node that one is to join with; NOBODY when none is free. */
static uint32_t
choose(const chx__web *web, uint32_t node, const uint32_t *becomes)
{
    uint32_t best = NOBODY;
    float weight = 0;
    for (uint32_t i = web->rows[node]; i < web->rows[node + 1]; i++) {
        const uint32_t other = web->links[i];
        if (becomes[other] != NOBODY)
            continue;
        if (best == NOBODY || web->masses[other] < web->masses[best] ||
            (web->masses[other] == web->masses[best] && web->weights[i] > weight)) {
            best = other;
            weight = web->weights[i];
        }
    }
    return best;
}

/* Joins the free nodes that one is linked to in pairs; returns how many coarse nodes there are. */
static uint32_t
join_around(const chx__web *web, uint32_t node, uint32_t *becomes, uint32_t n)
{
    uint32_t waits = NOBODY;
    for (uint32_t i = web->rows[node]; i < web->rows[node + 1]; i++) {
        const uint32_t other = web->links[i];
        if (becomes[other] != NOBODY)
            continue;
        if (waits == NOBODY) {
            waits = other;
            continue;
        }
        becomes[waits] = becomes[other] = n++;
        waits = NOBODY;
    }
    return n;
}

static uint32_t
match(const chx__web *web, uint32_t *becomes)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < web->n_nodes; i++)
        becomes[i] = NOBODY;
    for (uint32_t i = 0; i < web->n_nodes; i++) {
        const uint32_t other = becomes[i] == NOBODY ? choose(web, i, becomes) : NOBODY;
        if (other != NOBODY)
            becomes[i] = becomes[other] = n++;
    }
    for (uint32_t i = 0; i < web->n_nodes; i++)
        n = join_around(web, i, becomes, n);
    for (uint32_t i = 0; i < web->n_nodes; i++)
        if (becomes[i] == NOBODY)
            becomes[i] = n++;
    return n;
}

chx_status
chx__web_coarsen(const chx__web *web, chx__web *coarse, uint32_t *becomes)
{
    *coarse = (chx__web){0};
    return merge(web, becomes, match(web, becomes), coarse);
}
