/* A bare queue: what a program that calls OpenCL itself pays for a task, to measure the library
 * against. One in-order queue with profiling, one event for every launch. */
#ifndef CHRONAXIE_BARE_QUEUE_H
#define CHRONAXIE_BARE_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct bare_queue bare_queue;

/* Opens the nth device, from 0, of the platform of that name; source must have a kernel
 * `bump(global uint *x, uint i)`. NULL when OpenCL refuses anything. */
bare_queue *bare_queue_create(const char *platform, uint32_t nth, const char *source);
void bare_queue_destroy(bare_queue *queue);

/* Launches one work-item n times, each on word i % n_words, and waits for the last. chained: each
 * waits for the one before by its event. False when a call failed. */
bool bare_queue_run(bare_queue *queue, uint32_t n, uint32_t n_words, bool chained);

#endif
