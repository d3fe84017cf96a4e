/* A lowered plan as a timeline: lanes are the model's, spans the commands with the same indices,
 * and edges the waits. In-order lanes say the rest. A run's predicted times start at plan time
 * 0; they are laid on the clock by the run's first measured start, so that both can be drawn on
 * one axis. Called on a plan, or on a run that has ended: the steps do not change any more. */
#include "execute/spans.h"

#include <assert.h>

#include "base/error.h"

static chx_status
add_lanes(const chx__lowered *lowered, chx_timeline *timeline)
{
    chx_status status = CHX_OK;
    for (uint32_t l = 0; !status && l < lowered->model.machine.n_lanes; l++) {
        const chx__machine_lane *lane = &lowered->model.machine_lanes[l];
        status = chx_timeline_add_lane(timeline, lane->device, lane->name, NULL);
    }
    return status;
}

static chx_span_kind
span_kind(chx__command_kind kind)
{
    switch (kind) {
    case CHX__COMMAND_KERNEL:
        return CHX_SPAN_KERNEL;
    case CHX__COMMAND_HOST:
        return CHX_SPAN_HOST;
    case CHX__COMMAND_TRANSFER:
        break;
    }
    return CHX_SPAN_TRANSFER;
}

typedef struct stretch {
    uint64_t start_ns, finish_ns;
} stretch;

/* What a courier still has, of a failed run, has no times. */
static stretch
measured(const chx_run *run, uint32_t command)
{
    const chx__step *step = &run->steps[command];
    bool is_told = step->state != CHX__STEP_WAITING && step->state != CHX__STEP_SENT;
    return is_told ? (stretch){step->parcel.start_ns, step->parcel.finish_ns} : (stretch){0, 0};
}

/* What lies between the plan's time 0 and the clock: the run's first start against its
 * prediction. */
static double
prediction_origin_ns(const chx__lowered *lowered, const chx_run *run)
{
    double origin_ns = 0.0;
    uint64_t first_ns = UINT64_MAX;
    for (uint32_t c = 0; c < lowered->n_commands; c++)
        if (measured(run, c).start_ns < first_ns) {
            first_ns = measured(run, c).start_ns;
            origin_ns = (double)first_ns - lowered->commands[c].start_ns;
        }
    return origin_ns;
}

static uint64_t
n_items(const chx__command *command)
{
    const chx__launch *launch = &command->launch;
    return command->kind == CHX__COMMAND_KERNEL ? launch->global[launch->n_dimensions - 1] : 0;
}

static chx_status
add_span(const chx__lowered *lowered, const chx_run *run, uint32_t index, double origin_ns,
         chx_timeline *timeline)
{
    const chx__command *command = &lowered->commands[index];
    const stretch seen = run ? measured(run, index) : (stretch){0, 0};
    char name[64];
    chx__command_name(lowered, command, name, sizeof name);
    chx_span span = {
        .name = name,
        .kind = span_kind(command->kind),
        .lane = command->lane,
        .bytes = chx__command_bytes(lowered, command),
        .predicted_start_ns = origin_ns + command->start_ns,
        .predicted_finish_ns = origin_ns + command->finish_ns,
        .measured_start_ns = run ? (double)seen.start_ns : -1.0,
        .measured_finish_ns = run ? (double)seen.finish_ns : -1.0,
        .n_items = n_items(command),
    };
    return chx_timeline_add_span(timeline, &span, NULL);
}

/* The timeline is empty: several devices may have the same name. */
static chx_status
fill(chx_timeline *timeline, const chx__lowered *lowered, const chx_run *run, double begin_ns)
{
    double origin_ns = run ? prediction_origin_ns(lowered, run) : begin_ns;
    chx_status status = add_lanes(lowered, timeline);
    for (uint32_t c = 0; !status && c < lowered->n_commands; c++)
        status = add_span(lowered, run, c, origin_ns, timeline);
    for (uint32_t c = 0; !status && c < lowered->n_commands; c++)
        for (uint32_t i = 0; !status && i < lowered->commands[c].n_waits; i++)
            status = chx_timeline_add_edge(timeline,
                                           lowered->waits[lowered->commands[c].first_wait + i], c);
    return status;
}

chx_status
chx__spans_add(chx_timeline *timeline, const chx__lowered *lowered, const chx_run *run,
               double begin_ns)
{
    assert(!run || atomic_load(&run->ended));
    chx_timeline *added;
    if (chx_timeline_n_lanes(timeline) == 0)
        return fill(timeline, lowered, run, begin_ns);
    chx_status status = chx_timeline_create(&added);
    if (status)
        return status;
    status = fill(added, lowered, run, begin_ns);
    if (!status)
        status = chx_timeline_append(timeline, added);
    chx_timeline_destroy(&added);
    return status;
}
