/* Chrome's trace-event format, as Perfetto reads it: complete events ("X"), and flow events
 * ("s", "f") for dependencies. What was measured comes first, what was predicted in processes of
 * its own below, so that both can be read side by side. Ids are made from indices and stay the
 * same from run to run. */
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/numerals.h"
#include "schedule/text.h"
#include "schedule/timeline.h"

/* The trace-event format: a device is a process, a lane a thread, times are microseconds. What was
 * predicted stands in processes of its own, so that it can be read below what was measured. */
typedef struct trace {
    FILE *stream;
    const chx_timeline *timeline;
    bool started; /* an event has been written, the next needs a comma */
} trace;

static void
begin_event(trace *to, const char *phase)
{
    fprintf(to->stream, "%s\n{\"ph\":\"%s\"", to->started ? "," : "", phase);
    to->started = true;
}

/* Devices are numbered by their first lane. */
static uint32_t
process_of(const chx_timeline *timeline, uint32_t lane, chx__timeline_basis basis)
{
    uint32_t first = 0;
    while (strcmp(timeline->lanes[first].device, timeline->lanes[lane].device) != 0)
        first++;
    return first * 2 + (basis == CHX__BASIS_PREDICTED ? 2 : 1);
}

static void
write_name(trace *to, const char *what, uint32_t process, uint32_t thread, const char *prefix,
           const char *name)
{
    begin_event(to, "M");
    fprintf(to->stream,
            ",\"name\":\"%s\",\"pid\":%" PRIu32 ",\"tid\":%" PRIu32 ",\"args\":{\"name\":", what,
            process, thread);
    char text[256];
    snprintf(text, sizeof text, "%s%s", prefix, name);
    chx__text_write_json(to->stream, text);
    fputs("}}", to->stream);
}

static void
write_order(trace *to, const char *what, uint32_t process, uint32_t thread, uint32_t order)
{
    begin_event(to, "M");
    fprintf(to->stream,
            ",\"name\":\"%s\",\"pid\":%" PRIu32 ",\"tid\":%" PRIu32
            ",\"args\":{\"sort_index\":%" PRIu32 "}}",
            what, process, thread, order);
}

static void
write_lanes(trace *to, chx__timeline_basis basis)
{
    const chx_timeline *timeline = to->timeline;
    bool predicted = basis == CHX__BASIS_PREDICTED;
    for (uint32_t l = 0; l < timeline->n_lanes; l++) {
        const chx__timeline_lane *lane = &timeline->lanes[l];
        uint32_t process = process_of(timeline, l, basis);
        if (process == l * 2 + (predicted ? 2 : 1)) {
            const char *device = lane->device[0] ? lane->device : "schedule";
            write_name(to, "process_name", process, 0, predicted ? "predicted: " : "", device);
            write_order(to, "process_sort_index", process, 0,
                        l + (predicted ? (uint32_t)timeline->n_lanes : 0));
        }
        write_name(to, "thread_name", process, l + 1, "", lane->name);
        write_order(to, "thread_sort_index", process, l + 1, l);
    }
}

static void
write_span(trace *to, uint32_t index, chx__timeline_basis basis)
{
    static const char *const categories[] = {"", "kernel", "host", "transfer"};
    const chx_span *span = &to->timeline->spans[index];
    chx__interval times = chx__span_interval(span, basis);
    if (!times.known)
        return;
    begin_event(to, "X");
    fprintf(to->stream,
            ",\"cat\":\"%s\",\"pid\":%" PRIu32 ",\"tid\":%" PRIu32 ",\"ts\":%.3f,\"dur\":%.3f"
            ",\"name\":",
            categories[span->kind], process_of(to->timeline, span->lane, basis), span->lane + 1,
            times.start_ns * 1e-3, (times.finish_ns - times.start_ns) * 1e-3);
    chx__text_write_json(to->stream, span->name);
    fprintf(to->stream, ",\"args\":{\"span\":%" PRIu32, index);
    if (span->kind == CHX_SPAN_TRANSFER)
        fprintf(to->stream, ",\"bytes\":%" PRIu64, span->bytes);
    chx__interval predicted = chx__span_interval(span, CHX__BASIS_PREDICTED);
    if (basis == CHX__BASIS_MEASURED && predicted.known)
        fprintf(to->stream, ",\"predicted_us\":%.3f",
                (predicted.finish_ns - predicted.start_ns) * 1e-3);
    fputs("}}", to->stream);
}

static void
write_flow_end(trace *to, const char *phase, uint32_t lane, chx__timeline_basis basis, uint64_t id,
               double ns)
{
    begin_event(to, phase);
    fprintf(to->stream,
            ",\"cat\":\"dependency\",\"name\":\"dependency\",\"id\":%" PRIu64 ",\"pid\":%" PRIu32
            ",\"tid\":%" PRIu32 ",\"ts\":%.3f%s}",
            id, process_of(to->timeline, lane, basis), lane + 1, ns * 1e-3,
            phase[0] == 'f' ? ",\"bp\":\"e\"" : "");
}

static void
write_flow(trace *to, size_t edge, chx__timeline_basis basis)
{
    const chx_span *before = &to->timeline->spans[to->timeline->edges[edge].before];
    const chx_span *after = &to->timeline->spans[to->timeline->edges[edge].after];
    chx__interval from = chx__span_interval(before, basis);
    chx__interval to_times = chx__span_interval(after, basis);
    if (!from.known || !to_times.known)
        return;
    /* An arrow belongs to the slice that is open at its time, so it leaves just before the end. */
    double leaves_ns = from.finish_ns - 1.0 > from.start_ns ? from.finish_ns - 1.0 : from.start_ns;
    uint64_t id = (uint64_t)edge * 2 + (basis == CHX__BASIS_MEASURED);
    write_flow_end(to, "s", before->lane, basis, id, leaves_ns);
    write_flow_end(to, "f", after->lane, basis, id, to_times.start_ns);
}

static void
write_basis(trace *to, chx__timeline_basis basis)
{
    if (!chx__timeline_extent(to->timeline, basis).known)
        return;
    write_lanes(to, basis);
    for (uint32_t s = 0; s < to->timeline->n_spans; s++)
        write_span(to, s, basis);
    for (size_t e = 0; e < to->timeline->n_edges; e++)
        write_flow(to, e, basis);
}

chx_status
chx_timeline_write_trace(const chx_timeline *timeline, const char *path)
{
    CHX__REQUIRE(timeline && path);
    chx__output output;
    chx_status status = chx__output_begin(&output, path);
    if (status)
        return status;
    chx__numerals numerals = chx__numerals_begin();
    trace to = {.stream = output.stream, .timeline = timeline};
    fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[", to.stream);
    write_basis(&to, CHX__BASIS_MEASURED);
    write_basis(&to, CHX__BASIS_PREDICTED);
    fputs("\n]}\n", to.stream);
    chx__numerals_end(&numerals);
    return chx__output_commit(&output);
}
