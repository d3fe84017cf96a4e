/* The graded synapses of a network folder, graded.csv. Most networks have no such file. */
#include "io/csv_pieces.h"
#include "io/folder.h"
#include "network/graded.h"
#include "network/type.h"

enum { PRE, POST, CONDUCTANCE_NS, REVERSAL_MV, N_COLUMNS };

static chx_status
read_row(const chx__folder *folder, const chx__csv *csv, chx_graded_synapse *graded)
{
    const chx_network *network = folder->network;
    chx__fault fault;
    chx_status status = chx__folder_find_neuron(folder, csv, PRE, &graded->pre);
    if (!status)
        status = chx__folder_find_neuron(folder, csv, POST, &graded->post);
    if (!status)
        status = chx__csv_float(csv, CONDUCTANCE_NS, &graded->conductance_ns);
    if (!status)
        status = chx__csv_float(csv, REVERSAL_MV, &graded->reversal_mv);
    if (status)
        return status;
    const chx_neuron_type *type = &network->types[network->neurons[graded->pre].type];
    return chx__graded_check(graded, chx__type_model(type), &fault)
               ? CHX_OK
               : chx__csv_fail(csv, CHX_ERROR_FORMAT, "%s %s", fault.member, fault.sentence);
}

/* Of a piece of the table, in any thread: the folder is only looked at. */
static chx_status
read_graded_of(const void *data, chx__csv *csv, void *items, uint64_t *n_items)
{
    chx_graded_synapse *all = items, graded = {0};
    bool more = true;
    *n_items = 0;
    for (;;) {
        chx_status status = chx__csv_next(csv, &more);
        if (status || !more)
            return status;
        status = read_row(data, csv, &graded);
        if (status)
            return status;
        all[(*n_items)++] = graded;
    }
}

chx_status
chx__folder_read_graded(chx__folder *folder, const char *path)
{
    static const char *const columns[N_COLUMNS] = {"pre", "post", "conductance_ns", "reversal_mv"};
    chx_network *network = folder->network;
    chx__csv csv;
    if (chx__folder_is_missing(path))
        return CHX_OK;
    chx_status status = chx__csv_open(&csv, path, columns, N_COLUMNS, N_COLUMNS);
    if (status)
        return status;
    status = chx__csv_read_pieces(&csv, read_graded_of, folder, &network->graded,
                                  &network->graded_capacity, &network->info.n_graded,
                                  sizeof *network->graded);
    chx_status closed = chx__folder_close_table(folder, &csv);
    return status ? status : closed;
}
