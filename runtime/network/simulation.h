/* What other parts of the library may know of a simulation. */
#ifndef CHX_NETWORK_SIMULATION_H
#define CHX_NETWORK_SIMULATION_H

#include <chronaxie/simulation.h>

/* The buffer of chx_history records (common/history.h), one per neuron of the network in its
 * order, as of the end of the last run. Owned by the simulation. A task that reads it (declare
 * the neurons' range, or all of it) in the simulation's graph, after chx_simulation_build(), sees
 * the run's spikes. */
chx_buffer *chx__simulation_history(const chx_simulation *simulation);

/* What the host task that collects a run's spikes writes, after chx_simulation_build(): a task of
 * the same graph that reads it comes after, and not at all when spikes were not collected. Owned by
 * the simulation. */
chx_buffer *chx__simulation_collected(const chx_simulation *simulation);

/* The network that is simulated, borrowed. */
const chx_network *chx__simulation_network(const chx_simulation *simulation);

#endif
