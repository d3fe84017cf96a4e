/* Reading a table of spikes for a network that may still be loading. */
#ifndef CHX_IO_RECORDING_H
#define CHX_IO_RECORDING_H

#include <chronaxie/recording.h>

#include "network/names.h"

/* Spikes of a table, ordered by step and neuron; finish() frees them. */
typedef struct chx__spike_table {
    chx_spike *spikes;
    size_t n_spikes, capacity;
    char *remark; /* a sentence on columns ignored or guessed, of line 1; NULL for none */
} chx__spike_table;

/* Reads what chx_recording_load() does; of the network it needs the neurons, the name and the time
 * step. On failure there is nothing to finish. */
chx_status chx__spike_table_read(const char *path, const chx_network_info *network,
                                 chx__spike_table *table);
void chx__spike_table_finish(chx__spike_table *table);

/* The step nearest to a time that is 0 or more; above CHX__MAX_SPIKE_STEP when it is too late. */
#define CHX__MAX_SPIKE_STEP 2147483646.0 /* a simulation ends after 2^31 steps */
double chx__spike_step(double time_ms, double time_step_ms);

#endif
