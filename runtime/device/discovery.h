/* Discovery: which platforms and devices this machine has, before any is tested or opened. */
#ifndef CHX_DEVICE_DISCOVERY_H
#define CHX_DEVICE_DISCOVERY_H

#include "device/fleet.h"

/* Fills platforms and root devices. A platform without devices is left out. No platform at all is
 * success with zero devices. Errors: MEMORY. */
chx_status chx__fleet_discover(chx__fleet *fleet);

/* Numbers devices of one name from the second on, "NAME #2". Errors: MEMORY. */
chx_status chx__devices_tell_apart(chx__device *devices, uint32_t n_devices);

/* Cuts every selected root device into n_parts and appends the parts, which take over the
 * selection. A device that cannot be cut stays whole with a warning. Errors: INVALID when none
 * could be cut, MEMORY. */
chx_status chx__fleet_split(chx__fleet *fleet, uint32_t n_parts);

#endif
