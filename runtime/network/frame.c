/* Looks into the runtime for its kernel path, which own_model.c cannot: the executor's models and
 * parameters are other things of the same names. */
#include "network/frame.h"

#include "device/source.h"
#include "execute/runtime.h"

chx_status
chx__frame_read(const chx_runtime *runtime, char **before, char **after)
{
    const char *kernel_path = runtime->fleet.kernel_path;
    *before = *after = NULL;
    chx_status status = chx__source_from_embedded("neuron/own.h", kernel_path, before);
    return status ? status : chx__source_from_embedded("neuron/population.cl", kernel_path, after);
}
