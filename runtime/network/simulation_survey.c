/* What is read off all synapses at once: threads share pieces of whole rows, as many as the number
 * of synapses says, so that sums are of the same numbers in the same order on any machine. */
#include "network/simulation_tables.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/crew.h"
#include "base/error.h"

/* A piece has a sum for each neuron, which has to be worth it. */
#define MOST_PIECES 16
#define SYNAPSES_A_SUM 16

typedef struct piece {
    uint64_t begin, end; /* synapses */
    double *sum_pa; /* of each neuron */
    uint32_t *n_inputs;
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
look_at_piece(void *data, uint32_t index)
{
    survey *of = data;
    piece *own = &of->pieces[index];
    const chx_synapse *synapses = of->tables->info->synapses;
    uint32_t row = 0;
    for (uint64_t s = own->begin; s < own->end; s++) {
        const chx_synapse *synapse = &synapses[s];
        own->sum_pa[synapse->post] += fabs(most_pa(of->tables, synapse));
        own->n_inputs[synapse->post]++;
        own->longest_ms = fmaxf(own->longest_ms, synapse->delay_ms);
        row = s > own->begin && synapse->pre == synapses[s - 1].pre ? row + 1 : 1;
        own->max_row = row > own->max_row ? row : own->max_row;
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
        while (at > 0 && at < info->n_synapses &&
               info->synapses[at].pre == info->synapses[at - 1].pre)
            at++;
        own->end = at;
        own->sum_pa = chx__alloc(info->n_neurons, sizeof *own->sum_pa);
        own->n_inputs = chx__alloc(info->n_neurons, sizeof *own->n_inputs);
        has_memory = has_memory && own->sum_pa && own->n_inputs;
    }
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
        chx__crew_run(of.n_pieces, look_at_piece, &of);
        put_together(&of);
        piece *first = &of.pieces[0];
        *sum_pa = first->sum_pa;
        tables->n_inputs = first->n_inputs;
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
