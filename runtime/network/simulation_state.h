/* The inside of a simulation, shared by simulation*.c only. */
#ifndef CHX_NETWORK_SIMULATION_STATE_H
#define CHX_NETWORK_SIMULATION_STATE_H

#include <pthread.h>

#include <chronaxie/plan.h>

#include "base/hash.h"
#include "common/history.h"
#include "network/simulation.h"
#include "network/simulation_shape.h"

/* Buffers of one partition; neuron/population.h describes them. */
typedef struct chx__simulation_part {
    chx_population_setup setup;
    uint32_t first_neuron;
    uint32_t n_neurons;
    uint32_t n_groups;
    chx_program *program; /* of its model */
    chx_program *own_program; /* the same, where it is the first of its model; else NULL */
    chx_buffer *samples;
    chx_buffer *setup_buffer, *state, *ring, *rows, *blocks, *groups, *entries, *tiles, *draws,
        *resources, *posts, *gap_offsets, *gaps, *sources, *offsets, *synapses;
} chx__simulation_part;

/* The tasks of one launch whose scalars each run sets: of each partition; fused: one. */
typedef struct chx__simulation_launch {
    chx_task advance[CHX__MAX_PARTITIONS];
} chx__simulation_launch;

/* What plays a recording (playback.c). */
typedef struct chx__playback {
    const chx_recording *recording; /* NULL when the network is simulated */
    uint64_t *queue; /* for each run that was submitted, the step that it plays until */
    size_t capacity, n_queued;
    size_t n_played; /* spikes that are kept */
} chx__playback;

/* Where a probe finds one of its neurons. */
typedef struct chx__probe_column {
    uint32_t part, block, lane, state;
    uint32_t sample; /* the block's place among those sampled */
    double origin; /* added to what the kernel counts */
} chx__probe_column;

/* What is traced (simulation_probes.c). */
typedef struct chx__probe {
    chx__probe_column *columns;
    uint32_t n_columns;
    uint32_t every; /* steps */
    float *values; /* [n_rows][n_columns]; guarded by the simulation's mutex */
    size_t n_rows, capacity;
    uint64_t n_taken; /* rows before those */
} chx__probe;

struct chx_simulation {
    chx_runtime *runtime;
    const chx_network *network;
    const chx_network_info *info;
    chx__simulation_tables tables;
    chx__simulation_shape shape;
    chx__simulation_part parts[CHX__MAX_PARTITIONS];
    uint32_t part_devices[CHX__MAX_PARTITIONS]; /* where each advances and delivers */
    bool is_pinned; /* else anywhere */
    chx_plan_params plan_params; /* of plans of its own */
    chx_buffer *stimuli, *chances, *plasticities, *kinds, *lists, *history;
    chx_buffer *potentials; /* for gap junctions; NULL without */
    uint32_t list_words, list_places;
    chx__probe *probes;
    uint32_t n_probes;
    uint32_t sample_steps; /* kernels sample in multiples of it */

    /* The graph it is in. */
    chx_graph *graph;
    chx_buffer *record;
    chx_buffer *turn; /* the step, of a playback the run, that host tasks are at; orders them */
    uint32_t record_words;
    uint32_t max_steps;
    chx__simulation_launch *launches; /* of one stretch after the other */
    uint32_t first_scalar; /* of the arguments that each run sets */
    uint32_t n_launches; /* of a stretch */
    uint32_t n_stretches;
    uint32_t next_stretch; /* whose steps are set next */
    bool owns_graph;
    chx_plan *plan; /* of its own graph */

    uint64_t step; /* that submitted runs advance to */

    pthread_mutex_t mutex; /* rank: innermost; guards what follows */
    chx_spike *spikes;
    size_t n_spikes;
    size_t spikes_capacity;
    uint64_t digest;
    uint32_t collected_step; /* up to which spikes were collected */
    chx__digest network_digest; /* of all that decides what it computes, once it was needed */
    chx__playback playback;
};

/* Of the bit set of a block in the record (population.h). */
static inline uint32_t
chx__simulation_bits_bytes(const chx_simulation *simulation)
{
    return simulation->tables.width == 16 ? 2 : 1;
}

/* Appends a spike that there is room for, under the mutex. */
void chx__simulation_keep_spike(chx_simulation *simulation, chx_spike spike);

/* Makes the probes of a caller. Errors: INVALID, MEMORY. */
chx_status chx__simulation_probes_init(chx_simulation *simulation, const chx_probe *probes,
                                       uint32_t n_probes);
void chx__simulation_probes_finish(chx_simulation *simulation);

/* Says in a partition's tables which blocks are sampled. */
void chx__simulation_sample_blocks(chx_simulation *simulation, uint32_t p,
                                   chx__part_tables *tables);

/* What the samples of a partition take in a run of n_steps. */
uint64_t chx__simulation_sample_bytes(const chx_simulation *simulation, uint32_t p,
                                      uint32_t n_steps);

/* Appends what a run sampled, for each partition, under the mutex. Errors: MEMORY. */
chx_status chx__simulation_keep_samples(chx_simulation *simulation, void *const *samples,
                                        uint32_t run_step, uint32_t n_steps);

/* Forgets the graph and frees what was made for it. */
void chx__simulation_leave_graph(chx_simulation *simulation);

/* Runs its own graph for no steps, which delivers what the last run left. Errors: those of
 * chx_plan_submit() and chx_run_wait(). */
chx_status chx__simulation_flush(chx_simulation *simulation);

/* Host task: args are the record, the turn and the samples of each partition. */
chx_status chx__simulation_collect(void *data, void *const *host);

#define CHX__SIMULATION_EMPTY_DIGEST UINT64_C(0xcbf29ce484222325) /* FNV-1a's offset basis */

#endif
