/* A builder: the thread in which a driver compiles, since compilers may take for ever. */
#ifndef CHX_DEVICE_BUILDER_H
#define CHX_DEVICE_BUILDER_H

#include "device/fleet.h"

/* Has the platform's back-end build the target. Sleeps meanwhile; when the driver does not come
 * back in time its platform is stuck from then on, and the fleet and all that the target names must
 * stay for ever. Errors: as the back-end's, TIMEOUT. Any thread. */
chx_status chx__builder_build(const chx__fleet *fleet, chx__platform *platform,
                              const chx__target *target, cl_program *program);

#endif
