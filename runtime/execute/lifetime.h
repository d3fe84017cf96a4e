/* The life of a runtime: creation and end. */
#ifndef CHX_EXECUTE_LIFETIME_H
#define CHX_EXECUTE_LIFETIME_H

#include "execute/runtime.h"

/* What chx_runtime_create() calls; on null devices when a machine of them is given, which must
 * outlive the runtime. */
chx_status chx__runtime_create(chx_runtime **runtime, const chx_runtime_params *params,
                               chx__null *machine);

#endif
