/* Workers own runs of neurons and receive their own spikes: per batch each fires into its list, all
 * meet at one barrier, and each then delivers from all lists to its own neurons. Two lists take
 * turns, so a worker that is ahead fills the next while others still read the last; none can be two
 * ahead, because of the barrier. Worker 0 is the caller's thread and keeps the spikes.
 *
 * The mutex guards n_calls and quit, on which workers sleep between calls; all else is handed
 * over by that or by the barrier. */
#include "simulation.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "neurons.h"

typedef struct worker {
    threads_simulation *simulation;
    pthread_t thread;
    unsigned index;
    threads_neurons neurons;
} worker;

struct threads_simulation {
    threads_grid grid;
    unsigned n_workers; /* worker 0 runs in the caller's thread */
    unsigned n_started;
    worker *workers;
    pthread_barrier_t batch;
    pthread_mutex_t mutex; /* guards n_calls and quit */
    pthread_cond_t called;
    uint64_t n_calls; /* of advance: a worker that has seen fewer wakes up */
    bool quit;
    uint32_t first;
    uint64_t n_steps; /* of the call in progress */
    atomic_bool failed;
    unsigned turn;
    chx_spike *spikes;
    size_t n_spikes, capacity;
    uint64_t digest;
};

static int
compare(const void *a, const void *b)
{
    const chx_spike *x = a, *y = b;
    if (x->step != y->step)
        return x->step < y->step ? -1 : 1;
    return (x->neuron > y->neuron) - (x->neuron < y->neuron);
}

/* Worker 0 keeps what all fired in a batch. */
static void
keep_batch(threads_simulation *simulation, unsigned turn)
{
    size_t begin = simulation->n_spikes, n_new = 0;
    for (unsigned w = 0; w < simulation->n_workers; w++)
        n_new += simulation->workers[w].neurons.list_count[turn];
    if (n_new == 0)
        return;
    if (begin + n_new > simulation->capacity) {
        size_t capacity = 2 * (begin + n_new);
        chx_spike *grown = realloc(simulation->spikes, capacity * sizeof *grown);
        if (!grown) {
            simulation->failed = true;
            return;
        }
        simulation->spikes = grown;
        simulation->capacity = capacity;
    }
    for (unsigned w = 0; w < simulation->n_workers; w++) {
        const threads_neurons *from = &simulation->workers[w].neurons;
        if (from->list_count[turn] > 0)
            memcpy(simulation->spikes + simulation->n_spikes, from->list[turn],
                   from->list_count[turn] * sizeof(chx_spike));
        simulation->n_spikes += from->list_count[turn];
    }
    qsort(simulation->spikes + begin, n_new, sizeof(chx_spike), compare);
    for (size_t i = begin; i < simulation->n_spikes; i++) {
        const uint32_t words[2] = {simulation->spikes[i].step, simulation->spikes[i].neuron};
        for (int bit = 0; bit < 64; bit += 8) {
            simulation->digest ^= words[bit / 32] >> bit % 32 & 255;
            simulation->digest *= UINT64_C(1099511628211);
        }
    }
}

/* One barrier a batch: while some still receive the spikes of this turn, others already fill the
 * lists of the next. */
static void
run_batches(worker *self)
{
    threads_simulation *simulation = self->simulation;
    const threads_grid *grid = &simulation->grid;
    const uint64_t end = simulation->first + simulation->n_steps;
    unsigned turn = simulation->turn;
    for (uint64_t step = simulation->first; step < end; step += grid->batch_steps) {
        uint32_t steps =
            end - step < grid->batch_steps ? (uint32_t)(end - step) : grid->batch_steps;
        if (!threads_neurons_advance(&self->neurons, grid, (uint32_t)step, steps, turn))
            simulation->failed = true;
        if (simulation->n_workers > 1)
            pthread_barrier_wait(&simulation->batch);
        for (unsigned w = 0; w < simulation->n_workers; w++) {
            const threads_neurons *from = &simulation->workers[w].neurons;
            threads_neurons_receive(&self->neurons, grid, from->list[turn], from->list_count[turn]);
        }
        if (self->index == 0)
            keep_batch(simulation, turn);
        turn = 1 - turn;
    }
    if (simulation->n_workers > 1)
        pthread_barrier_wait(&simulation->batch);
    if (self->index == 0)
        simulation->turn = turn;
}

static void *
work(void *data)
{
    worker *self = data;
    threads_simulation *simulation = self->simulation;
    for (uint64_t n_seen = 0;; n_seen++) {
        pthread_mutex_lock(&simulation->mutex);
        while (simulation->n_calls == n_seen && !simulation->quit)
            pthread_cond_wait(&simulation->called, &simulation->mutex);
        bool quit = simulation->quit;
        pthread_mutex_unlock(&simulation->mutex);
        if (quit)
            return NULL;
        run_batches(self);
    }
}

static void
wake_all(threads_simulation *simulation, bool quit)
{
    pthread_mutex_lock(&simulation->mutex);
    simulation->n_calls++;
    simulation->quit = quit;
    pthread_cond_broadcast(&simulation->called);
    pthread_mutex_unlock(&simulation->mutex);
}

static bool
start(threads_simulation *simulation)
{
    const uint32_t n_neurons = simulation->grid.info->n_neurons;
    for (unsigned w = 0; w < simulation->n_workers; w++) {
        worker *self = &simulation->workers[w];
        uint32_t begin = (uint32_t)((uint64_t)n_neurons * w / simulation->n_workers);
        uint32_t end = (uint32_t)((uint64_t)n_neurons * (w + 1) / simulation->n_workers);
        self->simulation = simulation;
        self->index = w;
        if (!threads_neurons_init(&self->neurons, &simulation->grid, begin, end - begin))
            return false;
    }
    for (unsigned w = 1; w < simulation->n_workers; w++) {
        if (pthread_create(&simulation->workers[w].thread, NULL, work, &simulation->workers[w]))
            return false;
        simulation->n_started++;
    }
    return true;
}

threads_simulation *
threads_simulation_create(const chx_network_info *info, unsigned n_threads, uint64_t seed)
{
    threads_simulation *simulation = calloc(1, sizeof *simulation);
    if (!simulation)
        return NULL;
    simulation->n_workers = n_threads;
    simulation->digest = UINT64_C(14695981039346656037);
    simulation->workers = calloc(n_threads, sizeof *simulation->workers);
    pthread_barrier_init(&simulation->batch, NULL, n_threads);
    pthread_mutex_init(&simulation->mutex, NULL);
    pthread_cond_init(&simulation->called, NULL);
    if (!simulation->workers || !threads_grid_init(&simulation->grid, info, seed) ||
        !start(simulation)) {
        threads_simulation_destroy(simulation);
        return NULL;
    }
    return simulation;
}

void
threads_simulation_destroy(threads_simulation *simulation)
{
    if (!simulation)
        return;
    wake_all(simulation, true);
    for (unsigned w = 1; w <= simulation->n_started; w++)
        pthread_join(simulation->workers[w].thread, NULL);
    for (unsigned w = 0; simulation->workers && w < simulation->n_workers; w++)
        threads_neurons_finish(&simulation->workers[w].neurons, &simulation->grid);
    pthread_barrier_destroy(&simulation->batch);
    pthread_mutex_destroy(&simulation->mutex);
    pthread_cond_destroy(&simulation->called);
    free(simulation->workers);
    threads_grid_finish(&simulation->grid);
    free(simulation->spikes);
    free(simulation);
}

bool
threads_simulation_advance(threads_simulation *simulation, uint64_t n_steps)
{
    simulation->n_steps = n_steps;
    wake_all(simulation, false);
    run_batches(&simulation->workers[0]);
    simulation->first += (uint32_t)n_steps;
    return !simulation->failed;
}

const chx_spike *
threads_simulation_spikes(const threads_simulation *simulation, size_t *n_spikes)
{
    *n_spikes = simulation->n_spikes;
    return simulation->spikes;
}

uint64_t
threads_simulation_digest(const threads_simulation *simulation)
{
    return simulation->digest;
}

void
threads_simulation_potentials(const threads_simulation *simulation, float *potentials_mv)
{
    const chx_network_info *info = simulation->grid.info;
    for (unsigned w = 0; w < simulation->n_workers; w++) {
        const threads_neurons *from = &simulation->workers[w].neurons;
        for (uint32_t n = 0; n < from->n; n++) {
            const chx_neuron *neuron = &info->neurons[from->first + n];
            double rest_mv = info->types[neuron->type].params.resting_mv;
            potentials_mv[from->first + n] = (float)(rest_mv + from->v[n]);
        }
    }
}
