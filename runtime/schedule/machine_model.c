/* The machine of a file, as far as the scheduler itself does not know it. Memory is a place's,
 * stated with any of the devices on it; the first that states some counts. */
#include "schedule/machine_model.h"

#include <stdlib.h>

void
chx__machine_model_finish(chx__machine_model *model)
{
    for (uint32_t d = 0; model->devices && d < model->n_devices; d++)
        free(model->devices[d].name);
    for (uint32_t l = 0; model->lane_models && l < model->machine.n_lanes; l++) {
        free(model->lane_models[l].name);
        free(model->lane_models[l].full_name);
    }
    free(model->devices);
    free(model->lane_models);
    free(model->lanes);
    free(model->links);
    *model = (chx__machine_model){0};
}

uint64_t
chx__machine_model_memory(const chx__machine_model *model, uint32_t place)
{
    for (uint32_t d = 0; d < model->n_devices; d++)
        if (model->devices[d].place == place && model->devices[d].memory_bytes)
            return model->devices[d].memory_bytes;
    return UINT64_MAX;
}
