/* The rows of plasticities that kernels read. A time constant of 0 is a rate at which nothing is
 * left after one step: exp(-1000) is 0 in floats. */
#include "network/simulation_tables.h"

#include "base/alloc.h"
#include "base/error.h"

#define AT_ONCE 1000

static float
rate_of(double tau_ms, double time_step_ms)
{
    return tau_ms * AT_ONCE > time_step_ms ? (float)(time_step_ms / tau_ms) : AT_ONCE;
}

chx_status
chx__simulation_plasticities_init(chx__simulation_tables *tables)
{
    const chx_network_info *info = tables->info;
    chx_status status = chx__plasticity_map_init(&tables->plasticity_map, info);
    if (status || info->n_plasticities == 0)
        return status;
    tables->plasticities = chx__alloc(info->n_plasticities, sizeof *tables->plasticities);
    if (!tables->plasticities)
        return chx__fail_memory("listing plastic synapses");
    for (uint32_t i = 0; i < info->n_plasticities; i++) {
        const chx_plasticity *from = &info->plasticities[i];
        tables->plasticities[i] = (chx_population_plasticity){
            .utilization = (float)from->utilization,
            .recovery = rate_of(from->recovery_ms, info->time_step_ms),
            .facilitation = rate_of(from->facilitation_ms, info->time_step_ms),
        };
    }
    return CHX_OK;
}
