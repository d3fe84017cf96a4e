/*
 * A recording: spikes of a network that another program simulated or measured.
 *
 * It is plain data and belongs to no runtime. A simulation that is given one
 * (chx_simulation_params) plays it instead of simulating, so everything that
 * draws or counts a simulation's spikes does the same with recorded ones.
 *
 * Queries of NULL give NULL.
 */
#ifndef CHRONAXIE_RECORDING_H
#define CHRONAXIE_RECORDING_H

#include <chronaxie/network.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct chx_recording chx_recording;

/* Everything, borrowed. */
typedef struct chx_recording_info {
    const chx_spike *spikes; /* ordered by (step, neuron) */
    size_t n_spikes;
    double end_ms; /* when the step of the last spike is over; 0 without spikes */
    const char *remark; /* on columns ignored or guessed, with file and line; NULL for none */
} chx_recording_info;

/* Loads recorded spikes of the network's neurons from a table with the columns `neuron` (a name)
 * and `time_ms`, or their names in other programs, in any order, or from what NEST writes: both
 * columns with blanks between, lines that begin with # being comments. Times may stand in any order
 * and are rounded to the network's nearest time step. On success the caller destroys *recording.
 * Errors: FILE, FORMAT and LIMIT with file, line and remedy in chx_last_error(); MEMORY. Any
 * thread. */
CHX_API chx_status chx_recording_load(const char *path, const chx_network *network,
                                      chx_recording **recording);

/* Clears *recording; accepts NULL. */
CHX_API void chx_recording_destroy(chx_recording **recording);

/* The recording's contents; valid as long as it. Any thread. */
CHX_API const chx_recording_info *chx_recording_get(const chx_recording *recording);

#ifdef __cplusplus
}
#endif

#endif
