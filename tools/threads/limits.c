/* What no simulation on these cores can beat: reading memory, and adding where synapses point. Each
 * core owns a part, so that additions need not be atomic. The first turn is not timed: it touches
 * the pages. The best time counts, since what disturbs a measurement only makes it longer. */
#include "limits.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

enum {
    ROUNDS = 5,
    READ_WORDS = 1 << 25, /* of 8 bytes: 256 MB */
    LISTED = 1 << 18, /* places of a core, 1 MB: read in turn, from the cache */
    SCATTER_TURNS = 16,
};

typedef struct core {
    const uint64_t *read; /* what it reads, or NULL when it adds */
    uint64_t n_read;
    int32_t *ring;
    const uint32_t *places;
    volatile uint64_t sum; /* keeps what was read from being left out */
} core;

static uint64_t
now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void *
work(void *data)
{
    core *self = data;
    uint64_t sum = 0;
    for (uint64_t i = 0; self->read && i < self->n_read; i++)
        sum += self->read[i];
    self->sum = sum;
    for (int turn = 0; !self->read && turn < SCATTER_TURNS; turn++)
        for (uint32_t i = 0; i < LISTED; i++)
            self->ring[self->places[i]] += turn;
    return NULL;
}

/* Seconds of all cores' work at once; negative when no thread could be started. */
static double
time_all(core *all, pthread_t *threads, uint32_t cores)
{
    uint64_t begin_ns = now_ns();
    uint32_t n = 0;
    while (n < cores && pthread_create(&threads[n], NULL, work, &all[n]) == 0)
        n++;
    for (uint32_t i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    return n == cores ? 1e-9 * (double)(now_ns() - begin_ns) : -1.0;
}

/* The shortest of the rounds after the first; 0 when threads are out. */
static double
find_shortest(core *all, uint32_t cores)
{
    pthread_t *threads = malloc(cores * sizeof *threads);
    double shortest = 0.0;
    for (int round = 0; threads && round <= ROUNDS; round++) {
        double seconds = time_all(all, threads, cores);
        if (seconds < 0.0) {
            shortest = 0.0;
            break;
        }
        if (round > 0 && (shortest == 0.0 || seconds < shortest))
            shortest = seconds;
    }
    free(threads);
    return shortest;
}

double
threads_limits_read(uint32_t cores)
{
    core *all = calloc(cores, sizeof *all);
    uint64_t *words = malloc(READ_WORDS * sizeof *words);
    double shortest = 0.0;
    if (all && words) {
        for (uint64_t i = 0; i < READ_WORDS; i++)
            words[i] = i;
        for (uint32_t c = 0; c < cores; c++) {
            all[c].read = words + READ_WORDS / cores * c;
            all[c].n_read = READ_WORDS / cores;
        }
        shortest = find_shortest(all, cores);
    }
    free(words);
    free(all);
    return shortest > 0.0 ? (double)(READ_WORDS / cores * cores) * 8.0 / shortest : 0.0;
}

/* Marsaglia's xorshift, 32 bits: any order without a pattern does. */
static uint32_t
next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

double
threads_limits_scatter(uint32_t cores, uint64_t n_words)
{
    uint64_t part = n_words / cores + 1;
    core *all = calloc(cores, sizeof *all);
    int32_t *ring = calloc(part * cores, sizeof *ring);
    uint32_t *places = malloc((size_t)cores * LISTED * sizeof *places);
    uint32_t state = 1;
    double shortest = 0.0;
    if (all && ring && places && part <= UINT32_MAX) {
        for (uint64_t i = 0; i < (uint64_t)cores * LISTED; i++)
            places[i] = (uint32_t)((uint64_t)next_random(&state) * part >> 32);
        for (uint32_t c = 0; c < cores; c++) {
            all[c].ring = ring + part * c;
            all[c].places = places + (size_t)c * LISTED;
        }
        shortest = find_shortest(all, cores);
    }
    free(places);
    free(ring);
    free(all);
    return shortest > 0.0 ? (double)cores * LISTED * SCATTER_TURNS / shortest : 0.0;
}
