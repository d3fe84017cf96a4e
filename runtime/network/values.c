/* Tables of single neurons' values. They are few columns of many rows, and a row that is all NaN
 * costs a look: nothing is prepared for it.
 *
 * What types say is drawn becomes part of the tables when a network is finished. The draw depends
 * on the network's seed, the parameter's place in its model and the neuron, so networks are the
 * same whatever is drawn before. */
#include "network/values.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "network/random.h"
#include "network/type.h"

bool
chx__values_any(const chx__own_values *own)
{
    for (uint32_t i = 0; i < own->n_columns; i++)
        if (!isnan(own->columns[i].values[own->neuron]))
            return true;
    return false;
}

double
chx__values_find(const chx__own_values *own, const char *name)
{
    for (uint32_t i = 0; i < own->n_columns; i++)
        if (strcmp(own->columns[i].name, name) == 0)
            return own->columns[i].values[own->neuron];
    return NAN;
}

bool
chx__values_prepare(const chx__own_values *own, const chx_neuron_type *type, double time_step_ms,
                    bool is_pair, chx__prepared *to, chx__fault *fault)
{
    const chx__model *model = chx__type_model(type);
    double values[CHX__MODEL_MAX_PARAMETERS];
    for (uint32_t i = 0; i < model->n_parameters; i++) {
        const double value = chx__values_find(own, model->parameters[i].name);
        values[i] = isnan(value) ? chx__type_get(type, i) : value;
    }
    return chx__type_prepare_values(type, values, time_step_ms, is_pair, to, fault);
}

bool
chx__values_check(const chx__own_values *own, const chx_neuron_type *type, double time_step_ms,
                  chx__fault *fault)
{
    const uint32_t n_parameters = chx__type_model(type)->n_parameters;
    bool has_any = false;
    for (uint32_t i = 0; i < own->n_columns; i++) {
        if (isnan(own->columns[i].values[own->neuron]))
            continue;
        has_any = true;
        if (chx__type_find(type, own->columns[i].name) == n_parameters)
            return chx__model_fail(fault, own->columns[i].name,
                                   "is no parameter of this neuron's model; leave it empty");
    }
    chx__prepared prepared;
    return !has_any || chx__values_prepare(own, type, time_step_ms, false, &prepared, fault);
}

bool
chx__values_check_initial(const chx__own_values *own, const chx_neuron_type *type,
                          chx__fault *fault)
{
    const chx__model *model = chx__type_kernel(type, chx__type_is_pair(type));
    for (uint32_t i = 0; i < own->n_columns; i++) {
        const double value = own->columns[i].values[own->neuron];
        bool is_known = false;
        if (isnan(value))
            continue;
        for (uint32_t s = 0; s < model->n_states; s++)
            is_known = is_known || strcmp(model->states[s], own->columns[i].name) == 0;
        if (!is_known)
            return chx__model_fail(fault, own->columns[i].name,
                                   "is no state of this neuron's model; leave it empty");
        if (!(fabs(value) <= CHX__MAX_MAGNITUDE))
            return chx__model_fail(fault, own->columns[i].name,
                                   "must be a number between -1e12 and 1e12");
    }
    return true;
}

double *
chx__values_column(chx_network *network, bool is_initial, const char *name, size_t length)
{
    chx_network_info *info = &network->info;
    chx_neuron_values **columns = is_initial ? &network->initial : &network->parameters;
    uint32_t *n = is_initial ? &info->n_initial : &info->n_parameters;
    for (uint32_t i = 0; i < *n; i++)
        if (strlen((*columns)[i].name) == length && memcmp((*columns)[i].name, name, length) == 0)
            return (double *)(*columns)[i].values;
    double *values = chx__network_keep(network, info->n_neurons * sizeof *values);
    name = chx__network_keep_text(network, name, length);
    if (!values || !name ||
        !chx__grow(columns, is_initial ? &network->initial_capacity : &network->parameters_capacity,
                   (size_t)*n + 1, sizeof **columns))
        return NULL;
    for (uint32_t i = 0; i < info->n_neurons; i++)
        values[i] = NAN;
    (*columns)[(*n)++] = (chx_neuron_values){name, values};
    return values;
}

/* One distribution of one type, ready for drawing. */
typedef struct drawn {
    uint32_t parameter; /* its place in the model */
    chx__quantiles quantiles;
    double *values;
} drawn;

static chx_status
prepare(chx_network *network, uint32_t type, const chx_drawn_parameter *from, drawn *to)
{
    const chx_neuron_type *own = &network->types[type];
    const char *wrong = chx__quantiles_prepare(&from->value, &to->quantiles);
    if (wrong)
        return chx__fail(CHX_ERROR_FORMAT, "type %s: %s %s", own->name ? own->name : "",
                         from->parameter, wrong);
    to->parameter = chx__type_find(own, from->parameter);
    to->values = chx__values_column(network, false, from->parameter, strlen(from->parameter));
    return to->values ? CHX_OK : chx__fail_memory("drawing parameters");
}

static void
draw(chx_network *network, uint32_t type, const drawn *from)
{
    for (uint32_t n = 0; n < network->info.n_neurons; n++)
        if (network->neurons[n].type == type && isnan(from->values[n]))
            from->values[n] = chx__quantiles_at(
                &from->quantiles, chx__random_parameter(network->info.seed, from->parameter, n));
}

static chx_status
check(const chx_network *network)
{
    const chx_network_info *info = &network->info;
    chx__own_values own = {network->parameters, info->n_parameters, 0};
    for (; own.neuron < info->n_neurons; own.neuron++) {
        const chx_neuron *neuron = &network->neurons[own.neuron];
        chx__fault fault;
        if (!chx__values_check(&own, &network->types[neuron->type], info->time_step_ms, &fault))
            return chx__fail(CHX_ERROR_FORMAT,
                             "neuron %s: %s %s, and %g was drawn; give what is drawn min and max",
                             neuron->name, fault.member, fault.sentence,
                             chx__values_find(&own, fault.member));
    }
    return CHX_OK;
}

chx_status
chx__values_draw(chx_network *network)
{
    chx_status status = CHX_OK;
    bool has_drawn = false;
    for (uint32_t t = 0; t < network->info.n_types && !status; t++) {
        chx_neuron_type *type = &network->types[t];
        for (uint32_t i = 0; i < type->n_drawn && !status; i++) {
            drawn one;
            status = prepare(network, t, &type->drawn[i], &one);
            if (!status)
                draw(network, t, &one);
            has_drawn = true;
        }
        type->drawn = NULL;
        type->n_drawn = 0;
    }
    return status || !has_drawn ? status : check(network);
}

double
chx_network_parameter(const chx_network *network, uint32_t neuron, const char *name)
{
    if (!network || !name || neuron >= network->info.n_neurons)
        return NAN;
    const chx_network_info *info = &network->info;
    const chx_neuron_type *type = &info->types[info->neurons[neuron].type];
    const chx__own_values own = {info->parameters, info->n_parameters, neuron};
    const uint32_t index = chx__type_find(type, name);
    if (index == chx__type_model(type)->n_parameters)
        return NAN;
    const double value = chx__values_find(&own, name);
    return isnan(value) ? chx__type_get(type, index) : value;
}
