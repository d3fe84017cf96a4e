/* The neurons that one thread owns: state, parameters and input, as arrays that loops vectorise. */
#ifndef THREADS_NEURONS_H
#define THREADS_NEURONS_H

#include <chronaxie/network.h>

/* The network's times and weights on the grid of steps and units. */
typedef struct threads_grid {
    const chx_network_info *info;
    uint64_t seed;
    uint32_t batch_steps;
    uint32_t n_slots; /* power of two */
    int exponent; /* weights are whole multiples of 2^-exponent pA */
    bool always_flush;
    float
        *told[2]; /* with gap junctions: potentials of all neurons at the end of a step, in turns */
} threads_grid;

/* What one neuron has of a gap junction. */
typedef struct threads_side {
    uint32_t own, other; /* counted from the first; of the network */
    float conductance_ns, offset_mv;
} threads_side;

typedef struct threads_stimulus {
    uint32_t index, start_step, stop_step;
    float current_pa;
    int32_t weight;
    uint32_t *chances; /* Poisson: of more than 0, 1, ... events, of 2^32 */
    uint32_t n_chances;
    uint32_t *neurons; /* owned ones, counted from the first; each once, in order */
    uint32_t n_neurons;
    uint32_t *counters; /* Poisson: of those neurons; each once, in order */
    uint32_t n_counters;
    uint32_t *words; /* Poisson: of each neuron, its word among those of all counters */
    uint32_t next_spike; /* of a spike train */
} threads_stimulus;

typedef struct threads_neurons {
    uint32_t first, n;
    float *v, *current, *p22, *p21, *p20, *p11, *push, *threshold, *reset, *bias;
    float *drive, *pull; /* of gap junctions; push is p20 times the sum of both */
    threads_side *sides; /* in the network's order */
    size_t n_sides;
    int32_t *refractory, *refractory_steps, *fired;
    int32_t *ring; /* [n_slots][n] */
    threads_stimulus *stimuli; /* the network's, in its order */
    uint32_t *draws; /* [n + 3][4], scratch */
    /* Synapses onto these neurons, by presynaptic neuron of the network. */
    uint64_t *offsets;
    uint32_t *targets, *delays;
    int32_t *weights;
    /* Spikes fired in a batch; two lists take turns, as others still read the last one. */
    chx_spike *list[2];
    size_t list_count[2], list_capacity[2];
} threads_neurons;

/* Works out the grid; false when memory is out. */
bool threads_grid_init(threads_grid *grid, const chx_network_info *info, uint64_t seed);
void threads_grid_finish(threads_grid *grid);

bool threads_neurons_init(threads_neurons *neurons, const threads_grid *grid, uint32_t first,
                          uint32_t n);
void threads_neurons_finish(threads_neurons *neurons, const threads_grid *grid);

/* Steps first .. first + n_steps - 1, at most a batch; fills list[turn]. False when memory is
 * out. */
bool threads_neurons_advance(threads_neurons *neurons, const threads_grid *grid, uint32_t first,
                             uint32_t n_steps, unsigned turn);

/* Adds the spikes' weights to the input of their targets here. */
void threads_neurons_receive(threads_neurons *neurons, const threads_grid *grid,
                             const chx_spike *spikes, size_t n_spikes);

#endif
