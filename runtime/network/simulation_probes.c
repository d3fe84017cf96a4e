/* Traces: state of chosen neurons in steps that are multiples of an interval. Kernels copy the
 * state of whole blocks of neurons (neuron/population.h), in the steps that any probe asks for;
 * the host task that collects spikes takes from that what each probe wants. Values are counted from
 * where the model counts, so potentials get back their origin here.
 *
 * Traces grow by the host task and are taken by the caller, both under the simulation's mutex. */
#include "network/simulation_state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

static uint32_t
common_divisor(uint32_t a, uint32_t b)
{
    while (b != 0) {
        const uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static uint32_t
part_of(const chx__simulation_tables *tables, uint32_t neuron)
{
    uint32_t p = 0;
    while (neuron >= tables->first_neuron[p + 1])
        p++;
    return p;
}

/* Where the kernels put what a probe wants of one neuron, but for the place of its block. */
static chx_status
find_column(const chx_simulation *simulation, const chx_probe *from, uint32_t neuron,
            chx__probe_column *column)
{
    const chx__simulation_tables *tables = &simulation->tables;
    const uint32_t n_neurons = simulation->info->n_neurons;
    if (neuron >= n_neurons)
        return chx__fail(CHX_ERROR_INVALID, "a probe names neuron %u of %u", neuron, n_neurons);
    const uint32_t p = part_of(tables, neuron), local = neuron - tables->first_neuron[p];
    const chx__model *model = tables->models[p];
    uint32_t state = 0;
    while (from->state && state < model->n_states && strcmp(model->states[state], from->state) != 0)
        state++;
    if (state == model->n_states)
        return chx__fail(CHX_ERROR_INVALID,
                         "neuron %s has the model %s, which has no state '%.64s'; docs/models.md "
                         "lists what there is",
                         simulation->info->neurons[neuron].name, model->name, from->state);
    *column =
        (chx__probe_column){.part = p,
                            .block = local / tables->width,
                            .lane = local % tables->width,
                            .state = state,
                            .origin = state == 0 ? chx__simulation_origin_mv(tables, neuron) : 0};
    return CHX_OK;
}

static chx_status
make_probe(chx_simulation *simulation, const chx_probe *from, chx__probe *to)
{
    CHX__REQUIRE(from->n_neurons > 0 && from->neurons && from->interval_ms >= 0);
    const uint32_t steps = chx__time_steps(simulation->info, from->interval_ms);
    *to = (chx__probe){.n_columns = from->n_neurons, .every = steps > 0 ? steps : 1};
    to->columns = chx__alloc(from->n_neurons, sizeof *to->columns);
    chx_status status = to->columns ? CHX_OK : chx__fail_memory("making probes");
    for (uint32_t i = 0; i < from->n_neurons && !status; i++)
        status = find_column(simulation, from, from->neurons[i], &to->columns[i]);
    return status;
}

chx_status
chx__simulation_probes_init(chx_simulation *simulation, const chx_probe *probes, uint32_t n_probes)
{
    CHX__REQUIRE(n_probes == 0 || probes);
    simulation->probes = chx__alloc(n_probes, sizeof *simulation->probes);
    if (!simulation->probes)
        return chx__fail_memory("making probes");
    simulation->sample_steps = n_probes == 0;
    for (uint32_t i = 0; i < n_probes; i++) {
        simulation->n_probes = i + 1;
        chx_status status = make_probe(simulation, &probes[i], &simulation->probes[i]);
        if (status)
            return status;
        simulation->sample_steps =
            common_divisor(simulation->probes[i].every, simulation->sample_steps);
    }
    return CHX_OK;
}

void
chx__simulation_probes_finish(chx_simulation *simulation)
{
    for (uint32_t i = 0; i < simulation->n_probes; i++) {
        free(simulation->probes[i].columns);
        free(simulation->probes[i].values);
    }
    free(simulation->probes);
}

/* Numbers the blocks of a partition that some probe wants, in their order. */
void
chx__simulation_sample_blocks(chx_simulation *simulation, uint32_t p, chx__part_tables *tables)
{
    const uint32_t n_blocks = tables->setup.n_blocks;
    for (uint32_t b = 0; b < n_blocks; b++)
        tables->blocks[b].sample = UINT32_MAX;
    for (uint32_t i = 0; i < simulation->n_probes; i++)
        for (uint32_t c = 0; c < simulation->probes[i].n_columns; c++)
            if (simulation->probes[i].columns[c].part == p)
                tables->blocks[simulation->probes[i].columns[c].block].sample = 0;
    uint32_t n_sampled = 0;
    for (uint32_t b = 0; b < n_blocks; b++)
        if (tables->blocks[b].sample == 0)
            tables->blocks[b].sample = n_sampled++;
    for (uint32_t i = 0; i < simulation->n_probes; i++)
        for (uint32_t c = 0; c < simulation->probes[i].n_columns; c++) {
            chx__probe_column *column = &simulation->probes[i].columns[c];
            if (column->part == p)
                column->sample = tables->blocks[column->block].sample;
        }
    tables->setup.n_sampled = n_sampled;
    tables->setup.sample_steps = simulation->sample_steps;
}

uint64_t
chx__simulation_sample_bytes(const chx_simulation *simulation, uint32_t p, uint32_t n_steps)
{
    const uint64_t n_rows = (uint64_t)n_steps / simulation->sample_steps + 1;
    return n_rows * simulation->parts[p].setup.n_sampled * simulation->tables.models[p]->n_states *
           simulation->tables.width * sizeof(float);
}

static chx_status
append_row(chx_simulation *simulation, chx__probe *probe, void *const *samples, uint32_t row)
{
    if (!chx__grow(&probe->values, &probe->capacity, (probe->n_rows + 1) * probe->n_columns,
                   sizeof *probe->values))
        return chx__fail_memory("keeping traces");
    float *to = probe->values + probe->n_rows++ * probe->n_columns;
    for (uint32_t c = 0; c < probe->n_columns; c++) {
        const chx__probe_column *column = &probe->columns[c];
        const size_t block =
            (size_t)row * simulation->parts[column->part].setup.n_sampled + column->sample;
        const size_t field =
            block * simulation->tables.models[column->part]->n_states + column->state;
        const float *from = samples[column->part];
        to[c] = (float)(column->origin + from[field * simulation->tables.width + column->lane]);
    }
    return CHX_OK;
}

chx_status
chx__simulation_keep_samples(chx_simulation *simulation, void *const *samples, uint32_t run_step,
                             uint32_t n_steps)
{
    const uint32_t every = simulation->sample_steps;
    uint32_t row = 0;
    chx_status status = CHX_OK;
    if (simulation->n_probes == 0)
        return CHX_OK;
    for (uint32_t step = (run_step + every - 1) / every * every; step - run_step < n_steps;
         step += every, row++)
        for (uint32_t i = 0; i < simulation->n_probes && !status; i++)
            if (step % simulation->probes[i].every == 0)
                status = append_row(simulation, &simulation->probes[i], samples, row);
    return status;
}

chx_status
chx_simulation_take_trace(chx_simulation *simulation, uint32_t probe, chx_trace *trace)
{
    CHX__REQUIRE(simulation && trace && probe < simulation->n_probes);
    chx__probe *from = &simulation->probes[probe];
    pthread_mutex_lock(&simulation->mutex);
    *trace = (chx_trace){.values = from->values,
                         .n_rows = from->n_rows,
                         .n_neurons = from->n_columns,
                         .interval_steps = from->every,
                         .first_step = from->n_taken * from->every};
    from->n_taken += from->n_rows;
    from->values = NULL;
    from->n_rows = from->capacity = 0;
    pthread_mutex_unlock(&simulation->mutex);
    return CHX_OK;
}
