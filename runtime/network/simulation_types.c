/* What the kernels get for the neurons of each type, and for those with parameters of their own.
 *
 * What is prepared is large and what differs between neurons is often all of it, so only what is
 * asked for again and again is kept for each; constants are prepared when a partition's rows are
 * made. */
#include "network/simulation_tables.h"

#include <inttypes.h>
#include <math.h>

#include "base/alloc.h"
#include "base/error.h"
#include "network/initial.h"
#include "network/type.h"
#include "network/values.h"

static chx__own_values
parameters_of(const chx__simulation_tables *tables, uint32_t neuron)
{
    return (chx__own_values){tables->info->parameters, tables->info->n_parameters, neuron};
}

static uint32_t
refractory_steps(const chx__simulation_tables *tables, const chx__prepared *prepared)
{
    const uint32_t steps = chx__time_steps(tables->info, prepared->refractory_ms);
    return steps < INT32_MAX ? steps : INT32_MAX;
}

/* One neuron with two currents makes all of lif be simulated so. */
static bool
find_pair(const chx__simulation_tables *tables)
{
    const chx_network_info *info = tables->info;
    for (uint32_t t = 0; t < info->n_types; t++)
        if (chx__type_is_pair(&info->types[t]))
            return true;
    for (uint32_t n = 0; n < info->n_neurons && info->n_parameters > 0; n++) {
        const chx__own_values own = parameters_of(tables, n);
        const double inhibition_ms = chx__values_find(&own, "tau_inhibition_ms");
        if (!isnan(inhibition_ms) && inhibition_ms != 0)
            return true;
    }
    return false;
}

bool
chx__simulation_is_own(const chx__simulation_tables *tables, uint32_t neuron)
{
    const chx__own_values own = parameters_of(tables, neuron);
    return chx__values_any(&own);
}

/* Whoever made the network has checked the values. */
const chx__prepared *
chx__simulation_prepared(const chx__simulation_tables *tables, uint32_t neuron, chx__prepared *room)
{
    const chx_network_info *info = tables->info;
    const uint32_t type = info->neurons[neuron].type;
    const chx__own_values own = parameters_of(tables, neuron);
    chx__fault fault;
    if (!chx__values_any(&own))
        return &tables->types[type].prepared;
    *room = (chx__prepared){0};
    const bool fits = chx__values_prepare(&own, &info->types[type], info->time_step_ms,
                                          tables->is_pair, room, &fault);
    return fits ? room : &tables->types[type].prepared;
}

float
chx__simulation_begin(const chx__simulation_tables *tables, const chx__prepared *prepared,
                      const char *state, uint32_t index, uint32_t neuron)
{
    const chx__own_values own = {tables->info->initial, tables->info->n_initial, neuron};
    const double value = chx__values_find(&own, state);
    return isnan(value) ? chx__initial_draw(prepared, tables->seed, index, neuron)
                        : chx__initial_value(prepared, index, value);
}

/* Tidying every 16 steps keeps clear of denormals unless a value shrinks to less than a fifth in
 * one step; then it is done in every step. */
static void
choose_flush(chx__simulation_tables *tables, const chx__prepared *prepared)
{
    if (prepared->least_factor < 0.2f)
        tables->flush_mask = 0;
}

static chx_status
make_neurons(chx__simulation_tables *tables)
{
    const chx_network_info *info = tables->info;
    if (info->n_parameters == 0)
        return CHX_OK;
    tables->neurons = chx__alloc(info->n_neurons, sizeof *tables->neurons);
    if (!tables->neurons)
        return chx__fail_memory("preparing the models of a network");
    for (uint32_t n = 0; n < info->n_neurons; n++) {
        chx__prepared room;
        const chx__prepared *prepared = chx__simulation_prepared(tables, n, &room);
        tables->neurons[n] =
            (chx__neuron_row){prepared->origin_mv, refractory_steps(tables, prepared)};
        choose_flush(tables, prepared);
    }
    return CHX_OK;
}

chx_status
chx__simulation_types_init(chx__simulation_tables *tables)
{
    const chx_network_info *info = tables->info;
    tables->types = chx__alloc(info->n_types, sizeof *tables->types);
    if (!tables->types)
        return chx__fail_memory("preparing the models of a network");
    tables->flush_mask = 15;
    tables->is_pair = find_pair(tables);
    for (uint32_t t = 0; t < info->n_types; t++) {
        chx__type_row *row = &tables->types[t];
        chx__fault fault;
        row->model = chx__type_kernel(&info->types[t], tables->is_pair);
        if (!chx__type_prepare(&info->types[t], info->time_step_ms, tables->is_pair, &row->prepared,
                               &fault))
            return chx__fail(CHX_ERROR_FORMAT, "types[%" PRIu32 "]: %s %s", t, fault.member,
                             fault.sentence);
        row->refractory_steps = refractory_steps(tables, &row->prepared);
        choose_flush(tables, &row->prepared);
    }
    return make_neurons(tables);
}
