/* The gap junctions of a network folder, gaps.csv. Most networks have none, and no such file. */
#include "io/csv_pieces.h"
#include "io/folder.h"
#include "network/gap.h"

enum { NEURON, OTHER, CONDUCTANCE_NS, N_COLUMNS };

/* Of a piece of the table, in any thread: the folder is only looked at. */
static chx_status
read_gaps_of(const void *data, chx__csv *csv, void *items, uint64_t *n_items)
{
    const chx__folder *folder = data;
    chx_gap *gaps = items, gap = {0};
    chx__fault fault;
    bool more = true;
    *n_items = 0;
    for (;;) {
        chx_status status = chx__csv_next(csv, &more);
        if (status || !more)
            return status;
        status = chx__folder_find_neuron(folder, csv, NEURON, &gap.neuron);
        if (!status)
            status = chx__folder_find_neuron(folder, csv, OTHER, &gap.other);
        if (!status)
            status = chx__csv_float(csv, CONDUCTANCE_NS, &gap.conductance_ns);
        if (!status && !chx__gap_check(&gap, &fault))
            status = chx__csv_fail(csv, CHX_ERROR_FORMAT, "%s %s", fault.member, fault.sentence);
        if (status)
            return status;
        gaps[(*n_items)++] = gap;
    }
}

chx_status
chx__folder_read_gaps(chx__folder *folder, const char *path)
{
    static const char *const columns[N_COLUMNS] = {"neuron", "other", "conductance_ns"};
    chx_network *network = folder->network;
    chx__csv csv;
    if (chx__folder_is_missing(path))
        return CHX_OK;
    chx_status status = chx__csv_open(&csv, path, columns, N_COLUMNS, N_COLUMNS);
    if (status)
        return status;
    status =
        chx__csv_read_pieces(&csv, read_gaps_of, folder, &network->gaps, &network->gaps_capacity,
                             &network->info.n_gaps, sizeof *network->gaps);
    chx_status closed = chx__folder_close_table(folder, &csv);
    return status ? status : closed;
}
