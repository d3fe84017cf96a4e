/* Order matters: network.json gives the time step and the types that rows are checked against;
 * neurons.csv names neurons, shapes and further types, neurons that types only count follow, and
 * parameters.csv and initial.csv say what single ones have;
 * stimuli and projections, back in network.json, name neurons or types; synapses, gaps and
 * morphologies name neurons too. Each row is checked where file and line are known, by the same
 * checks that a network made in memory goes through (network/check.c, network/gap.c).
 *
 * Names live in the network's own memory, where the tables of names borrow them. An id that
 * another program saved with a fraction, 17.0, is found as 17 too. A shape that several neurons
 * name is read once and shared: neurons then have the same nodes. The rest is left to
 * chx__network_finish(). */
#include "io/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "io/csv.h"
#include "io/file_name.h"
#include "io/csv_pieces.h"
#include "io/number.h"
#include "io/swc.h"
#include "network/check.h"
#include "network/type.h"
#include "network/morphology.h"

#define MAX_JSON_BYTES ((size_t)64 << 20)

enum { NAME, TYPE, X_UM, Y_UM, Z_UM, DIAMETER_UM, MORPHOLOGY, ROTATION_DEG, N_NEURON_COLUMNS };
enum { PRE, POST, WEIGHT_PA, DELAY_MS, N_SYNAPSE_COLUMNS };

static chx_status
fail_memory(void)
{
    return chx__fail_memory("loading a network");
}

static chx_status
read_type(chx__folder *folder, const chx__csv *csv, uint32_t *type)
{
    const chx__csv_field *field = &csv->fields[TYPE];
    *type = chx__names_find(&folder->types, field->text, field->length);
    if (*type != CHX__NO_NAME)
        return CHX_OK;
    chx__fault fault;
    if (!chx__type_name_check(field->text, field->length, &fault))
        return chx__csv_fail(csv, CHX_ERROR_FORMAT, "type %s", fault.sentence);
    return chx__folder_add_type(folder, field->text, field->length, type);
}

/* Lets a name be found, as it is written and, when it is an id with a fraction, without that. */
static chx_status
add_name(chx__folder *folder, const char *name, size_t length, uint32_t *known)
{
    uint32_t index = folder->network->info.n_neurons;
    if (!chx__names_add(&folder->neurons, name, length, index, known))
        return fail_memory();
    size_t whole = chx__number_whole_length(name, length);
    if (whole == length || *known != CHX__NO_NAME)
        return CHX_OK;
    name = chx__network_keep_text(folder->network, name, whole);
    return name && chx__names_add(&folder->neurons, name, whole, index, known) ? CHX_OK
                                                                               : fail_memory();
}

static chx_status
keep_name(chx__folder *folder, const chx__csv *csv, const char **name)
{
    const chx__csv_field *field = &csv->fields[NAME];
    chx__fault fault;
    if (!chx__type_name_check(field->text, field->length, &fault))
        return chx__csv_fail(csv, CHX_ERROR_FORMAT, "%s %s", fault.member, fault.sentence);
    *name = chx__network_keep_text(folder->network, field->text, field->length);
    uint32_t known;
    chx_status status = *name ? add_name(folder, *name, field->length, &known) : fail_memory();
    if (status)
        return status;
    if (known != CHX__NO_NAME)
        return chx__csv_fail(csv, CHX_ERROR_FORMAT, "the name '%.64s' stands twice; rename one",
                             *name);
    return CHX_OK;
}

/* The shape that a row names, by its file's name with or without the ending. */
static chx_status
add_shape(chx__folder *folder, const chx__csv *csv, uint32_t *shape)
{
    const chx__csv_field *field = &csv->fields[MORPHOLOGY];
    size_t length = field->length - chx__swc_ending(field->text);
    chx__fault fault;
    uint32_t n = folder->n_shapes;
    if (!chx__file_name_check(field->text, length, &fault))
        return chx__csv_fail(csv, CHX_ERROR_FORMAT, "morphology %s", fault.sentence);
    const char *name = chx__network_keep_text(folder->network, field->text, length);
    if (!name || !chx__names_add(&folder->shapes, name, length, n, shape))
        return fail_memory();
    if (*shape != CHX__NO_NAME)
        return CHX_OK;
    if (!chx__grow(&folder->shapes_read, &folder->shapes_capacity, (size_t)n + 1,
                   sizeof *folder->shapes_read))
        return fail_memory();
    folder->shapes_read[folder->n_shapes++].line = csv->line;
    *shape = n;
    return CHX_OK;
}

static chx_status
read_shape(chx__folder *folder, const chx__csv *csv, chx_neuron *neuron)
{
    uint32_t n = folder->network->info.n_neurons;
    bool has_shape = chx__csv_has(csv, MORPHOLOGY) && csv->fields[MORPHOLOGY].length > 0;
    bool has_rotation = chx__csv_has(csv, ROTATION_DEG) && csv->fields[ROTATION_DEG].length > 0;
    if (!chx__grow(&folder->shape_of, &folder->shape_of_capacity, (size_t)n + 1,
                   sizeof *folder->shape_of))
        return fail_memory();
    folder->shape_of[n] = CHX__NO_NAME;
    chx_status status = has_shape ? add_shape(folder, csv, &folder->shape_of[n]) : CHX_OK;
    if (!status && has_rotation)
        status = chx__csv_float(csv, ROTATION_DEG, &neuron->rotation_deg);
    if (!status && neuron->rotation_deg != 0 && !has_shape)
        return chx__csv_fail(csv, CHX_ERROR_FORMAT,
                             "rotation_deg turns the file that morphology names; name one or "
                             "leave it empty");
    return status;
}

static chx_status
read_neuron(chx__folder *folder, const chx__csv *csv, chx_neuron *neuron)
{
    double numbers[4];
    chx_status status = keep_name(folder, csv, &neuron->name);
    if (!status)
        status = read_type(folder, csv, &neuron->type);
    for (size_t i = 0; i < 4 && !status; i++)
        status = chx__csv_number(csv, X_UM + i, &numbers[i]);
    if (status)
        return status;
    for (size_t axis = 0; axis < 3; axis++)
        neuron->position_um[axis] = (float)numbers[axis];
    neuron->diameter_um = (float)numbers[3];
    status = read_shape(folder, csv, neuron);
    if (status)
        return status;
    chx__fault fault;
    if (!chx__neuron_check(neuron, &fault))
        return chx__csv_fail(csv, CHX_ERROR_FORMAT, "%s %s", fault.member, fault.sentence);
    return CHX_OK;
}

static chx_status
add_neuron(chx__folder *folder, const chx__csv *csv)
{
    chx_network *network = folder->network;
    chx_neuron neuron = {0};
    chx_status status = read_neuron(folder, csv, &neuron);
    if (status)
        return status;
    if (network->info.n_neurons == CHX__NETWORK_MAX_ITEMS)
        return chx__csv_fail(csv, CHX_ERROR_LIMIT, "more than %u neurons; make the network smaller",
                             CHX__NETWORK_MAX_ITEMS);
    if (!chx__grow(&network->neurons, &network->neurons_capacity,
                   (size_t)network->info.n_neurons + 1, sizeof neuron))
        return fail_memory();
    network->neurons[network->info.n_neurons++] = neuron;
    return CHX_OK;
}

/* Tables tend to list the targets of one source together: that of the row before is tried first. It
 * stays where it is, as nothing is read behind a piece. */
static chx_status
find_source(const chx__folder *folder, const chx__csv *csv, uint32_t *pre, chx__csv_field *before)
{
    const chx__csv_field *field = &csv->fields[PRE];
    if (before->length == field->length && before->length > 0 &&
        memcmp(before->text, field->text, field->length) == 0)
        return CHX_OK;
    chx_status status = chx__folder_find_neuron(folder, csv, PRE, pre);
    *before = *field;
    return status;
}

_Static_assert(sizeof((chx__csv *)NULL)->remark == CHX__TABLE_REMARK_BYTES,
               "a table's remark is kept whole");

#define LOG2_TOLD 8

/* Short numbers of a column that one thread has read, by their texts: most tables have few delays,
 * and weights that are counts of contacts are few as well. */
typedef struct told {
    struct told_number {
        uint64_t text;
        uint32_t length; /* 0 where there is none yet */
        float value;
    } numbers[1 << LOG2_TOLD];
} told;

/* Up to seven bytes as a number that is another one's only if it has another length; what NUL
 * follows is used. */
static uint64_t
gather_text(const char *text, size_t length)
{
    uint32_t front, back;
    if (length < 3)
        return (uint64_t)(unsigned char)text[0] | (uint64_t)(unsigned char)text[1] << 8;
    memcpy(&front, text, sizeof front);
    memcpy(&back, text + length + 1 - sizeof back, sizeof back);
    return front | (uint64_t)back << 32;
}

static chx_status
read_number(const chx__csv *csv, size_t column, told *before, float *value)
{
    const chx__csv_field *field = &csv->fields[column];
    if (field->length == 0 || field->length > 7)
        return chx__csv_float(csv, column, value);
    const uint64_t text = gather_text(field->text, field->length);
    struct told_number *number =
        &before->numbers[text * UINT64_C(0x9e3779b97f4a7c15) >> (64 - LOG2_TOLD)];
    if (number->text == text && number->length == field->length) {
        *value = number->value;
        return CHX_OK;
    }
    chx_status status = chx__csv_float(csv, column, value);
    if (!status)
        *number = (struct told_number){text, (uint32_t)field->length, *value};
    return status;
}

static chx_status
read_synapse(const chx__folder *folder, const chx__csv *csv, told before[2], chx_synapse *synapse)
{
    chx_status status = chx__folder_find_neuron(folder, csv, POST, &synapse->post);
    if (!status)
        status = read_number(csv, WEIGHT_PA, &before[0], &synapse->weight_pa);
    if (!status)
        status = read_number(csv, DELAY_MS, &before[1], &synapse->delay_ms);
    if (status)
        return status;
    chx__fault fault;
    if (chx__synapse_check(synapse, folder->network->info.time_step_ms, &fault))
        return CHX_OK;
    const bool is_weight = strcmp(fault.member, "weight_pa") == 0;
    return chx__csv_fail(csv, CHX_ERROR_FORMAT, "%s %s",
                         is_weight ? csv->columns[WEIGHT_PA] : fault.member, fault.sentence);
}

/* Of a piece of synapses.csv, in any thread: the folder is only looked at. */
static chx_status
read_synapses_of(const void *data, chx__csv *csv, void *items, uint64_t *n_items)
{
    const chx__folder *folder = data;
    chx_synapse *synapses = items, synapse = {0};
    chx__csv_field source = {0};
    told before[2] = {0};
    bool more = true;
    *n_items = 0;
    for (;;) {
        chx_status status = chx__csv_next(csv, &more);
        if (status || !more)
            return status;
        status = find_source(folder, csv, &synapse.pre, &source);
        if (!status)
            status = read_synapse(folder, csv, before, &synapse);
        if (status)
            return status;
        synapses[(*n_items)++] = synapse;
    }
}

static chx_status
read_neurons(chx__folder *folder, const char *path)
{
    static const char *const columns[N_NEURON_COLUMNS] = {
        "name", "type", "x_um", "y_um", "z_um", "diameter_um", "morphology", "rotation_deg"};
    chx__csv csv;
    if (folder->n_counts > 0 && chx__folder_is_missing(path))
        return CHX_OK;
    chx_status status = chx__csv_open(&csv, path, columns, N_NEURON_COLUMNS, MORPHOLOGY);
    if (status)
        return status;
    bool more = true;
    while (!status && more) {
        status = chx__csv_next(&csv, &more);
        if (!status && more)
            status = add_neuron(folder, &csv);
    }
    if (!status && folder->network->info.n_neurons == 0 && folder->n_counts == 0)
        status = chx__csv_fail(&csv, CHX_ERROR_FORMAT,
                               "no neurons follow the header; add a row for "
                               "each");
    chx_status closed = chx__folder_close_table(folder, &csv);
    return status ? status : closed;
}

/* All that a row of synapses.csv means beside what it says: the neurons' names in order, the unit,
 * and the time step, which delays are checked against. */
static chx__digest
digest_context(const chx_network_info *info, const chx_neuron *neurons, const char *weight_name)
{
    chx__hasher *hasher = chx__hasher_create();
    chx__hasher_add_text(hasher, "synapses of a network folder, 1");
    chx__hasher_add_text(hasher, weight_name);
    chx__hasher_add(hasher, &info->time_step_ms, sizeof info->time_step_ms);
    for (uint32_t i = 0; i < info->n_neurons; i++)
        chx__hasher_add_text(hasher, neurons[i].name);
    return chx__hasher_end(hasher);
}

/* Takes the synapses as they were kept in order. Beside drawn ones they are read from their table,
 * as the order is that of all. *found tells whether they are here. */
static chx_status
take_kept_synapses(chx__folder *folder, const char *path, const char *weight_name, bool *found)
{
    chx_network *network = folder->network;
    chx__table_rows rows = {.item_size = sizeof *network->synapses};
    *found = false;
    if (network->info.n_synapses > 0 || network->rules)
        return CHX_OK;
    folder->synapses_context = digest_context(&network->info, network->neurons, weight_name);
    folder->synapses_key = chx__table_cache_key(path, folder->synapses_context);
    if (!chx__table_cache_find(folder->synapses_key, &rows))
        return CHX_OK;
    free(network->synapses);
    network->synapses = rows.items;
    network->synapses_capacity = (size_t)rows.n_items;
    network->info.n_synapses = rows.n_items;
    network->is_sorted = *found = true;
    folder->synapses_key = (chx__digest){0, 0};
    return *rows.remark ? chx__network_remark(network, path, 1, rows.remark) : CHX_OK;
}

/* Keeps the synapses, once they are in order, unless their table has changed since. */
static chx_status
keep_synapses(chx__folder *folder, const char *path)
{
    const chx_network *network = folder->network;
    chx__table_rows rows = {.items = network->synapses,
                            .n_items = network->info.n_synapses,
                            .item_size = sizeof *network->synapses};
    memcpy(rows.remark, folder->synapses_remark, sizeof rows.remark);
    if (chx__digest_equal(folder->synapses_key,
                          chx__table_cache_key(path, folder->synapses_context)))
        chx__table_cache_store(folder->synapses_key, &rows);
    return CHX_OK;
}

static chx_status
read_synapses(chx__folder *folder, const char *path)
{
    const char *const columns[N_SYNAPSE_COLUMNS] = {
        "pre", "post",
        chx__weight_name(chx__weights_unit(folder->network->types, folder->network->neurons, NULL,
                                           folder->network->info.n_neurons)),
        "delay_ms"};
    chx__csv csv;
    bool found;
    if (folder->has_projections && chx__folder_is_missing(path))
        return CHX_OK;
    chx_status status = take_kept_synapses(folder, path, columns[WEIGHT_PA], &found);
    if (status || found)
        return status;
    status = chx__csv_open(&csv, path, columns, N_SYNAPSE_COLUMNS, N_SYNAPSE_COLUMNS);
    if (status)
        return status;
    chx_network *network = folder->network;
    status = chx__csv_read_pieces(&csv, read_synapses_of, folder, &network->synapses,
                                  &network->synapses_capacity, &network->info.n_synapses,
                                  sizeof *network->synapses);
    memcpy(folder->synapses_remark, csv.remark, sizeof folder->synapses_remark);
    chx_status closed = chx__folder_close_table(folder, &csv);
    return status ? status : closed;
}

static chx_status
keep_file(const char *path, const char *name, char **file)
{
    if (*file)
        return chx__fail(CHX_ERROR_FORMAT, "%s:1: %.200s is the same neuron's; remove one of them",
                         *file, name);
    *file = chx__format("%s/%s", path, name);
    return *file ? CHX_OK : fail_memory();
}

/* The neuron whose own a file is called. Files are looked for among those of one folder, and never
 * opened by a neuron's name, so that no name leads elsewhere. */
static chx_status
find_namesake(const chx__folder *folder, const char *file, size_t length, uint32_t *neuron)
{
    char *name = chx__file_name_means(file, length);
    if (!name)
        return fail_memory();
    *neuron = chx__names_find(&folder->neurons, name, strlen(name));
    free(name);
    if (*neuron == CHX__NO_NAME)
        *neuron = chx__names_find(&folder->neurons, file, length);
    return CHX_OK;
}

/* Notes that a file is a shape that neurons name, or the own of a neuron that names none. The first
 * of neither kind becomes the stray one. */
static chx_status
take_morphology(const chx__folder *folder, const char *path, const char *name, char **files,
                char **stray)
{
    size_t length = strlen(name) - chx__swc_ending(name);
    uint32_t shape = chx__names_find(&folder->shapes, name, length);
    uint32_t neuron = CHX__NO_NAME;
    chx_status status = find_namesake(folder, name, length, &neuron);
    if (status)
        return status;
    if (shape == CHX__NO_NAME && neuron == CHX__NO_NAME && !*stray) {
        *stray = chx__strdup(name);
        status = *stray ? CHX_OK : fail_memory();
    }
    if (shape != CHX__NO_NAME)
        status = keep_file(path, name, &folder->shapes_read[shape].file);
    if (!status && neuron != CHX__NO_NAME && folder->shape_of[neuron] == CHX__NO_NAME)
        status = keep_file(path, name, &files[neuron]);
    return status;
}

/* Finds the file of each neuron that has one, its ending in any case. Others are left alone. */
static chx_status
find_morphologies(const chx__folder *folder, DIR *listing, const char *path, char **files,
                  char **stray)
{
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(listing);
        if (!entry && errno)
            return chx__fail(CHX_ERROR_FILE, "%s: cannot list: %s", path, strerror(errno));
        if (!entry)
            return CHX_OK;
        if (entry->d_name[0] == '.' || chx__swc_ending(entry->d_name) == 0)
            continue;
        chx_status status = take_morphology(folder, path, entry->d_name, files, stray);
        if (status)
            return status;
    }
}

static chx_status
read_morphology(chx__folder *folder, const char *file, chx_neuron *neuron)
{
    chx_network *network = folder->network;
    uint32_t first = network->info.n_nodes;
    chx_status status = chx__folder_check_file(file);
    if (!status)
        status = chx__swc_append(file, 1.0, &network->nodes, &network->nodes_capacity,
                                 &network->info.n_nodes);
    neuron->first_node = first;
    neuron->n_nodes = network->info.n_nodes - first;
    return status;
}

static uint32_t
first_shaped(const chx__folder *folder)
{
    uint32_t i = 0;
    while (folder->shape_of[i] == CHX__NO_NAME)
        i++;
    return i;
}

/* Gives a neuron the shape it names, which is read once and shared. */
static chx_status
share_shape(chx__folder *folder, const char *path, uint32_t index)
{
    chx_neuron *neuron = &folder->network->neurons[index];
    uint32_t shape = folder->shape_of[index];
    if (shape == CHX__NO_NAME)
        return CHX_OK;
    struct chx__shape *of = &folder->shapes_read[shape];
    if (!of->file)
        return chx__fail(CHX_ERROR_FORMAT,
                         "%s/neurons.csv:%llu: the morphology of %.64s is not in %s; add its "
                         "file, such as NAME.swc, or correct the name",
                         folder->path, (unsigned long long)of->line, neuron->name, path);
    chx_status status = of->n_nodes == 0 ? read_morphology(folder, of->file, neuron) : CHX_OK;
    if (status)
        return status;
    if (of->n_nodes == 0) {
        of->first_node = neuron->first_node;
        of->n_nodes = neuron->n_nodes;
    }
    neuron->first_node = of->first_node;
    neuron->n_nodes = of->n_nodes;
    chx__morphology_move(neuron, folder->network->nodes);
    return CHX_OK;
}

/* A neuron that names no file of the folder is told first: it may mean the stray one. */
static chx_status
refuse_stray(chx__folder *folder, const char *path, const char *stray)
{
    for (uint32_t i = 0; i < folder->network->info.n_neurons; i++) {
        const uint32_t shape = folder->shape_of[i];
        if (shape != CHX__NO_NAME && !folder->shapes_read[shape].file)
            return share_shape(folder, path, i);
    }
    return chx__fail(CHX_ERROR_FORMAT,
                     "%s/%.200s:1: no row of neurons.csv has this name; rename or remove the file",
                     path, stray);
}

/* Cells that stand elsewhere than in "morphologies" are not read, which is said: of a folder of
 * that name but for the case, and of the first one inside. */
static chx_status
remark_on_other_folder(const chx__folder *folder, const char *where, bool is_inside)
{
    char text[400] = "";
    DIR *listing = opendir(where);
    const struct dirent *entry = listing ? readdir(listing) : NULL;
    for (; entry && !*text; entry = readdir(listing)) {
        const char *name = entry->d_name;
        if (entry->d_type != DT_DIR || name[0] == '.')
            continue;
        if (is_inside)
            snprintf(text, sizeof text,
                     "the folder 'morphologies/%s' is not read; put its cells into 'morphologies'",
                     name);
        else if (strcasecmp(name, "morphologies") == 0 && strcmp(name, "morphologies") != 0)
            snprintf(text, sizeof text, "the folder '%s' is not read; call it 'morphologies'",
                     name);
    }
    if (listing)
        closedir(listing);
    if (!*text)
        return CHX_OK;
    char *path = chx__format("%s/network.json", folder->path);
    chx_status status = path ? chx__network_remark(folder->network, path, 1, text) : fail_memory();
    free(path);
    return status;
}

static chx_status
read_morphologies(chx__folder *folder, const char *path)
{
    DIR *listing = opendir(path);
    if (!listing && errno == ENOENT)
        return folder->n_shapes ? share_shape(folder, path, first_shaped(folder)) : CHX_OK;
    if (!listing && errno == ENOTDIR)
        return chx__fail(CHX_ERROR_FILE,
                         "%s: is a file; put cells into a folder of this name, or remove it", path);
    if (!listing)
        return chx__fail(CHX_ERROR_FILE, "%s: cannot list: %s", path, strerror(errno));
    chx_network *network = folder->network;
    char **files = chx__alloc(network->info.n_neurons, sizeof *files);
    char *stray = NULL;
    chx_status status =
        files ? find_morphologies(folder, listing, path, files, &stray) : fail_memory();
    if (!status && stray)
        status = refuse_stray(folder, path, stray);
    if (!status)
        status = remark_on_other_folder(folder, path, true);
    for (uint32_t i = 0; files && i < network->info.n_neurons; i++) {
        if (files[i] && !status)
            status = read_morphology(folder, files[i], &network->neurons[i]);
        if (!status)
            status = share_shape(folder, path, i);
        free(files[i]);
    }
    free(files);
    free(stray);
    closedir(listing);
    return status;
}

typedef chx_status (*read_fn)(chx__folder *folder, const char *path);

static chx_status
read_part(chx__folder *folder, const char *name, read_fn read)
{
    char *path = chx__format("%s/%s", folder->path, name);
    chx_status status = path ? chx__folder_check_file(path) : fail_memory();
    if (!status)
        status = read(folder, path);
    free(path);
    return status;
}

/* Stimuli and projections name neurons, which need types: the description is open while neurons are
 * read. */
static chx_status
read_model(chx__folder *folder, const char *path)
{
    chx__json json;
    chx_status status = chx__json_load(path, MAX_JSON_BYTES, &json);
    if (status)
        return status;
    status = chx__folder_read_description(folder, &json);
    if (!status)
        status = read_part(folder, "neurons.csv", read_neurons);
    if (!status)
        status = chx__folder_add_counted(folder, &json);
    if (!status)
        status = read_part(folder, "parameters.csv", chx__folder_read_parameters);
    if (!status)
        status = read_part(folder, "initial.csv", chx__folder_read_initial);
    if (!status)
        status = chx__folder_read_stimuli(folder, &json);
    if (!status)
        status = chx__folder_read_projections(folder, &json);
    if (!status)
        status = chx__folder_read_plasticities(folder, &json);
    if (!status)
        status = chx__folder_read_ports(folder, &json);
    chx__json_finish(&json);
    return status;
}

/* What can only be checked when all is there is at fault in the description. */
static chx_status
finish(chx__folder *folder)
{
    chx_status status = chx__folder_remark_ports(folder);
    if (!status)
        status = chx__network_finish(folder->network);
    if (status != CHX_ERROR_FORMAT)
        return status;
    const chx_error error = *chx_last_error();
    return chx__fail(CHX_ERROR_FORMAT, "%s/network.json: %s", folder->path, error.message);
}

chx_status
chx_network_load(const char *path, chx_network **network)
{
    CHX__REQUIRE(path && network);
    chx__folder folder = {.path = path, .network = chx__network_begin()};
    if (!folder.network)
        return fail_memory();
    chx_status status = read_part(&folder, "network.json", read_model);
    if (!status)
        status = read_part(&folder, "synapses.csv", read_synapses);
    if (!status)
        status = read_part(&folder, "gaps.csv", chx__folder_read_gaps);
    if (!status)
        status = read_part(&folder, "graded.csv", chx__folder_read_graded);
    if (!status)
        status = remark_on_other_folder(&folder, path, false);
    if (!status)
        status = read_part(&folder, "morphologies", read_morphologies);
    if (!status)
        status = finish(&folder);
    if (!status && !chx__digest_is_none(folder.synapses_key))
        status = read_part(&folder, "synapses.csv", keep_synapses);
    for (uint32_t i = 0; i < folder.n_shapes; i++)
        free(folder.shapes_read[i].file);
    free(folder.shapes_read);
    free(folder.shape_of);
    free(folder.counts);
    chx__targets_finish(&folder.targets);
    chx__names_finish(&folder.shapes);
    chx__names_finish(&folder.types);
    chx__names_finish(&folder.neurons);
    if (status)
        chx_network_destroy(&folder.network);
    else
        *network = folder.network;
    return status;
}
