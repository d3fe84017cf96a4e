/* What is read off all synapses at once: threads share pieces of whole rows, as many as the number
 * of synapses says, so that sums are of the same numbers in the same order on any machine. */
#include "network/simulation_tables.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/crew.h"
#include "base/error.h"

/* A piece has a sum for each neuron, which has to be worth it. */
#define MOST_PIECES 16
#define SYNAPSES_A_SUM 16

typedef struct piece {
    uint64_t begin, end; /* synapses, or sources where they are drafts */
    double *sum_pa; /* of each neuron */
    uint32_t *n_inputs;
    double faintest_pa;
    float longest_ms;
    uint32_t max_row;
} piece;

typedef struct survey {
    const chx__simulation_tables *tables;
    uint32_t n_pieces;
    piece pieces[MOST_PIECES];
} survey;

/* The most that a synapse may come to deliver, in pA. */
static double
most_pa(const chx__simulation_tables *tables, const chx_synapse *synapse)
{
    const chx_network_info *info = tables->info;
    const uint32_t plasticity = chx__plasticity_of(&tables->plasticity_map, info, synapse);
    if (plasticity > 0 && info->plasticities[plasticity - 1].kind == CHX_PLASTICITY_STDP)
        return info->plasticities[plasticity - 1].weight_max;
    return synapse->weight_pa;
}

static void
look_at(piece *own, uint32_t post, double pa)
{
    own->sum_pa[post] += pa;
    own->faintest_pa = pa > 0 && pa < own->faintest_pa ? pa : own->faintest_pa;
    own->n_inputs[post]++;
}

static float
weight_pa(const chx__simulation_tables *tables, const chx__part_tables *part, size_t place)
{
    if (tables->n_kinds > 0)
        return chx__simulation_kind_pa(tables, part->synapses[place] >> part->setup.target_bits);
    float weight;
    memcpy(&weight, &part->synapses[2 * place + 1], sizeof weight);
    return weight;
}

/* Looks at a source's row in a group, and returns its length. */
static uint32_t
look_at_row(piece *own, const chx__simulation_tables *tables, const chx__part_tables *part,
            const uint32_t *place)
{
    const uint32_t lanes = part->setup.n_blocks * tables->width;
    const uint32_t mask = (uint32_t)((UINT64_C(1) << part->setup.target_bits) - 1);
    const size_t n_words = chx__synapse_bytes(tables) / sizeof *part->synapses;
    for (size_t s = place[0]; s < place[1]; s++)
        look_at(own, part->setup.first_neuron + (part->synapses[n_words * s] & mask) % lanes,
                fabs((double)weight_pa(tables, part, s)));
    return place[1] - place[0];
}

/* The same numbers in the same order as of a list. */
static void
look_at_drafts(void *data, uint32_t index)
{
    survey *of = data;
    piece *own = &of->pieces[index];
    for (uint64_t pre = own->begin; pre < own->end; pre++) {
        uint32_t row = 0;
        for (uint32_t p = 0; p < of->tables->n_partitions; p++) {
            const chx__part_tables *part = &of->tables->drafts[p];
            for (uint32_t g = 0; g < part->n_groups; g++)
                row += look_at_row(own, of->tables, part, chx__part_row(part, g, (uint32_t)pre));
        }
        own->max_row = row > own->max_row ? row : own->max_row;
    }
}

static void
look_at_piece(void *data, uint32_t index)
{
    survey *of = data;
    piece *own = &of->pieces[index];
    const chx_synapse *synapses = of->tables->info->synapses;
    uint32_t row = 0;
    for (uint64_t s = own->begin; s < own->end; s++) {
        const chx_synapse *synapse = &synapses[s];
        const double pa = fabs(most_pa(of->tables, synapse));
        look_at(own, synapse->post, pa);
        own->longest_ms = fmaxf(own->longest_ms, synapse->delay_ms);
        row = s > own->begin && synapse->pre == synapses[s - 1].pre ? row + 1 : 1;
        own->max_row = row > own->max_row ? row : own->max_row;
    }
}

/* Synapses of a source in all drafts. */
static uint64_t
count_row(const chx__simulation_tables *tables, uint32_t pre)
{
    uint64_t n = 0;
    for (uint32_t p = 0; p < tables->n_partitions; p++)
        for (uint32_t g = 0; g < tables->drafts[p].n_groups; g++) {
            const uint32_t *place = chx__part_row(&tables->drafts[p], g, pre);
            n += place[1] - place[0];
        }
    return n;
}

/* From synapses to sources: each piece ends with the last source that begins before its end. */
static void
turn_to_sources(survey *of)
{
    const uint32_t n_neurons = of->tables->info->n_neurons;
    uint64_t n_before = 0;
    uint32_t pre = 0;
    for (uint32_t p = 0; p < of->n_pieces; p++) {
        const uint64_t end = p + 1 == of->n_pieces ? UINT64_MAX : of->pieces[p].end;
        of->pieces[p].begin = pre;
        while (pre < n_neurons && n_before < end)
            n_before += count_row(of->tables, pre++);
        of->pieces[p].end = pre;
    }
}

static bool
cut_pieces(survey *of)
{
    const chx_network_info *info = of->tables->info;
    const uint64_t worth = info->n_synapses / ((uint64_t)info->n_neurons * SYNAPSES_A_SUM);
    of->n_pieces = worth < 1 ? 1 : worth < MOST_PIECES ? (uint32_t)worth : MOST_PIECES;
    bool has_memory = true;
    uint64_t at = 0;
    for (uint32_t p = 0; p < of->n_pieces; p++) {
        piece *own = &of->pieces[p];
        own->begin = at;
        at = info->n_synapses / of->n_pieces * (p + 1);
        at = p + 1 == of->n_pieces ? info->n_synapses : at < own->begin ? own->begin : at;
        while (at > 0 && at < info->n_synapses && !of->tables->drafts &&
               info->synapses[at].pre == info->synapses[at - 1].pre)
            at++;
        own->end = at;
        own->faintest_pa = DBL_MAX;
        own->sum_pa = chx__alloc(info->n_neurons, sizeof *own->sum_pa);
        own->n_inputs = chx__alloc(info->n_neurons, sizeof *own->n_inputs);
        has_memory = has_memory && own->sum_pa && own->n_inputs;
    }
    if (of->tables->drafts)
        turn_to_sources(of);
    return has_memory;
}

/* Adds all to the first. */
static void
put_together(survey *of)
{
    piece *first = &of->pieces[0];
    for (uint32_t p = 1; p < of->n_pieces; p++) {
        const piece *own = &of->pieces[p];
        for (uint32_t n = 0; n < of->tables->info->n_neurons; n++) {
            first->sum_pa[n] += own->sum_pa[n];
            first->n_inputs[n] += own->n_inputs[n];
        }
        first->faintest_pa = fmin(first->faintest_pa, own->faintest_pa);
        first->longest_ms = fmaxf(first->longest_ms, own->longest_ms);
        first->max_row = own->max_row > first->max_row ? own->max_row : first->max_row;
    }
}

chx_status
chx__simulation_survey(chx__simulation_tables *tables, double **sum_pa)
{
    survey of = {.tables = tables};
    chx_status status = CHX_OK;
    if (cut_pieces(&of)) {
        chx__crew_run(of.n_pieces, tables->drafts ? look_at_drafts : look_at_piece, &of);
        put_together(&of);
        piece *first = &of.pieces[0];
        *sum_pa = first->sum_pa;
        free(tables->n_inputs);
        tables->n_inputs = first->n_inputs;
        tables->faintest_pa = first->faintest_pa;
        if (!tables->drafts)
            tables->longest_delay_ms = first->longest_ms;
        tables->max_row = first->max_row;
        *first = (piece){0};
    } else {
        status = chx__fail_memory("looking at synapses");
    }
    for (uint32_t p = 0; p < of.n_pieces; p++) {
        free(of.pieces[p].sum_pa);
        free(of.pieces[p].n_inputs);
    }
    return status;
}

/* Whether kernels take for 0 what is not. */
static bool
is_faint(const chx__simulation_tables *tables, double pa)
{
    return pa != 0 && fabs(pa) * tables->units_per_pa < 0.5;
}

/* Frees what it tells of. */
static chx_status
tell_faint(const chx__simulation_tables *tables, const chx__logger *logger, char *what)
{
    if (!what)
        return chx__fail_memory("looking at weights");
    const char *loudest = tables->info->neurons[tables->loudest].name;
    chx__log(
        logger, CHX_LOG_WARNING,
        "%s have weights below %.3g and act as 0: input of all neurons is counted in one unit, "
        "and up to %.3g may reach %s in a step; lower the weights onto %s, or raise those or "
        "leave them out",
        what, 0.5 / tables->units_per_pa, tables->loudest_pa, loudest, loudest);
    free(what);
    return CHX_OK;
}

static chx_status
remark_on_faint_synapses(const chx__simulation_tables *tables, const chx__logger *logger)
{
    const chx_network_info *info = tables->info;
    if (!is_faint(tables, tables->faintest_pa))
        return CHX_OK;
    const chx_status status = chx__rules_list(tables->rules);
    if (status)
        return status;
    uint64_t n_faint = 0, *n_onto = chx__alloc(info->n_types, sizeof *n_onto);
    uint32_t most = 0;
    if (!n_onto)
        return chx__fail_memory("looking at weights");
    for (uint64_t s = 0; s < info->n_synapses; s++) {
        const chx_synapse *synapse = &info->synapses[s];
        if (!is_faint(tables, most_pa(tables, synapse)))
            continue;
        const uint32_t type = info->neurons[synapse->post].type;
        n_faint++;
        n_onto[type]++;
        most = n_onto[type] > n_onto[most] ? type : most;
    }
    char *what =
        chx__format("%" PRIu64 " of %" PRIu64 " synapses, %" PRIu64 " of them onto type %s,",
                    n_faint, info->n_synapses, n_onto[most], info->types[most].name);
    free(n_onto);
    return tell_faint(tables, logger, what);
}

static chx_status
remark_on_faint_stimuli(const chx__simulation_tables *tables, const chx__logger *logger)
{
    const chx_network_info *info = tables->info;
    uint32_t n_faint = 0, first = 0;
    for (uint32_t k = info->n_stimuli; k-- > 0;)
        if (info->stimuli[k].kind != CHX_STIMULUS_STEP &&
            is_faint(tables, info->stimuli[k].current_pa)) {
            n_faint++;
            first = k;
        }
    if (n_faint == 0)
        return CHX_OK;
    return tell_faint(tables, logger,
                      chx__format("the events of %" PRIu32 " of %" PRIu32
                                  " stimuli, stimuli[%" PRIu32 "] first,",
                                  n_faint, info->n_stimuli, first));
}

chx_status
chx__simulation_remark_on_faint(const chx__simulation_tables *tables, const chx__logger *logger)
{
    const chx_status status = remark_on_faint_synapses(tables, logger);
    return status ? status : remark_on_faint_stimuli(tables, logger);
}
