/*
 * The history: when each neuron fired last. Shared by host and device.
 *
 * One buffer of a simulation holds one chx_history per neuron, in the order of
 * the network's neurons, as of the last step that was simulated. It is written
 * by the neuron kernels, record by record, and read by the drawing.
 *
 * Spike number i of a neuron (from 0) lies in step[i % CHX_HISTORY_SPIKES], so
 * the k-th last one, k < min(count, CHX_HISTORY_SPIKES), is
 * step[(count - 1 - k) % CHX_HISTORY_SPIKES]. A neuron that never fired has a
 * count of 0 and unspecified steps. A spike of step s is over at time
 * (s + 1) x time step.
 */
#ifndef CHX_KERNELS_HISTORY_H
#define CHX_KERNELS_HISTORY_H

#ifdef __OPENCL_C_VERSION__
typedef uint chx_history_word;
#else
#include <assert.h>
#include <stdint.h>
typedef uint32_t chx_history_word;
#endif

#define CHX_HISTORY_SPIKES 7

typedef struct chx_history {
    chx_history_word count; /* spikes since step 0 */
    chx_history_word step[CHX_HISTORY_SPIKES];
} chx_history;

#ifndef __OPENCL_C_VERSION__
static_assert(sizeof(chx_history) == 32, "the device reads records of 32 bytes");
#endif

#endif
