/* Parameters of a type are those of "neuron" but for what it states itself, so it is read on top of
 * a copy. Checks name a member; where the file has it the complaint is of its line, else of the
 * object's. The first types of the network are those of "types", in their order, which
 * check_types() relies on. */
#include "io/folder.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "io/recording.h"
#include "network/own_model.h"
#include "network/port.h"
#include "network/spike_train.h"
#include "network/type.h"

#define FORMAT_NAME "chronaxie-network"
#define FORMAT_VERSION 1
#define MAX_ARRAY 100000000

/* A number that an object may hold, and where it goes. */
typedef struct member_number {
    const char *key;
    double *value;
    bool required;
} member_number;

static chx_status
read_numbers(const chx__json_at *object, const member_number *numbers, size_t n)
{
    chx_status status = CHX_OK;
    for (size_t i = 0; i < n && !status; i++) {
        chx__json_at member;
        status = numbers[i].required ? chx__json_member(object, numbers[i].key, &member)
                                     : chx__json_optional(object, numbers[i].key, &member);
        if (!status && member.value)
            status = chx__json_number(&member, -DBL_MAX, DBL_MAX, numbers[i].value);
    }
    return status;
}

/* A model in a file of its own, which is read once however many types have it. */
static chx_status
read_own_model(chx__folder *folder, const char *name, const chx__model **model)
{
    chx_network *network = folder->network;
    char *path = *name == '/' ? chx__strdup(name) : chx__format("%s/%s", folder->path, name);
    chx_model *own = NULL;
    chx_status status = path ? CHX_OK : chx__fail_memory("loading a network");
    for (size_t i = 0; !status && !own && i < network->n_models; i++)
        if (strcmp(network->models[i]->path, path) == 0)
            own = chx__own_hold(network->models[i]);
    if (!status && !own)
        status = chx__folder_check_file(path);
    if (!status && !own)
        status = chx_model_from_file(path, &own);
    if (!status && !chx__network_hold(network, own))
        status = chx__fail_memory("loading a network");
    if (!status)
        *model = &own->table;
    chx_model_destroy(&own);
    free(path);
    return status;
}

static bool
is_own(const char *name)
{
    const size_t length = strlen(name);
    return length > 3 && strcmp(name + length - 3, ".cl") == 0;
}

/* The model that the object names, else that of *type. */
static chx_status
read_model(chx__folder *folder, const chx__json_at *object, const chx_neuron_type *type,
           const chx__model **model)
{
    chx__json_at member;
    const char *name = NULL;
    chx_status status = CHX_OK;
    member.value = NULL;
    if (json_is_object(object->value))
        status = chx__json_optional(object, "model", &member);
    if (!status && member.value)
        status = chx__json_text(&member, &name);
    if (status)
        return status;
    if (name && is_own(name))
        return read_own_model(folder, name, model);
    *model = name ? chx__model_find(name) : chx__type_model(type);
    return *model ? CHX_OK
                  : chx__json_fail(&member, "is '%.64s'; the models are %s, and files NAME.cl",
                                   name, CHX__MODEL_NAMES);
}

/* What states begin as, in place of what it was before, where the object says so. */
static chx_status
read_initial(chx__folder *folder, const chx__json_at *object, chx_neuron_type *type)
{
    const chx__model *kernel = chx__type_kernel(type, chx__type_is_pair(type));
    const char *keys[CHX__MODEL_MAX_STATES + 1] = {NULL};
    chx__json_at initial, member;
    chx_status status = chx__json_optional(object, "initial", &initial);
    if (status || !initial.value)
        return status;
    for (uint32_t i = 0; i < kernel->n_states; i++)
        keys[i] = kernel->states[i];
    status = chx__json_object(&initial, keys);
    chx_initial *kept =
        status ? NULL : chx__network_keep(folder->network, kernel->n_states * sizeof *kept);
    if (!status && !kept)
        status = chx__fail_memory("loading a network");
    type->initial = kept;
    type->n_initial = 0;
    for (uint32_t i = 0; i < kernel->n_states && !status; i++) {
        status = chx__json_optional(&initial, keys[i], &member);
        if (status || !member.value)
            continue;
        chx_initial *one = &kept[type->n_initial++];
        *one = (chx_initial){.state = keys[i]};
        status = chx__folder_read_distribution(&initial, keys[i], &one->value);
    }
    return status;
}

/* The number that a parameter is for its type: what is drawn has its mean, or the middle. */
static double
typical(const chx_distribution *of)
{
    return of->kind == CHX_DISTRIBUTION_UNIFORM ? of->min + (of->max - of->min) / 2 : of->mean;
}

static const chx_drawn_parameter *
find_drawn(const chx_neuron_type *type, const char *name)
{
    for (uint32_t i = 0; i < type->n_drawn; i++)
        if (strcmp(type->drawn[i].parameter, name) == 0)
            return &type->drawn[i];
    return NULL;
}

/* A parameter: what the object says, a number or how it is drawn for each neuron; else a preset, or
 * what it is in *from, if there is one. */
static chx_status
read_parameter(const chx__json_at *object, const chx__parameter *parameter, uint32_t index,
               const chx_neuron_type *from, chx_neuron_type *type)
{
    chx_drawn_parameter *kept = (chx_drawn_parameter *)type->drawn;
    chx_distribution value = {.mean = from ? chx__type_get(from, index) : parameter->preset};
    const chx_drawn_parameter *before = from ? find_drawn(from, parameter->name) : NULL;
    chx__json_at member;
    chx_status status = !from && !parameter->is_optional
                            ? chx__json_member(object, parameter->name, &member)
                            : chx__json_optional(object, parameter->name, &member);
    if (!status && member.value)
        status = chx__folder_read_distribution(object, parameter->name, &value);
    else if (!status && before)
        value = before->value;
    if (status)
        return status;
    if (value.kind != CHX_DISTRIBUTION_CONSTANT)
        kept[type->n_drawn++] = (chx_drawn_parameter){parameter->name, value};
    chx__type_set(type, index, typical(&value));
    return CHX_OK;
}

/* Reads into *type what the object holds of its model's parameters; `is_whole` asks for all that
 * are not optional, and so does another model than the type's. What is not whole is one of "types"
 * and may say how many neurons it has. */
static chx_status
read_params(chx__folder *folder, const chx__json_at *object, bool is_whole, chx_neuron_type *type)
{
    const bool may_count = !is_whole;
    const chx__model *model = NULL;
    const chx_neuron_type from = *type;
    chx_status status = read_model(folder, object, type, &model);
    if (status)
        return status;
    const char *keys[CHX__MODEL_MAX_PARAMETERS + 4] = {"model", "initial"};
    for (uint32_t i = 0; i < model->n_parameters; i++)
        keys[i + 2] = model->parameters[i].name;
    if (may_count)
        keys[model->n_parameters + 2] = "neurons";
    is_whole = is_whole || model != chx__type_model(type);
    status = chx__json_object(object, keys);
    if (!status)
        status = chx__type_begin(type, model, folder->network);
    type->drawn = chx__network_keep(folder->network, model->n_parameters * sizeof *type->drawn);
    if (!status && !type->drawn)
        status = chx__fail_memory("loading a network");
    for (uint32_t i = 0; i < model->n_parameters && !status; i++)
        status = read_parameter(object, &model->parameters[i], i, is_whole ? NULL : &from, type);
    type->initial = is_whole ? NULL : from.initial;
    type->n_initial = is_whole ? 0 : from.n_initial;
    if (!status)
        status = read_initial(folder, object, type);
    chx__prepared prepared;
    chx__fault fault;
    if (!status &&
        !chx__type_prepare(type, folder->network->info.time_step_ms, false, &prepared, &fault))
        status = chx__folder_fail_fault(object, &fault);
    return status;
}

static chx_status
read_neuron_params(chx__folder *folder, const chx__json_at *root)
{
    chx__json_at object;
    chx_status status = chx__json_member(root, "neuron", &object);
    return status ? status : read_params(folder, &object, true, &folder->neuron);
}

static chx_status
read_types(chx__folder *folder, const chx__json_at *root)
{
    chx__json_at object, type;
    chx_status status = chx__json_optional(root, "types", &object);
    if (status || !object.value)
        return status;
    if (!json_is_object(object.value))
        return chx__json_fail(&object, "must be an object with one member per type");
    const char *name;
    json_t *value;
    json_object_foreach(object.value, name, value)
    {
        chx__fault fault;
        uint32_t index;
        status = chx__json_optional(&object, name, &type);
        if (!status && !chx__type_name_check(name, strlen(name), &fault))
            status = chx__json_fail(&type, "the type's name %s", fault.sentence);
        if (!status)
            status = chx__folder_add_type(folder, name, strlen(name), &index);
        if (!status)
            status = read_params(folder, &type, false, &folder->network->types[index]);
        if (!status)
            status = chx__folder_read_count(folder, &type, index);
        if (status)
            return status;
    }
    return CHX_OK;
}

static chx_status
read_plane(const chx__json_at *view, chx_plane *plane)
{
    static const char *const names[] = {"principal", "xy", "xz", "yz"};
    chx__json_at member;
    const char *name;
    chx_status status = chx__json_optional(view, "plane", &member);
    if (status || !member.value)
        return status;
    status = chx__json_text(&member, &name);
    for (int i = 0; i < 4 && !status; i++)
        if (strcmp(name, names[i]) == 0) {
            *plane = (chx_plane)i;
            return CHX_OK;
        }
    return status ? status
                  : chx__json_fail(&member, "is '%.64s'; the planes are principal, xy, xz and yz",
                                   name);
}

static chx_status
read_view(chx__folder *folder, const chx__json_at *root)
{
    static const char *const keys[] = {"plane",    "layout", "azimuth_deg", "elevation_deg",
                                       "roll_deg", "zoom",   "speed",       "conduction_um_per_ms",
                                       "decay_ms", NULL};
    chx_view *view = &folder->network->info.view;
    const member_number numbers[] = {
        {"azimuth_deg", &view->azimuth_deg, false},
        {"elevation_deg", &view->elevation_deg, false},
        {"roll_deg", &view->roll_deg, false},
        {"zoom", &view->zoom, false},
        {"speed", &view->speed, false},
        {"conduction_um_per_ms", &view->conduction_um_per_ms, false},
        {"decay_ms", &view->decay_ms, false},
    };
    chx__json_at object;
    chx_status status = chx__json_optional(root, "view", &object);
    if (status || !object.value)
        return status;
    status = chx__json_object(&object, keys);
    if (!status)
        status = read_plane(&object, &view->plane);
    chx__json_at layout;
    if (!status)
        status = chx__json_optional(&object, "layout", &layout);
    folder->states_layout = !status && layout.value;
    if (!status && layout.value)
        status = chx__json_bool(&layout, &view->is_layout);
    if (!status)
        status = read_numbers(&object, numbers, sizeof numbers / sizeof *numbers);
    chx__fault fault;
    if (!status && !chx__view_check(view, &fault))
        status = chx__folder_fail_fault(&object, &fault);
    return status;
}

static chx_status
check_format(const chx__json_at *root)
{
    chx__json_at format, version;
    const char *name;
    long long number;
    chx_status status = chx__json_member(root, "format", &format);
    if (!status)
        status = chx__json_text(&format, &name);
    if (!status && strcmp(name, FORMAT_NAME) != 0)
        status = chx__json_fail(&format, "is '%.64s'; a network's is \"%s\"", name, FORMAT_NAME);
    if (!status)
        status = chx__json_member(root, "version", &version);
    if (!status)
        status = chx__json_integer(&version, 1, 1000000, &number);
    if (!status && number != FORMAT_VERSION)
        status =
            chx__json_fail(&version, "is %lld, and this program reads %d; take a newer program",
                           number, FORMAT_VERSION);
    return status;
}

static chx_status
read_text(chx__folder *folder, const chx__json_at *member, const char **kept)
{
    const char *text = "";
    chx_status status = member->value ? chx__json_text(member, &text) : CHX_OK;
    if (status)
        return status;
    *kept = chx__network_keep_text(folder->network, text, strlen(text));
    return *kept ? CHX_OK : chx__fail_memory("loading a network");
}

/* It is shown on one line, in pictures and by programs. */
static chx_status
check_line(const chx__json_at *member, const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 127)
            return chx__json_fail(member, "holds a control character; remove it");
    return CHX_OK;
}

static chx_status
read_texts(chx__folder *folder, const chx__json_at *root)
{
    chx_network_info *info = &folder->network->info;
    chx__json_at member;
    chx_status status = chx__json_member(root, "name", &member);
    if (!status)
        status = read_text(folder, &member, &info->name);
    if (!status)
        status = check_line(&member, info->name);
    if (!status)
        status = chx__json_optional(root, "description", &member);
    return status ? status : read_text(folder, &member, &info->description);
}

static chx_status
read_times(chx__folder *folder, const chx__json_at *root)
{
    chx_network_info *info = &folder->network->info;
    const member_number numbers[] = {
        {"time_step_ms", &info->time_step_ms, true},
        {"duration_ms", &info->duration_ms, true},
    };
    chx_status status = read_numbers(root, numbers, sizeof numbers / sizeof *numbers);
    chx__fault fault;
    if (!status && !chx__time_check(info->time_step_ms, info->duration_ms, &fault))
        status = chx__folder_fail_fault(root, &fault);
    chx__json_at member;
    long long seed = 1;
    if (!status)
        status = chx__json_optional(root, "seed", &member);
    if (!status && member.value)
        status = chx__json_integer(&member, 0, INT64_MAX, &seed);
    info->seed = (uint64_t)seed;
    return status;
}

chx_status
chx__folder_read_description(chx__folder *folder, const chx__json *json)
{
    static const char *const keys[] = {
        "format",       "version", "name",    "description", "time_step_ms",
        "duration_ms",  "seed",    "neuron",  "types",       "projections",
        "plasticities", "ports",   "stimuli", "view",        NULL};
    chx__json_at root = chx__json_root(json);
    chx_status status = chx__json_object(&root, keys);
    if (!status)
        status = check_format(&root);
    if (!status)
        status = read_texts(folder, &root);
    if (!status)
        status = read_times(folder, &root);
    if (!status)
        status = read_neuron_params(folder, &root);
    if (!status)
        status = read_types(folder, &root);
    return status ? status : read_view(folder, &root);
}

/* A type that no neuron has is most likely a misspelt one. */
static chx_status
check_types(const chx__folder *folder, const chx__json_at *root)
{
    const chx_network_info *info = &folder->network->info;
    chx__json_at object, type;
    chx_status status = chx__json_optional(root, "types", &object);
    if (status || !object.value)
        return status;
    bool *is_used = chx__alloc(info->n_types, sizeof *is_used);
    if (!is_used)
        return chx__fail_memory("loading a network");
    for (uint32_t i = 0; i < info->n_neurons; i++)
        is_used[folder->network->neurons[i].type] = true;
    for (uint32_t i = 0; i < json_object_size(object.value) && !status; i++) {
        if (is_used[i])
            continue;
        status = chx__json_optional(&object, folder->network->types[i].name, &type);
        if (!status)
            status = chx__json_fail(&type,
                                    "no row of neurons.csv has this type; correct or remove it, or "
                                    "say how many neurons it has");
    }
    free(is_used);
    return status;
}

/* Adds the neurons whose names the list holds, or whose types when of_types is set. */
static chx_status
add_targets(chx__folder *folder, const chx__json_at *list, bool of_types)
{
    const chx__names *names = of_types ? &folder->types : &folder->neurons;
    size_t n;
    chx_status status = chx__json_array(list, 1, MAX_ARRAY, &n);
    for (size_t i = 0; i < n && !status; i++) {
        chx__json_at element = chx__json_element(list, i);
        const char *name;
        status = chx__json_text(&element, &name);
        if (status)
            return status;
        uint32_t found = chx__names_find(names, name, strlen(name));
        if (found == CHX__NO_NAME)
            return chx__json_fail(&element, "no row of neurons.csv has the %s '%.64s'; correct it",
                                  of_types ? "type" : "name", name);
        if (of_types)
            chx__targets_add_type(&folder->targets, found);
        else
            chx__targets_add(&folder->targets, found);
    }
    return status;
}

static chx_status
read_targets(chx__folder *folder, const chx__json_at *object, chx_stimulus *stimulus)
{
    chx__json_at names, types;
    chx_status status = chx__json_optional(object, "neurons", &names);
    if (!status)
        status = chx__json_optional(object, "types", &types);
    if (status)
        return status;
    if (!names.value && !types.value)
        return chx__json_fail(object, "says neither neurons nor types; name what is stimulated");
    chx__targets_begin(&folder->targets);
    if (names.value)
        status = add_targets(folder, &names, false);
    if (!status && types.value)
        status = add_targets(folder, &types, true);
    return status ? status : chx__targets_keep(&folder->targets, folder->network, stimulus);
}

static chx_status
read_kind(const chx__json_at *object, chx_stimulus_kind *kind)
{
    chx__json_at member;
    const char *name;
    chx_status status = chx__json_member(object, "kind", &member);
    if (!status)
        status = chx__json_text(&member, &name);
    if (status)
        return status;
    if (strcmp(name, "step") == 0)
        *kind = CHX_STIMULUS_STEP;
    else if (strcmp(name, "poisson") == 0)
        *kind = CHX_STIMULUS_POISSON;
    else if (strcmp(name, "spike_train") == 0)
        *kind = CHX_STIMULUS_SPIKE_TRAIN;
    else
        return chx__json_fail(&member, "is '%.64s'; the kinds are step, poisson and spike_train",
                              name);
    return CHX_OK;
}

/* Spikes of a table, which says what reaches whom. */
static chx_status
read_train_file(chx__folder *folder, const char *name, chx_stimulus *stimulus)
{
    chx_network *network = folder->network;
    chx_network_info info = network->info;
    info.neurons = network->neurons;
    char *path = *name == '/' ? chx__strdup(name) : chx__format("%s/%s", folder->path, name);
    chx__spike_table table = {0};
    chx_status status = path ? chx__folder_check_file(path) : chx__fail_memory("loading a network");
    if (!status)
        status = chx__spike_table_read(path, &info, &table);
    if (!status && table.remark)
        status = chx__network_remark(network, path, 1, table.remark);
    if (!status)
        status = chx__spike_train_set(network, stimulus, table.spikes, table.n_spikes);
    chx__spike_table_finish(&table);
    free(path);
    return status;
}

/* Fills steps[n] from a list of times. */
static chx_status
read_times_list(const chx__json_at *list, double time_step_ms, uint32_t *steps, size_t n)
{
    chx_status status = CHX_OK;
    for (size_t i = 0; i < n && !status; i++) {
        chx__json_at element = chx__json_element(list, i);
        double time_ms;
        status = chx__json_number(&element, 0, CHX__MAX_SPIKE_STEP * time_step_ms, &time_ms);
        if (!status)
            steps[i] = (uint32_t)chx__spike_step(time_ms, time_step_ms);
    }
    return status;
}

/* The same times for each of the stimulus's neurons. */
static chx_status
read_train_list(chx__folder *folder, const chx__json_at *list, chx_stimulus *stimulus)
{
    size_t n_times;
    chx_status status = chx__json_array(list, 1, MAX_ARRAY, &n_times);
    if (status)
        return status;
    const size_t n_neurons = stimulus->n_neurons, n_spikes = n_times * n_neurons;
    if (n_spikes > CHX__NETWORK_MAX_ITEMS)
        return chx__json_fail(list, "makes %zu spikes for %zu neurons; make it several stimuli",
                              n_spikes, n_neurons);
    uint32_t *steps = chx__alloc(n_times, sizeof *steps);
    chx_spike *spikes = chx__alloc(n_spikes, sizeof *spikes);
    if (!steps || !spikes)
        status = chx__fail_memory("loading a network");
    if (!status)
        status = read_times_list(list, folder->network->info.time_step_ms, steps, n_times);
    for (size_t i = 0; i < n_spikes && !status; i++)
        spikes[i] = (chx_spike){steps[i / n_neurons], stimulus->neurons[i % n_neurons]};
    if (!status)
        status = chx__spike_train_set(folder->network, stimulus, spikes, n_spikes);
    free(steps);
    free(spikes);
    return status;
}

/* What one event or spike adds, now that it is known whom it reaches. `usual` is its key where that
 * is a current. Then all of the stimulus is checked. */
static chx_status
read_weight(chx__folder *folder, const chx__json_at *object, const char *usual,
            chx_stimulus *stimulus)
{
    const char *key = usual;
    chx__fault fault;
    chx_status status = CHX_OK;
    if (stimulus->kind != CHX_STIMULUS_STEP)
        status = chx__folder_weight_key(folder, object, usual, stimulus->neurons,
                                        stimulus->n_neurons, &key);
    if (!status)
        status = read_numbers(object, &(member_number){key, &stimulus->current_pa, true}, 1);
    if (status || chx__stimulus_check(stimulus, folder->network->info.time_step_ms, &fault))
        return status;
    const bool is_weight = strcmp(fault.member, usual) == 0;
    return chx__folder_fail_fault(object,
                                  &(chx__fault){is_weight ? key : fault.member, fault.sentence});
}

static chx_status
read_train(chx__folder *folder, const chx__json_at *object, chx_stimulus *stimulus)
{
    static const char *const keys[] = {"kind",      "neurons",   "types", "times_ms", "weight_pa",
                                       "weight_ns", "weight_mv", "port",  NULL};
    chx__json_at times;
    const char *name;
    chx_status status = chx__json_object(object, keys);
    if (!status)
        status = chx__json_member(object, "times_ms", &times);
    if (status)
        return status;
    if (json_is_string(times.value)) {
        if (json_object_size(object->value) > (json_object_get(object->value, "port") ? 4 : 3))
            return chx__json_fail(object, "the file of times_ms says which neurons; remove neurons "
                                          "and types, or give the times as a list");
        status = chx__json_text(&times, &name);
        if (!status)
            status = read_train_file(folder, name, stimulus);
        return status ? status : read_weight(folder, object, "weight_pa", stimulus);
    }
    status = read_targets(folder, object, stimulus);
    if (!status)
        status = read_weight(folder, object, "weight_pa", stimulus);
    return status ? status : read_train_list(folder, &times, stimulus);
}

static chx_status
read_stimulus(chx__folder *folder, const chx__json_at *object, chx_stimulus *stimulus)
{
    static const char *const keys[] = {
        "kind",     "neurons",   "types",     "start_ms",  "stop_ms", "rate_hz", "current_pa",
        "times_ms", "weight_pa", "weight_ns", "weight_mv", "port",    NULL};
    static const char *const step_keys[] = {"kind",    "neurons", "types",      "start_ms",
                                            "stop_ms", "rate_hz", "current_pa", NULL};
    static const char *const poisson_keys[] = {"kind",      "neurons", "types",      "start_ms",
                                               "stop_ms",   "rate_hz", "current_pa", "weight_ns",
                                               "weight_mv", "port",    NULL};
    chx_status status = chx__json_object(object, keys);
    if (!status)
        status = read_kind(object, &stimulus->kind);
    if (!status && stimulus->kind == CHX_STIMULUS_SPIKE_TRAIN)
        return read_train(folder, object, stimulus);
    if (!status)
        status = chx__json_object(object,
                                  stimulus->kind == CHX_STIMULUS_STEP ? step_keys : poisson_keys);
    const member_number numbers[] = {
        {"start_ms", &stimulus->start_ms, true},
        {"stop_ms", &stimulus->stop_ms, true},
        {"rate_hz", &stimulus->rate_hz, stimulus->kind == CHX_STIMULUS_POISSON},
    };
    if (!status)
        status = read_numbers(object, numbers, sizeof numbers / sizeof *numbers);
    if (!status)
        status = read_targets(folder, object, stimulus);
    return status ? status : read_weight(folder, object, "current_pa", stimulus);
}

/* Where events arrive, once it is known at whom. */
static chx_status
read_port(chx__folder *folder, const chx__json_at *object, chx_stimulus *stimulus)
{
    chx_network *network = folder->network;
    char room[CHX__PORT_SENTENCE_BYTES];
    const char *name;
    chx__json_at member;
    chx__fault fault;
    chx_status status = chx__json_optional(object, "port", &member);
    if (!status && member.value)
        status = chx__json_text(&member, &name);
    if (status || !member.value)
        return status;
    stimulus->port = chx__network_keep_text(network, name, strlen(name));
    if (!stimulus->port)
        return chx__fail_memory("loading a network");
    return chx__port_check_stimulus(stimulus, network->types, network->neurons, &fault, room)
               ? CHX_OK
               : chx__folder_fail_fault(object, &fault);
}

chx_status
chx__folder_read_stimuli(chx__folder *folder, const chx__json *json)
{
    chx_network *network = folder->network;
    chx__json_at root = chx__json_root(json), list;
    size_t n = 0;
    chx_status status = check_types(folder, &root);
    if (!status)
        status = chx__json_optional(&root, "stimuli", &list);
    if (status || !list.value)
        return status;
    status = chx__json_array(&list, 0, MAX_ARRAY, &n);
    if (!status)
        status = chx__targets_init(&folder->targets, network);
    for (size_t i = 0; i < n && !status; i++) {
        chx__json_at object = chx__json_element(&list, i);
        chx_stimulus stimulus = {0};
        if (!chx__grow(&network->stimuli, &network->stimuli_capacity, i + 1, sizeof stimulus))
            return chx__fail_memory("loading a network");
        status = read_stimulus(folder, &object, &stimulus);
        if (!status)
            status = read_port(folder, &object, &stimulus);
        network->stimuli[network->info.n_stimuli++] = stimulus;
    }
    return status;
}
