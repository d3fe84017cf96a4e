/* Costs are asked for once where lanes are alike, as a device's compute lanes are. */
#include "execute/setting.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"

static void
make_items(const chx__flow *flow, const chx__cast *cast, chx__item *items)
{
    for (uint32_t v = 0; v < flow->n_versions; v++) {
        const chx__version *version = &flow->versions[v];
        const chx__atom *atom = &flow->atoms[version->atom];
        items[v] = (chx__item){.bytes = atom->end - atom->begin, .producer = version->producer};
        if (version->producer != CHX__NO_INDEX)
            continue;
        chx__stretch at = chx__cast_atom(cast, flow, version->atom);
        items[v].entry_places = chx__coherence_places(&at.buffer->coherence, at.begin, at.end);
    }
}

/* Whether a task costs the same on both lanes. A device's lanes stand together. */
static bool
are_alike(const chx__model *model, uint32_t a, uint32_t b)
{
    return model->lanes[a].device == model->lanes[b].device &&
           model->machine_lanes[a].role == model->machine_lanes[b].role;
}

static double *
make_costs(const chx_graph *graph, const chx__model *model)
{
    const chx_runtime *runtime = graph->runtime;
    uint32_t n_lanes = model->machine.n_lanes;
    double *costs = chx__alloc(graph->n_tasks, n_lanes * sizeof *costs);
    for (uint32_t t = 0; costs && t < graph->n_tasks; t++) {
        double *row = &costs[(size_t)t * n_lanes];
        for (uint32_t l = 0; l < n_lanes; l++)
            row[l] =
                l > 0 && are_alike(model, l - 1, l)
                    ? row[l - 1]
                    : chx__model_cost(model, runtime->costs, &runtime->fleet, &graph->tasks[t], l);
    }
    return costs;
}

chx_status
chx__setting_init(chx__setting *setting, const chx_graph *graph, const chx__flow *flow,
                  const chx__cast *cast, const chx__model *model)
{
    *setting = (chx__setting){.items = chx__alloc(flow->n_versions, sizeof *setting->items),
                              .costs = make_costs(graph, model)};
    if (!setting->items || !setting->costs) {
        chx__setting_finish(setting);
        return chx__fail_memory("planning a graph");
    }
    make_items(flow, cast, setting->items);
    return CHX_OK;
}

void
chx__setting_finish(chx__setting *setting)
{
    free(setting->items);
    free(setting->costs);
    *setting = (chx__setting){0};
}

chx__problem
chx__setting_problem(const chx__setting *setting, const chx_graph *graph, const chx__flow *flow)
{
    return (chx__problem){
        .n_tasks = graph->n_tasks,
        .n_items = flow->n_versions,
        .items = setting->items,
        .inputs = {flow->reads.begin, flow->reads.index},
        .after = {flow->after.begin, flow->after.index},
        .cost_ns = setting->costs,
    };
}
