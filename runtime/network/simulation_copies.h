/* Host copies of what a simulation's buffers hold, for whoever reads or writes them between runs.
 */
#ifndef CHX_NETWORK_SIMULATION_COPIES_H
#define CHX_NETWORK_SIMULATION_COPIES_H

#include "network/simulation_state.h"

/* Delivers what the last run left and lets all synapses that learn do so: nothing is on its way
 * then but through the rings. In a graph of the caller's the former wants a run of 0 steps before.
 * Errors: those of chx_plan_submit() and chx_run_wait(). */
chx_status chx__simulation_settle(chx_simulation *simulation);

/* A whole buffer in memory that the caller frees. Errors: MEMORY, those of chx_buffer_read(). */
chx_status chx__simulation_read(chx_buffer *buffer, uint32_t **words);

/* Where the synapses of a partition are: buffers as they are, and how far a walk has come. */
typedef struct chx__synapse_walk {
    uint32_t *groups, *offsets;
    uint32_t *seen; /* in each group, of the presynaptic neuron that the walk is at */
} chx__synapse_walk;

/* Errors: MEMORY, those of chx_buffer_read(). The caller finishes the walk after errors too. */
chx_status chx__synapse_walk_begin(chx__synapse_walk *walk, const chx__simulation_part *part);
void chx__synapse_walk_finish(chx__synapse_walk *walk);

/* Goes on to synapse s of the network, which are all gone to in order, and gives its place in the
 * partition; SIZE_MAX where it is not in it. */
size_t chx__synapse_walk_to(chx__synapse_walk *walk, const chx_simulation *simulation,
                            const chx__simulation_part *part, uint64_t s);

/* Whether synapse s learns. */
bool chx__synapse_learns(const chx_simulation *simulation, uint64_t s);

#endif
