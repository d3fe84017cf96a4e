/* What the readers of a network folder's files share. */
#include "io/folder.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/error.h"
#include "io/number.h"

chx_status
chx__folder_add_type(chx__folder *folder, const char *name, size_t length, uint32_t *index)
{
    chx_network *network = folder->network;
    uint32_t n = network->info.n_types, known;
    if (!chx__grow(&network->types, &network->types_capacity, (size_t)n + 1,
                   sizeof *network->types))
        return chx__fail_memory("loading a network");
    const char *kept = chx__network_keep_text(network, name, length);
    if (!kept || !chx__names_add(&folder->types, kept, length, n, &known))
        return chx__fail_memory("loading a network");
    network->types[n] = folder->neuron;
    network->types[n].name = kept;
    network->info.n_types++;
    *index = n;
    return CHX_OK;
}

chx_status
chx__folder_find_neuron(const chx__folder *folder, const chx__csv *csv, size_t column,
                        uint32_t *neuron)
{
    const chx__csv_field *field = &csv->fields[column];
    *neuron = chx__names_find(&folder->neurons, field->text, field->length);
    if (*neuron != CHX__NO_NAME)
        return CHX_OK;
    size_t whole = chx__number_whole_length(field->text, field->length);
    if (whole < field->length)
        *neuron = chx__names_find(&folder->neurons, field->text, whole);
    if (*neuron != CHX__NO_NAME)
        return CHX_OK;
    return chx__csv_fail(csv, CHX_ERROR_FORMAT,
                         "%s is '%.64s', which no row of neurons.csv names; correct it or add the "
                         "neuron",
                         csv->columns[column], field->text);
}

chx_status
chx__folder_close_table(chx__folder *folder, chx__csv *csv)
{
    chx_status status = CHX_OK;
    if (*csv->remark)
        status = chx__network_remark(folder->network, csv->path, 1, csv->remark);
    chx__csv_close(csv);
    return status;
}

bool
chx__folder_is_missing(const char *path)
{
    struct stat about;
    return stat(path, &about) != 0 && errno == ENOENT;
}

chx_status
chx__folder_check_file(const char *path)
{
    struct stat about;
    if (stat(path, &about) != 0 || S_ISREG(about.st_mode) || S_ISDIR(about.st_mode))
        return CHX_OK;
    return chx__fail(CHX_ERROR_FILE,
                     "%s: is a pipe or a device; a network folder holds regular files", path);
}

chx_status
chx__folder_fail_fault(const chx__json_at *object, const chx__fault *fault)
{
    chx__json_at member;
    if (json_is_object(object->value) && json_object_get(object->value, fault->member) &&
        chx__json_optional(object, fault->member, &member) == CHX_OK)
        return chx__json_fail(&member, "%s", fault->sentence);
    return chx__json_fail(object, "%s %s", fault->member, fault->sentence);
}
