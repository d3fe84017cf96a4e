/* Playing a recording: a simulation whose spikes are known. Used by simulation*.c only. */
#ifndef CHX_NETWORK_PLAYBACK_H
#define CHX_NETWORK_PLAYBACK_H

#include "network/simulation_state.h"

/* Makes what chx_simulation_create() makes: the history, in which nothing has fired. */
chx_status chx__playback_prepare(chx_simulation *simulation);

/* Does what chx_simulation_build() does: before the first stretch, and for each. */
chx_status chx__playback_enter(chx_simulation *simulation, chx_graph *graph);
chx_status chx__playback_build(chx_simulation *simulation);

/* Notes that the next stretch plays until the simulation's step. */
chx_status chx__playback_queue(chx_simulation *simulation);

#endif
