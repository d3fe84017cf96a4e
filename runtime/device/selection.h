/* Selection: which devices a user's text names. */
#ifndef CHX_DEVICE_SELECTION_H
#define CHX_DEVICE_SELECTION_H

#include "device/fleet.h"

/* Sets info.selected of the root devices that `wanted` names: a comma list of indices and parts of
 * device or platform names, "all", or NULL for all. Errors: INVALID for an empty item,
 * UNKNOWN_DEVICE with a list of what exists. */
chx_status chx__fleet_select(chx__fleet *fleet, const char *wanted);

/* Of the selected processors' drivers keeps only the one that measured fastest. */
void chx__fleet_keep_fastest_cpu(chx__fleet *fleet);

#endif
