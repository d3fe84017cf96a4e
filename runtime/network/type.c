/* A caller's type becomes one with all parameters of its model, in the model's order, in memory of
 * the network. They are checked one by one against the bounds in the model's table; how they must
 * fit together only the model knows. */
#include "network/type.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "network/initial.h"
#include "network/own_model.h"

const chx__model *
chx__type_model(const chx_neuron_type *type)
{
    return type->own ? &type->own->table : chx__model_find(type->model);
}

chx_status
chx__type_begin(chx_neuron_type *type, const chx__model *model, chx_network *network)
{
    *type = (chx_neuron_type){.name = type->name};
    if (model->own && !chx__network_hold(network, model->own))
        return chx__fail_memory("keeping a model");
    if (model != &chx__model_lif) {
        chx_parameter *own = chx__network_keep(network, model->n_parameters * sizeof *own);
        if (!own)
            return chx__fail_memory("keeping parameters");
        for (uint32_t i = 0; i < model->n_parameters; i++)
            own[i] = (chx_parameter){.name = model->parameters[i].name};
        type->model = model->name;
        type->own = model->own;
        type->parameters = own;
        type->n_parameters = model->n_parameters;
    }
    for (uint32_t i = 0; i < model->n_parameters; i++)
        chx__type_set(type, i, model->parameters[i].preset);
    return CHX_OK;
}

/* chx_lif_params is one double after the other, in the order of the model's table. */
double
chx__type_get(const chx_neuron_type *type, uint32_t index)
{
    return type->model ? type->parameters[index].value : ((const double *)&type->params)[index];
}

void
chx__type_set(chx_neuron_type *type, uint32_t index, double value)
{
    if (type->model)
        ((chx_parameter *)type->parameters)[index].value = value;
    else
        ((double *)&type->params)[index] = value;
}

uint32_t
chx__type_find(const chx_neuron_type *type, const char *name)
{
    const chx__model *model = chx__type_model(type);
    uint32_t i = 0;
    while (i < model->n_parameters && strcmp(model->parameters[i].name, name) != 0)
        i++;
    return i;
}

static chx__unit
unit_of(const chx_neuron_type *types, const chx_neuron *neuron)
{
    return chx__type_model(&types[neuron->type])->unit;
}

chx__unit
chx__weights_unit(const chx_neuron_type *types, const chx_neuron *neurons, const uint32_t *who,
                  uint32_t n)
{
    chx__unit unit = n > 0 ? unit_of(types, &neurons[who ? who[0] : 0]) : CHX__UNIT_PA;
    for (uint32_t i = 1; i < n && unit != CHX__UNIT_PA; i++)
        if (unit_of(types, &neurons[who ? who[i] : i]) != unit)
            unit = CHX__UNIT_PA;
    return unit;
}

static const chx_parameter *
find_parameter(const chx_neuron_type *type, const char *name)
{
    for (uint32_t i = 0; i < type->n_parameters; i++)
        if (type->parameters[i].name && strcmp(type->parameters[i].name, name) == 0)
            return &type->parameters[i];
    return NULL;
}

static bool
check_names(const chx_neuron_type *type, const chx__model *model, chx__fault *fault)
{
    for (uint32_t i = 0; i < type->n_parameters; i++) {
        const char *name = type->parameters[i].name;
        bool is_known = false;
        for (uint32_t m = 0; name && m < model->n_parameters; m++)
            is_known = is_known || strcmp(model->parameters[m].name, name) == 0;
        if (!is_known)
            return chx__model_fail(fault, name ? name : "parameters",
                                   name ? "is no parameter of the model; see docs/models.md"
                                        : "has one without a name");
    }
    for (uint32_t m = 0; m < model->n_parameters; m++)
        if (!model->parameters[m].is_optional && !find_parameter(type, model->parameters[m].name))
            return chx__model_fail(fault, model->parameters[m].name,
                                   "is missing; the model needs it");
    return true;
}

/* Copies a caller's distributions of states; their names need not be right yet. */
static chx_status
keep_initial(chx_neuron_type *type, const chx_initial *from, uint32_t n, chx_network *network)
{
    chx_initial *kept = chx__network_keep(network, n * sizeof *kept);
    chx_status status = kept ? CHX_OK : chx__fail_memory("keeping the state of neurons");
    for (uint32_t i = 0; i < n && !status; i++) {
        const char *state = from[i].state ? from[i].state : "";
        kept[i] = from[i];
        kept[i].state = chx__network_keep_text(network, state, strlen(state));
        if (!kept[i].state)
            status = chx__fail_memory("keeping the state of neurons");
    }
    type->initial = kept;
    type->n_initial = status ? 0 : n;
    return status;
}

/* Copies a caller's distributions of parameters that the type's model has. */
static chx_status
keep_drawn(chx_neuron_type *type, const chx_drawn_parameter *from, uint32_t n, chx_network *network,
           chx__fault *fault)
{
    const chx__model *model = chx__type_model(type);
    chx_drawn_parameter *kept = chx__network_keep(network, n * sizeof *kept);
    if (!kept)
        return chx__fail_memory("keeping parameters");
    for (uint32_t i = 0; i < n; i++) {
        const char *name = from[i].parameter ? from[i].parameter : "";
        const uint32_t index = chx__type_find(type, name);
        if (index == model->n_parameters) {
            chx__model_fail(fault, "drawn",
                            "names what is no parameter of the model; docs/models.md lists them");
            return CHX_ERROR_FORMAT;
        }
        kept[i] = (chx_drawn_parameter){model->parameters[index].name, from[i].value};
    }
    type->drawn = kept;
    type->n_drawn = n;
    return CHX_OK;
}

chx_status
chx__type_complete(chx_neuron_type *type, chx_network *network, chx__fault *fault)
{
    if (!type->model && !type->own) {
        type->parameters = NULL;
        type->n_parameters = 0;
        chx_status kept = keep_initial(type, type->initial, type->n_initial, network);
        return kept ? kept : keep_drawn(type, type->drawn, type->n_drawn, network, fault);
    }
    const chx_neuron_type from = *type;
    const chx__model *model = chx__type_model(&from);
    if (!model) {
        chx__model_fail(fault, "model",
                        "is unknown; NULL or one of " CHX__MODEL_NAMES " may stand here");
        return CHX_ERROR_FORMAT;
    }
    if (!check_names(&from, model, fault))
        return CHX_ERROR_FORMAT;
    chx_status status = chx__type_begin(type, model, network);
    for (uint32_t i = 0; i < model->n_parameters && !status; i++) {
        const chx_parameter *parameter = find_parameter(&from, model->parameters[i].name);
        if (parameter)
            chx__type_set(type, i, parameter->value);
    }
    if (!status)
        status = keep_initial(type, from.initial, from.n_initial, network);
    return status ? status : keep_drawn(type, from.drawn, from.n_drawn, network, fault);
}

/* NULL, or what is wrong with the value. */
static const char *
range_fault(chx__range range, double value)
{
    switch (range) {
    case CHX__RANGE_POSITIVE:
        return isfinite(value) && value > 0 ? NULL : "must be a number above 0";
    case CHX__RANGE_NOT_NEGATIVE:
        return isfinite(value) && value >= 0 ? NULL : "must be a number of at least 0";
    case CHX__RANGE_ANY:
        return fabs(value) <= CHX__MAX_MAGNITUDE ? NULL : "must be a number between -1e12 and 1e12";
    case CHX__RANGE_CURRENT:
        return chx__current_check(value) ? NULL : CHX__CURRENT_SENTENCE;
    }
    return NULL;
}

/* chx_lif_params is what lif's table describes. */
static bool
is_pair_of(const chx__model *model, const double *values)
{
    const chx_lif_params *params = (const void *)values;
    return model == &chx__model_lif && params->tau_inhibition_ms != 0;
}

bool
chx__type_is_pair(const chx_neuron_type *type)
{
    return is_pair_of(chx__type_model(type), (const double *)&type->params);
}

const chx__model *
chx__type_kernel(const chx_neuron_type *type, bool is_pair)
{
    const chx__model *model = chx__type_model(type);
    return is_pair && model == &chx__model_lif ? &chx__model_lif_pair : model;
}

bool
chx__type_prepare_values(const chx_neuron_type *type, const double *values, double time_step_ms,
                         bool is_pair, chx__prepared *to, chx__fault *fault)
{
    const chx__model *described = chx__type_model(type);
    const chx__model *model = chx__type_kernel(type, is_pair || is_pair_of(described, values));
    for (uint32_t i = 0; i < described->n_parameters; i++) {
        const char *sentence = range_fault(described->parameters[i].range, values[i]);
        if (sentence)
            return chx__model_fail(fault, described->parameters[i].name, sentence);
    }
    const bool fits = model->own ? chx__own_prepare(model->own, values, time_step_ms, to, fault)
                                 : model->prepare(values, time_step_ms, to, fault);
    return fits && chx__initial_prepare(type, model, to, fault);
}

bool
chx__type_prepare(const chx_neuron_type *type, double time_step_ms, bool is_pair, chx__prepared *to,
                  chx__fault *fault)
{
    double values[CHX__MODEL_MAX_PARAMETERS];
    for (uint32_t i = 0; i < chx__type_model(type)->n_parameters; i++)
        values[i] = chx__type_get(type, i);
    return chx__type_prepare_values(type, values, time_step_ms, is_pair, to, fault);
}
