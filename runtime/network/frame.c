/* Looks into the runtime for its kernel path, which own_model.c cannot: the executor's models and
 * parameters are other things of the same names. */
#include "network/frame.h"

#include "device/source.h"
#include "execute/runtime.h"

static const char *const names[CHX__FRAME_TEXTS] = {"neuron/model.h", "neuron/block_begin.h",
                                                    "neuron/population.cl"};

chx_status
chx__frame_read(const chx_runtime *runtime, char *texts[CHX__FRAME_TEXTS])
{
    chx_status status = CHX_OK;
    for (int i = 0; i < CHX__FRAME_TEXTS; i++)
        texts[i] = NULL;
    for (int i = 0; i < CHX__FRAME_TEXTS && !status; i++)
        status = chx__source_from_embedded(names[i], runtime->fleet.kernel_path, &texts[i]);
    return status;
}
