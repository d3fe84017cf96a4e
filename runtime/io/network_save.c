/*
 * Saving a network: any one that was loaded or made becomes a folder that loads to the same.
 *
 * The files are written to a draft of the folder (draft.h), so nothing is ever overwritten, and
 * what fails leaves nothing behind. Numbers have as many digits as bring their bits back.
 */
#include <chronaxie/network.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "base/alloc.h"
#include "base/draft.h"
#include "base/error.h"
#include "base/file.h"
#include "base/numerals.h"
#include "io/csv.h"
#include "io/file_name.h"
#include "io/latin1.h"
#include "io/synapses.h"
#include "network/own_model.h"
#include "network/type.h"
#include "network/values.h"

typedef void (*write_fn)(FILE *stream, const chx_network_info *info, uint32_t index);

static chx_status
fail_memory(void)
{
    return chx__fail_memory("saving a network");
}

/* The first type with the same model of the user's. */
static uint32_t
first_of_model(const chx_network_info *info, uint32_t index)
{
    uint32_t first = 0;
    while (info->types[first].own != info->types[index].own)
        first++;
    return first;
}

/* Whether models of the user's in two folders have one name. */
static bool
is_namesake(const chx_network_info *info, uint32_t index)
{
    const chx_model *own = info->types[index].own;
    for (uint32_t i = 0; i < info->n_types; i++)
        if (info->types[i].own && info->types[i].own != own &&
            strcmp(info->types[i].own->file, own->file) == 0)
            return true;
    return false;
}

/* The name of the file that a type's model is written to; NULL without memory. */
static char *
model_file(const chx_network_info *info, uint32_t index)
{
    const char *file = info->types[index].own->file;
    return is_namesake(info, index) ? chx__format("%u-%s", first_of_model(info, index), file)
                                    : chx__strdup(file);
}

static json_t *
model_json(const chx_network_info *info, uint32_t index)
{
    if (!info->types[index].own)
        return json_string(chx__type_model(&info->types[index])->name);
    char *file = model_file(info, index);
    json_t *name = json_string(file);
    free(file);
    return name;
}

static json_t *
distribution_json(const chx_distribution *of)
{
    static const char *const kinds[] = {
        [CHX_DISTRIBUTION_NORMAL] = "normal",
        [CHX_DISTRIBUTION_LOGNORMAL] = "lognormal",
        [CHX_DISTRIBUTION_UNIFORM] = "uniform",
    };
    if (of->kind == CHX_DISTRIBUTION_CONSTANT)
        return json_real(of->mean);
    const bool is_uniform = of->kind == CHX_DISTRIBUTION_UNIFORM;
    json_t *shape = json_object();
    if (!is_uniform) {
        json_object_set_new(shape, "mean", json_real(of->mean));
        json_object_set_new(shape, "sd", json_real(of->sd));
    }
    if ((of->min != 0 || of->max != 0) && isfinite(of->min))
        json_object_set_new(shape, "min", json_real(of->min));
    if ((of->min != 0 || of->max != 0) && isfinite(of->max))
        json_object_set_new(shape, "max", json_real(of->max));
    if (!is_uniform && of->is_clipped)
        json_object_set_new(shape, "outside", json_string("clip"));
    return json_pack("{s:o}", kinds[of->kind], shape);
}

static json_t *
initial_json(const chx_neuron_type *type)
{
    json_t *object = json_object();
    for (uint32_t i = 0; i < type->n_initial; i++)
        json_object_set_new(object, type->initial[i].state,
                            distribution_json(&type->initial[i].value));
    return object;
}

/* NULL where memory leaves no name of the model, without which the file would be of another. */
static json_t *
params_json(const chx_network_info *info, uint32_t index)
{
    const chx_neuron_type *type = &info->types[index];
    const chx__model *model = chx__type_model(type);
    json_t *object = json_object();
    if ((type->model || info->types[0].model) &&
        json_object_set_new(object, "model", model_json(info, index))) {
        json_decref(object);
        return NULL;
    }
    for (uint32_t i = 0; i < model->n_parameters; i++)
        json_object_set_new(object, model->parameters[i].name, json_real(chx__type_get(type, i)));
    if (type->n_initial > 0)
        json_object_set_new(object, "initial", initial_json(type));
    return object;
}

/* Which types neurons have; the reader takes the others for slips. NULL without memory. */
static bool *
find_used(const chx_network_info *info)
{
    bool *is_used = chx__alloc(info->n_types, sizeof *is_used);
    for (uint32_t i = 0; is_used && i < info->n_neurons; i++)
        is_used[info->neurons[i].type] = true;
    return is_used;
}

/* NULL without memory. */
static json_t *
types_json(const chx_network_info *info, const bool *is_used)
{
    json_t *types = json_object();
    for (uint32_t i = 0; i < info->n_types; i++)
        if (is_used[i] && json_object_set_new(types, info->types[i].name, params_json(info, i))) {
            json_decref(types);
            return NULL;
        }
    return types;
}

/* The spikes stand in a table of their own (write_spikes). */
static json_t *
train_json(const chx_stimulus *stimulus, uint32_t index, chx__unit unit)
{
    return json_pack("{s:s, s:o, s:f}", "kind", "spike_train", "times_ms",
                     json_sprintf("spikes-%u.csv", index), chx__weight_name(unit),
                     stimulus->current_pa);
}

static json_t *
stimulus_json(const chx_network_info *info, uint32_t index)
{
    const chx_stimulus *stimulus = &info->stimuli[index];
    const bool is_step = stimulus->kind == CHX_STIMULUS_STEP;
    const chx__unit unit = is_step ? CHX__UNIT_PA
                                   : chx__weights_unit(info->types, info->neurons,
                                                       stimulus->neurons, stimulus->n_neurons);
    if (stimulus->kind == CHX_STIMULUS_SPIKE_TRAIN)
        return train_json(stimulus, index, unit);
    json_t *names = json_array();
    for (uint32_t i = 0; i < stimulus->n_neurons; i++)
        json_array_append_new(names, json_string(info->neurons[stimulus->neurons[i]].name));
    json_t *object = json_pack(
        "{s:s, s:o, s:f, s:f, s:f}", "kind", is_step ? "step" : "poisson", "neurons", names,
        "start_ms", stimulus->start_ms, "stop_ms", stimulus->stop_ms,
        unit == CHX__UNIT_PA ? "current_pa" : chx__weight_name(unit), stimulus->current_pa);
    if (!is_step)
        json_object_set_new(object, "rate_hz", json_real(stimulus->rate_hz));
    return object;
}

static json_t *
stimuli_json(const chx_network_info *info)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < info->n_stimuli; i++)
        if (info->stimuli[i].n_neurons > 0) {
            json_t *object = stimulus_json(info, i);
            if (info->stimuli[i].port)
                json_object_set_new(object, "port", json_string(info->stimuli[i].port));
            json_array_append_new(list, object);
        }
    return list;
}

/* The names of those types of a list that neurons have; NULL for all types. */
static json_t *
names_json(const chx_network_info *info, const bool *is_used, const uint32_t *types, uint32_t n)
{
    json_t *names = n > 0 ? json_array() : NULL;
    for (uint32_t i = 0; i < n; i++)
        if (is_used[types[i]])
            json_array_append_new(names, json_string(info->types[types[i]].name));
    return names;
}

/* Adds a rule about synapses, unless it is for types without neurons. */
static void
append_rule(json_t *list, json_t *rule)
{
    const json_t *from = json_object_get(rule, "from"), *to = json_object_get(rule, "to");
    if ((from && json_array_size(from) == 0) || (to && json_array_size(to) == 0))
        json_decref(rule);
    else
        json_array_append_new(list, rule);
}

static json_t *
plasticity_json(const chx_network_info *info, const bool *is_used, const chx_plasticity *plasticity)
{
    const bool is_stdp = plasticity->kind == CHX_PLASTICITY_STDP;
    json_t *object = json_pack("{s:s, s:o*, s:o*}", "kind", is_stdp ? "stdp" : "short_term", "from",
                               names_json(info, is_used, plasticity->from, plasticity->n_from),
                               "to", names_json(info, is_used, plasticity->to, plasticity->n_to));
    json_t *values =
        is_stdp
            ? json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:s}", "potentiation",
                        plasticity->potentiation, "depression", plasticity->depression,
                        "potentiation_ms", plasticity->potentiation_ms, "depression_ms",
                        plasticity->depression_ms, "potentiation_exponent",
                        plasticity->potentiation_exponent, "depression_exponent",
                        plasticity->depression_exponent, "weight_max", plasticity->weight_max,
                        "pairing", plasticity->is_nearest ? "nearest" : "all")
            : json_pack("{s:f, s:f, s:f}", "utilization", plasticity->utilization, "recovery_ms",
                        plasticity->recovery_ms, "facilitation_ms", plasticity->facilitation_ms);
    json_object_update(object, values);
    json_decref(values);
    return object;
}

static json_t *
plasticities_json(const chx_network_info *info, const bool *is_used)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < info->n_plasticities; i++)
        append_rule(list, plasticity_json(info, is_used, &info->plasticities[i]));
    return list;
}

static json_t *
ports_json(const chx_network_info *info, const bool *is_used)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < info->n_ports; i++) {
        const chx_port_rule *rule = &info->ports[i];
        append_rule(list,
                    json_pack("{s:o*, s:o*, s:s}", "from",
                              names_json(info, is_used, rule->from, rule->n_from), "to",
                              names_json(info, is_used, rule->to, rule->n_to), "port", rule->port));
    }
    return list;
}

static json_t *
view_json(const chx_view *view)
{
    static const char *const planes[] = {"principal", "xy", "xz", "yz"};
    return json_pack("{s:s, s:b, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "plane", planes[view->plane],
                     "layout", view->is_layout, "azimuth_deg", view->azimuth_deg, "elevation_deg",
                     view->elevation_deg, "roll_deg", view->roll_deg, "zoom", view->zoom, "speed",
                     view->speed, "conduction_um_per_ms", view->conduction_um_per_ms, "decay_ms",
                     view->decay_ms);
}

/* NULL without memory. */
static json_t *
description_json(const chx_network_info *info, const bool *is_used)
{
    json_t *root = json_pack("{s:s, s:i, s:s}", "format", "chronaxie-network", "version", 1, "name",
                             info->name && *info->name ? info->name : "network");
    if (info->description && *info->description)
        json_object_set_new(root, "description", json_string(info->description));
    json_object_set_new(root, "time_step_ms", json_real(info->time_step_ms));
    json_object_set_new(root, "duration_ms", json_real(info->duration_ms));
    json_object_set_new(root, "seed", json_integer((json_int_t)(info->seed & INT64_MAX)));
    if (json_object_set_new(root, "neuron", params_json(info, 0)) ||
        json_object_set_new(root, "types", types_json(info, is_used))) {
        json_decref(root);
        return NULL;
    }
    if (info->n_plasticities > 0)
        json_object_set_new(root, "plasticities", plasticities_json(info, is_used));
    if (info->n_ports > 0)
        json_object_set_new(root, "ports", ports_json(info, is_used));
    json_object_set_new(root, "stimuli", stimuli_json(info));
    json_object_set_new(root, "view", view_json(&info->view));
    return root;
}

/* NULL without memory. 17 digits hold every number, but write 0.1 as 0.10000000000000001. */
static char *
description_text(const chx_network_info *info)
{
    bool *is_used = find_used(info);
    json_t *root = is_used ? description_json(info, is_used) : NULL;
    free(is_used);
    char *text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    json_t *again = text ? json_loads(text, 0, NULL) : NULL;
    if (text && !json_equal(root, again)) {
        free(text);
        text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    }
    json_decref(again);
    json_decref(root);
    return text;
}

static bool
is_utf8(const char *text)
{
    return !text || chx__utf8_length(text, strlen(text)) == strlen(text);
}

static chx_status
write_description(const char *folder, const chx_network_info *info)
{
    if (!is_utf8(info->name) || !is_utf8(info->description))
        return chx__fail(CHX_ERROR_INVALID, "the network's %s is not UTF-8, as what is saved is",
                         is_utf8(info->name) ? "description" : "name");
    chx__output output;
    char *text = description_text(info);
    char *path = text ? chx__format("%s/network.json", folder) : NULL;
    chx_status status = path ? chx__output_begin(&output, path) : fail_memory();
    if (!status) {
        fputs(text, output.stream);
        fputc('\n', output.stream);
        status = chx__output_commit(&output);
    }
    free(path);
    free(text);
    return status;
}

static void
write_neurons(FILE *stream, const chx_network_info *info, uint32_t index)
{
    (void)index;
    fputs("name,type,x_um,y_um,z_um,diameter_um\n", stream);
    for (uint32_t i = 0; i < info->n_neurons; i++) {
        const chx_neuron *neuron = &info->neurons[i];
        chx__csv_write_text(stream, neuron->name);
        fputc(',', stream);
        chx__csv_write_text(stream, info->types[neuron->type].name);
        for (int axis = 0; axis < 3; axis++)
            fprintf(stream, ",%.9g", (double)neuron->position_um[axis]);
        fprintf(stream, ",%.9g\n", (double)neuron->diameter_um);
    }
}

static void
write_synapses(FILE *stream, const chx_network_info *info, uint32_t index)
{
    (void)index;
    chx__synapses_write(stream, info, NULL);
}

static void
write_gaps(FILE *stream, const chx_network_info *info, uint32_t index)
{
    (void)index;
    fputs("neuron,other,conductance_ns\n", stream);
    for (uint64_t i = 0; i < info->n_gaps; i++) {
        const chx_gap *gap = &info->gaps[i];
        chx__csv_write_text(stream, info->neurons[gap->neuron].name);
        fputc(',', stream);
        chx__csv_write_text(stream, info->neurons[gap->other].name);
        fprintf(stream, ",%.9g\n", (double)gap->conductance_ns);
    }
}

static void
write_graded(FILE *stream, const chx_network_info *info, uint32_t index)
{
    (void)index;
    fputs("pre,post,conductance_ns,reversal_mv\n", stream);
    for (uint64_t i = 0; i < info->n_graded; i++) {
        const chx_graded_synapse *graded = &info->graded[i];
        chx__csv_write_text(stream, info->neurons[graded->pre].name);
        fputc(',', stream);
        chx__csv_write_text(stream, info->neurons[graded->post].name);
        fprintf(stream, ",%.9g,%.9g\n", (double)graded->conductance_ns,
                (double)graded->reversal_mv);
    }
}

/* Columns of neurons, in rows of those that have values in them. */
static void
write_values(FILE *stream, const chx_network_info *info, const chx_neuron_values *columns,
             uint32_t n_columns)
{
    fputs("neuron", stream);
    for (uint32_t i = 0; i < n_columns; i++) {
        fputc(',', stream);
        chx__csv_write_text(stream, columns[i].name);
    }
    fputc('\n', stream);
    for (uint32_t n = 0; n < info->n_neurons; n++) {
        const chx__own_values own = {columns, n_columns, n};
        if (!chx__values_any(&own))
            continue;
        chx__csv_write_text(stream, info->neurons[n].name);
        for (uint32_t i = 0; i < n_columns; i++) {
            fputc(',', stream);
            if (!isnan(columns[i].values[n]))
                fprintf(stream, "%.17g", columns[i].values[n]);
        }
        fputc('\n', stream);
    }
}

static void
write_parameters(FILE *stream, const chx_network_info *info, uint32_t index)
{
    (void)index;
    write_values(stream, info, info->parameters, info->n_parameters);
}

static void
write_initial(FILE *stream, const chx_network_info *info, uint32_t index)
{
    (void)index;
    write_values(stream, info, info->initial, info->n_initial);
}

/* A shape that neurons share becomes a file of each, where it stands. */
static void
write_morphology(FILE *stream, const chx_network_info *info, uint32_t index)
{
    const chx_neuron *neuron = &info->neurons[index];
    for (uint32_t i = 0; i < neuron->n_nodes; i++) {
        uint32_t at = neuron->first_node + i;
        const chx_node *node = &info->nodes[at];
        float place[3];
        chx_neuron_place(neuron, node->position_um, place);
        fprintf(stream, "%u %u %.9g %.9g %.9g %.9g ", i + 1, node->kind, (double)place[0],
                (double)place[1], (double)place[2], (double)node->radius_um);
        if (node->parent == at)
            fputs("-1\n", stream);
        else
            fprintf(stream, "%u\n", node->parent - neuron->first_node + 1);
    }
}

static chx_status
write_part(const char *folder, const char *name, const chx_network_info *info, uint32_t index,
           write_fn write)
{
    char *path =
        chx__format(index == UINT32_MAX ? "%s/%s" : "%s/morphologies/%s.swc", folder, name);
    chx__output output;
    chx_status status = path ? chx__output_begin(&output, path) : fail_memory();
    free(path);
    if (status)
        return status;
    chx__numerals numerals = chx__numerals_begin();
    write(output.stream, info, index);
    chx__numerals_end(&numerals);
    return chx__output_commit(&output);
}

static chx_status
write_morphologies(const char *folder, const chx_network_info *info)
{
    char *path = chx__format("%s/morphologies", folder);
    chx_status status = path ? CHX_OK : fail_memory();
    if (!status && info->n_nodes > 0 && mkdir(path, 0777) != 0)
        status = chx__fail(CHX_ERROR_FILE, "%s: cannot create: %s", path, strerror(errno));
    free(path);
    for (uint32_t i = 0; i < info->n_neurons && !status; i++) {
        if (info->neurons[i].n_nodes == 0)
            continue;
        char *file = chx__file_name_of(info->neurons[i].name);
        status = file ? write_part(folder, file, info, i, write_morphology) : fail_memory();
        free(file);
    }
    return status;
}

/* Steps of at least 1e-6 ms, with the digits that chx_spikes_write_csv() gives them. */
static chx_status
write_spikes(const char *folder, const chx_network *network, uint32_t index)
{
    const chx_stimulus *stimulus = &chx_network_get(network)->stimuli[index];
    char *path = chx__format("%s/spikes-%u.csv", folder, index);
    chx_status status =
        path ? chx_spikes_write_csv(network, stimulus->spikes, stimulus->n_spikes, path)
             : fail_memory();
    free(path);
    return status;
}

static chx_status
write_model(const char *folder, const chx_network_info *info, uint32_t index)
{
    const chx_model *own = info->types[index].own;
    char *file = model_file(info, index);
    char *path = file ? chx__format("%s/%s", folder, file) : NULL;
    chx_status status = path ? chx__file_write(path, own->text, own->size) : fail_memory();
    free(file);
    free(path);
    return status;
}

static chx_status
write_all(const char *folder, const chx_network *network)
{
    const chx_network_info *info = chx_network_get(network);
    chx_status status = write_description(folder, info);
    if (!status)
        status = write_part(folder, "neurons.csv", info, UINT32_MAX, write_neurons);
    if (!status)
        status = write_part(folder, "synapses.csv", info, UINT32_MAX, write_synapses);
    if (!status && info->n_gaps > 0)
        status = write_part(folder, "gaps.csv", info, UINT32_MAX, write_gaps);
    if (!status && info->n_graded > 0)
        status = write_part(folder, "graded.csv", info, UINT32_MAX, write_graded);
    if (!status && info->n_parameters > 0)
        status = write_part(folder, "parameters.csv", info, UINT32_MAX, write_parameters);
    if (!status && info->n_initial > 0)
        status = write_part(folder, "initial.csv", info, UINT32_MAX, write_initial);
    for (uint32_t i = 0; i < info->n_stimuli && !status; i++)
        if (info->stimuli[i].kind == CHX_STIMULUS_SPIKE_TRAIN && info->stimuli[i].n_spikes > 0)
            status = write_spikes(folder, network, i);
    for (uint32_t i = 0; i < info->n_types && !status; i++)
        if (info->types[i].own && first_of_model(info, i) == i)
            status = write_model(folder, info, i);
    return status ? status : write_morphologies(folder, info);
}

chx_status
chx_network_save(const chx_network *network, const char *folder)
{
    CHX__REQUIRE(network && folder && *folder);
    size_t length = strlen(folder);
    while (length > 1 && folder[length - 1] == '/')
        length--;
    char *target = chx__format("%.*s", (int)length, folder);
    chx__draft draft;
    chx_status status = target ? chx__draft_begin(&draft, target) : fail_memory();
    free(target);
    if (status)
        return status;
    status = write_all(draft.folder, network);
    if (!status)
        return chx__draft_commit(&draft);
    chx__draft_discard(&draft);
    return status;
}
