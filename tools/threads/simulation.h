/* The way it is done today: leaky integrate-and-fire neurons in plain C on threads of the
 * processor.
 *
 * It is the peer that `chronaxie bench threads` measures the kernels against, and the reference
 * of their tests, and so it shares no code with them. Vectorised loops, a batch of the shortest
 * delay between barriers, owners that receive their own spikes; the same equations in the same
 * order, so the same spikes bit for bit (see kernels/neuron/model/lif.cl).
 *
 * A simulation is used by one thread at a time; its workers sleep in between. */
#ifndef THREADS_SIMULATION_H
#define THREADS_SIMULATION_H

#include <chronaxie/network.h>

typedef struct threads_simulation threads_simulation;

/* Borrows info. n_threads is at least 1; one of them is the caller of threads_simulation_advance().
 * NULL when memory or threads are out. */
threads_simulation *threads_simulation_create(const chx_network_info *info, unsigned n_threads,
                                              uint64_t seed);

/* Accepts NULL. */
void threads_simulation_destroy(threads_simulation *simulation);

/* False when memory for spikes is out. */
bool threads_simulation_advance(threads_simulation *simulation, uint64_t n_steps);

/* Ordered by (step, neuron); valid until the next call. */
const chx_spike *threads_simulation_spikes(const threads_simulation *simulation, size_t *n_spikes);

/* As chx_simulation_digest(). */
uint64_t threads_simulation_digest(const threads_simulation *simulation);

/* n_neurons values in mV. */
void threads_simulation_potentials(const threads_simulation *simulation, float *potentials_mv);

#endif
