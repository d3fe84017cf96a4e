/* The synapses of all partitions drawn from the network's rules into their places, without a list
 * of them: once to count who is joined, and once more to write. Threads draw rows of rules, whose
 * synapses go to rows of sources in whatever order the threads come by; each is sorted after, so
 * that targets have the order of a list. A draft has weights in pA, or numbers of kinds, as the
 * unit is found from it, which is why the cut is made by the counts that the rules let expect; the
 * partition that takes it over turns them into units.
 *
 * Cursors are counted up by atomic operations and all else is written by one thread alone: several
 * synapses get their places first and are written after, or each would wait for the cache line of
 * the one before. */
#include "network/simulation_tables.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/crew.h"
#include "base/error.h"

#define TOGETHER 256 /* synapses that get their places before they are written */
#define SHARES 256 /* of a partition's rows */
#define FEW_SYNAPSES 32 /* of a row, which are sorted faster by insertion */
#define DIGIT_BITS 9

typedef struct draft {
    const chx__simulation_tables *tables;
    uint32_t *group_of[CHX__MAX_PARTITIONS]; /* by tile */
    _Atomic uint32_t *cursors[CHX__MAX_PARTITIONS]; /* as offsets: counts, then the next place */
    uint32_t tile_bits;
    atomic_bool is_out_of_memory;
} draft;

static size_t
count_offsets(const chx__part_tables *part)
{
    return part->n_groups * ((size_t)part->setup.n_sources + 1);
}

static uint32_t
part_of(const chx__simulation_tables *tables, uint32_t neuron)
{
    uint32_t p = 0;
    while (neuron >= tables->first_neuron[p + 1])
        p++;
    return p;
}

static _Atomic uint32_t *
cursor_of(const draft *of, uint32_t p, const chx_synapse *synapse)
{
    const chx__part_tables *part = &of->tables->drafts[p];
    const uint32_t tile = (synapse->post - part->setup.first_neuron) >> of->tile_bits;
    return &of->cursors[p]
                       [of->group_of[p][tile] * ((size_t)part->setup.n_sources + 1) + synapse->pre];
}

static void
count_synapses(void *data, const chx_synapse *synapses, uint64_t n_synapses)
{
    const draft *of = data;
    for (uint64_t s = 0; s < n_synapses; s++)
        atomic_fetch_add_explicit(
            cursor_of(of, part_of(of->tables, synapses[s].post), &synapses[s]), 1,
            memory_order_relaxed);
}

static void
write_synapse(const draft *of, uint32_t p, const chx_synapse *synapse, uint32_t place)
{
    const chx__part_tables *part = &of->tables->drafts[p];
    const uint32_t port = chx__model_port(part->model, (double)synapse->weight_pa);
    const uint32_t target =
        port * part->setup.n_blocks * of->tables->width + synapse->post - part->setup.first_neuron;
    if (of->tables->n_kinds > 0) {
        const uint32_t kind = chx__simulation_kind(of->tables, synapse);
        part->synapses[place] = kind << part->setup.target_bits | target;
        return;
    }
    const uint32_t delay = chx__delay_steps(synapse->delay_ms, of->tables->info->time_step_ms);
    uint32_t *words = &part->synapses[2 * (size_t)place];
    words[0] = delay << part->setup.target_bits | target;
    memcpy(&words[1], &synapse->weight_pa, sizeof synapse->weight_pa);
}

static void
write_synapses(void *data, const chx_synapse *synapses, uint64_t n_synapses)
{
    const draft *of = data;
    uint32_t parts[TOGETHER], places[TOGETHER];
    for (uint64_t first = 0; first < n_synapses; first += TOGETHER) {
        const uint64_t left = n_synapses - first;
        const uint32_t n = left < TOGETHER ? (uint32_t)left : TOGETHER;
        for (uint32_t i = 0; i < n; i++) {
            parts[i] = part_of(of->tables, synapses[first + i].post);
            places[i] = atomic_fetch_add_explicit(cursor_of(of, parts[i], &synapses[first + i]), 1,
                                                  memory_order_relaxed);
        }
        for (uint32_t i = 0; i < n; i++)
            write_synapse(of, parts[i], &synapses[first + i], places[i]);
    }
}

/* A synapse as one number, which orders those of a row by target, delay or kind, and weight. */
static uint64_t
key_of(uint64_t entry, uint32_t target_bits)
{
    const uint32_t word = (uint32_t)entry, weight = (uint32_t)(entry >> 32);
    const uint32_t target = word & (uint32_t)((UINT64_C(1) << target_bits) - 1);
    return (uint64_t)(target << (32 - target_bits) | word >> target_bits) << 32 | weight;
}

static uint64_t
entry_of(uint64_t key, uint32_t target_bits)
{
    const uint32_t word = (uint32_t)(key >> 32);
    const uint32_t delay = word & (uint32_t)((UINT64_C(1) << (32 - target_bits)) - 1);
    return key << 32 | delay << target_bits | word >> (32 - target_bits);
}

static void
insert(uint64_t *keys, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        const uint64_t moving = keys[i];
        size_t at = i;
        for (; at > 0 && keys[at - 1] > moving; at--)
            keys[at] = keys[at - 1];
        keys[at] = moving;
    }
}

/* Copies keys in the order of one digit, and else as they are. */
static void
sort_digit(const uint64_t *from, uint64_t *to, size_t n, uint32_t shift)
{
    size_t next[1 << DIGIT_BITS] = {0}, sum = 0;
    const uint64_t mask = (1 << DIGIT_BITS) - 1;
    for (size_t i = 0; i < n; i++)
        next[from[i] >> shift & mask]++;
    for (size_t digit = 0; digit <= mask; digit++) {
        const size_t count = next[digit];
        next[digit] = sum;
        sum += count;
    }
    for (size_t i = 0; i < n; i++)
        to[next[from[i] >> shift & mask]++] = from[i];
}

/* By the upper digits of their targets, and then what is left by insertion, next to nothing. */
static void
sort_keys(uint64_t *keys, uint64_t *room, size_t n)
{
    if (n > FEW_SYNAPSES) {
        sort_digit(keys, room, n, 64 - 2 * DIGIT_BITS);
        sort_digit(room, keys, n, 64 - DIGIT_BITS);
    }
    insert(keys, n);
}

typedef struct sorting {
    draft *of;
    chx__part_tables *part;
} sorting;

/* A row's words, by way of numbers that fit a processor's cache. */
static bool
sort_row(const sorting *job, const uint32_t *place, uint64_t **room, size_t *capacity)
{
    const chx__part_tables *part = job->part;
    const size_t n_words = chx__synapse_bytes(job->of->tables) / sizeof *part->synapses;
    const size_t n = place[1] - place[0];
    const uint32_t bits = part->setup.target_bits;
    if (n < 2)
        return true;
    if (!chx__grow_bare(room, capacity, 2 * n, sizeof **room))
        return false;
    uint32_t *words = &part->synapses[n_words * place[0]];
    uint64_t *keys = *room;
    for (size_t i = 0; i < n; i++) {
        const uint32_t weight = n_words > 1 ? words[n_words * i + 1] : 0;
        keys[i] = key_of((uint64_t)weight << 32 | words[n_words * i], bits);
    }
    sort_keys(keys, keys + n, n);
    for (size_t i = 0; i < n; i++) {
        const uint64_t entry = entry_of(keys[i], bits);
        words[n_words * i] = (uint32_t)entry;
        if (n_words > 1)
            words[n_words * i + 1] = (uint32_t)(entry >> 32);
    }
    return true;
}

static void
sort_share(void *data, uint32_t share)
{
    const sorting *job = data;
    const uint32_t n_sources = job->part->setup.n_sources;
    const uint32_t first = (uint32_t)((uint64_t)n_sources * share / SHARES);
    const uint32_t end = (uint32_t)((uint64_t)n_sources * (share + 1) / SHARES);
    uint64_t *room = NULL;
    size_t capacity = 0;
    for (uint32_t g = 0; g < job->part->n_groups; g++)
        for (uint32_t pre = first; pre < end; pre++)
            if (!sort_row(job, chx__part_row(job->part, g, pre), &room, &capacity))
                job->of->is_out_of_memory = true;
    free(room);
}

static chx_status
begin_part(draft *of, uint32_t p)
{
    chx__part_tables *part = &of->tables->drafts[p];
    chx__part_begin(part, of->tables, p);
    chx_status status = chx__part_groups_init(part, of->tables);
    if (status)
        return status;
    of->group_of[p] = chx__part_group_of(part);
    of->cursors[p] = chx__alloc(count_offsets(part), sizeof *of->cursors[p]);
    part->offsets = chx__alloc(count_offsets(part), sizeof *part->offsets);
    return of->group_of[p] && of->cursors[p] && part->offsets
               ? CHX_OK
               : chx__fail_memory("laying out synapses");
}

/* Turns counts into places, for which there is room then. */
static chx_status
place_part(draft *of, uint32_t p)
{
    chx__part_tables *part = &of->tables->drafts[p];
    const size_t n_offsets = count_offsets(part);
    for (size_t i = 0; i < n_offsets; i++)
        part->n_synapses += of->cursors[p][i];
    if (part->n_synapses > CHX__PART_MAX_SYNAPSES)
        return chx__fail(CHX_ERROR_LIMIT, "%zu synapses in one partition; use more partitions",
                         part->n_synapses);
    uint32_t sum = 0;
    for (size_t i = 0; i < n_offsets; i++) {
        const uint32_t n = of->cursors[p][i];
        part->offsets[i] = sum;
        of->cursors[p][i] = sum;
        sum += n;
    }
    part->synapses = chx__alloc(part->n_synapses, chx__synapse_bytes(of->tables));
    return part->synapses ? CHX_OK : chx__fail_memory("laying out synapses");
}

static chx_status
draw(draft *of)
{
    const chx__simulation_tables *tables = of->tables;
    chx_status status = CHX_OK;
    for (uint32_t p = 0; p < tables->n_partitions && !status; p++)
        status = begin_part(of, p);
    if (!status)
        status = chx__rules_each(tables->rules, false, count_synapses, of);
    for (uint32_t p = 0; p < tables->n_partitions && !status; p++)
        status = place_part(of, p);
    if (!status)
        status = chx__rules_each(tables->rules, true, write_synapses, of);
    for (uint32_t p = 0; p < tables->n_partitions && !status; p++) {
        sorting job = {of, &tables->drafts[p]};
        chx__crew_run(SHARES, sort_share, &job);
    }
    return !status && of->is_out_of_memory ? chx__fail_memory("laying out synapses") : status;
}

chx_status
chx__simulation_expect(chx__simulation_tables *tables)
{
    tables->longest_delay_ms = (float)tables->info->max_delay_ms;
    tables->n_inputs = chx__alloc(tables->info->n_neurons, sizeof *tables->n_inputs);
    if (!tables->n_inputs)
        return chx__fail_memory("looking at synapses");
    chx__rules_expect(tables->rules, tables->n_inputs);
    return CHX_OK;
}

chx_status
chx__simulation_drafts_init(chx__simulation_tables *tables)
{
    draft of = {.tables = tables};
    tables->drafts = chx__alloc(tables->n_partitions, sizeof *tables->drafts);
    if (!tables->drafts)
        return chx__fail_memory("laying out synapses");
    while (1u << of.tile_bits < chx__simulation_tile(tables))
        of.tile_bits++;
    chx_status status = draw(&of);
    for (uint32_t p = 0; p < tables->n_partitions; p++) {
        free(of.group_of[p]);
        free(of.cursors[p]);
    }
    return status;
}

/* A partition's synapses whose weights are turned into units, by shares. */
typedef struct turning {
    const chx__part_tables *part;
    const chx__simulation_tables *tables;
} turning;

static void
turn_share(void *data, uint32_t share)
{
    const turning *job = data;
    const size_t n = job->part->n_synapses;
    for (size_t s = n / SHARES * share, end = share + 1 < SHARES ? s + n / SHARES : n; s < end;
         s++) {
        float weight_pa;
        memcpy(&weight_pa, &job->part->synapses[2 * s + 1], sizeof weight_pa);
        const int32_t weight = chx__fixed_point(job->tables, (double)weight_pa);
        memcpy(&job->part->synapses[2 * s + 1], &weight, sizeof weight);
    }
}

void
chx__part_take_draft(chx__part_tables *part, const chx__simulation_tables *tables)
{
    chx__part_tables *from = &tables->drafts[part->setup.partition];
    part->n_groups = from->n_groups;
    part->groups = from->groups;
    part->offsets = from->offsets;
    part->synapses = from->synapses;
    part->n_synapses = from->n_synapses;
    *from = (chx__part_tables){0};
    if (tables->n_kinds > 0)
        return;
    turning job = {part, tables};
    chx__crew_run(SHARES, turn_share, &job);
}
