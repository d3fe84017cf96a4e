/* StarPU's OpenCL worker, which schedules tasks on queues too, to measure the library against. In
 * builds that found it only. */
#ifndef CHRONAXIE_PEER_STARPU_H
#define CHRONAXIE_PEER_STARPU_H

#include <stdbool.h>
#include <stdint.h>

/* Seconds for n tasks (up to 1,000) of one work-item, each on a word of its own; source must have
 * a kernel `bump(global uint *x, uint i)`. Median of five. False when StarPU has no OpenCL worker
 * or anything fails. */
bool peer_starpu_run(const char *source, uint32_t n, double *seconds);

#endif
