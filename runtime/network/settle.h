/* Settling: places for neurons that have no flow, by forces (settle.c). */
#ifndef CHX_NETWORK_SETTLE_H
#define CHX_NETWORK_SETTLE_H

#include <chronaxie/runtime.h>

#include "network/web.h"

/* Finds places for the nodes of a web of neurons, which stand part by part, each part around 0, in
 * units of the spacing. Errors: as of runs. */
chx_status chx__settle(chx_runtime *runtime, const chx__web *web, float (*at)[2]);

#endif
