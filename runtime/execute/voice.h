/* Where a runtime says things, for floors above that need no more of it. */
#ifndef CHX_EXECUTE_VOICE_H
#define CHX_EXECUTE_VOICE_H

#include "base/log.h"

/* Lives as long as the runtime. */
const chx__logger *chx__runtime_logger(const chx_runtime *runtime);

#endif
