/*
 * What a network must fulfil, whether it comes from a folder or from a program.
 *
 * Each check looks at one thing on its own and names the member at fault, so
 * that the caller can add where it stands: file and line, or an index.
 */
#ifndef CHX_NETWORK_CHECK_H
#define CHX_NETWORK_CHECK_H

#include <chronaxie/network.h>

/* Currents and potentials whose products and sums over all steps fit a float, and currents that the
 * kernels do not tidy away. */
#define CHX__MAX_MAGNITUDE 1e12
#define CHX__MIN_CURRENT_PA 1e-12
#define CHX__CURRENT_SENTENCE "must be 0, or 1e-12 to 1e12 in magnitude"

typedef struct chx__fault {
    const char *member; /* as in the header and in the files */
    const char *sentence; /* what is wrong; what to do */
} chx__fault;

/* All return true when there is no fault. A name of a type or of a neuron, and one
 * that names a file of morphologies. */
bool chx__type_name_check(const char *name, size_t length, chx__fault *fault);
bool chx__file_name_check(const char *name, size_t length, chx__fault *fault);
bool chx__neuron_check(const chx_neuron *neuron, chx__fault *fault);
bool chx__synapse_check(const chx_synapse *synapse, double time_step_ms, chx__fault *fault);
bool chx__stimulus_check(const chx_stimulus *stimulus, double time_step_ms, chx__fault *fault);
bool chx__node_check(const chx_node *node, chx__fault *fault);
bool chx__view_check(const chx_view *view, chx__fault *fault);

/* A current, of which CHX__CURRENT_SENTENCE says what is wrong. */
bool chx__current_check(double current_pa);

/* Time step and duration. */
bool chx__time_check(double time_step_ms, double duration_ms, chx__fault *fault);

/* A delay in whole steps, rounded to the nearest. */
static inline uint32_t
chx__delay_steps(float delay_ms, double time_step_ms)
{
    return (uint32_t)((double)delay_ms / time_step_ms + 0.5);
}

#endif
