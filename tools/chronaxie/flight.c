/* Up to three runs are under way, in a ring: before a fourth is submitted the oldest is waited
 * for, and its timeline counted and thrown away or kept. After a signal a run gets two seconds
 * more; then the flight is stuck, and its owner leaves without destroying what the run may still
 * use. */
#include "flight.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "interrupt.h"
#include "result.h"

#define POLL_NS 200000000u
#define PATIENCE_AFTER_SIGNAL 10 /* polls */

static flight_device *
find_device(struct flight *flight, const char *name)
{
    flight_device *grown;

    for (size_t i = 0; i < flight->n_devices; i++) {
        if (strncmp(flight->devices[i].name, name, sizeof grown->name - 1) == 0)
            return &flight->devices[i];
    }
    grown = realloc(flight->devices, (flight->n_devices + 1) * sizeof *grown);
    if (!grown)
        return NULL;
    flight->devices = grown;
    grown += flight->n_devices++;
    memset(grown, 0, sizeof *grown);
    snprintf(grown->name, sizeof grown->name, "%s", name);
    return grown;
}

static void
count_spans(struct flight *flight, const chx_timeline *timeline)
{
    for (uint32_t i = 0; i < chx_timeline_n_spans(timeline); i++) {
        const chx_span *span = chx_timeline_span(timeline, i);
        const char *name = chx_timeline_lane_device(timeline, span->lane);
        flight_device *device = find_device(flight, name ? name : "");
        if (!device || span->measured_start_ns < 0 || span->measured_finish_ns < 0)
            continue;
        if (span->kind == CHX_SPAN_TRANSFER) {
            device->moved_bytes += span->bytes;
            continue;
        }
        device->busy_ns += span->measured_finish_ns - span->measured_start_ns;
        device->n_tasks++;
    }
}

static chx_status
keep(flight_record *record, uint64_t index, const chx_timeline *timeline)
{
    chx_status status = CHX_OK;
    if (index < record->first || index - record->first >= record->n)
        return CHX_OK;
    if (!record->timeline)
        status = chx_timeline_create(&record->timeline);
    return status == CHX_OK ? chx_timeline_append(record->timeline, timeline) : status;
}

/* Waits for one run: to its end, which has a deadline, or until two seconds after a signal. */
static chx_status
wait_for(struct flight *flight, chx_run *run)
{
    chx_status status;

    do {
        status = chx_run_wait(run, POLL_NS);
        if (status != CHX_ERROR_TIMEOUT)
            return status;
        if (chx_run_done(run))
            return chx_run_wait(run, CHX_FOREVER);
        flight->n_polls_after_signal += interrupt_pending();
    } while (flight->n_polls_after_signal < PATIENCE_AFTER_SIGNAL);
    flight->is_stuck = true;
    return status;
}

static chx_status
end_oldest(struct flight *flight)
{
    uint64_t index = flight->n_ended++;
    chx_run **run = &flight->runs[index % FLIGHT_DEPTH];
    chx_timeline *timeline = NULL;
    chx_status status = wait_for(flight, *run);

    if (status != CHX_OK && flight->failure.status == CHX_OK)
        flight->failure = *chx_last_error();
    if (status == CHX_OK)
        status = chx_run_timeline(*run, &timeline);
    if (status == CHX_OK) {
        count_spans(flight, timeline);
        status = keep(&flight->trace, index, timeline);
    }
    if (status == CHX_OK)
        status = keep(&flight->picture, index, timeline);
    chx_timeline_destroy(&timeline);
    chx_run_destroy(run);
    return status;
}

chx_status
flight_submit(struct flight *flight)
{
    chx_status status = CHX_OK;
    if (flight->n_submitted - flight->n_ended == FLIGHT_DEPTH)
        status = end_oldest(flight);
    if (status == CHX_OK)
        status = chx_plan_submit(flight->plan, &flight->runs[flight->n_submitted % FLIGHT_DEPTH]);
    if (status == CHX_OK)
        flight->n_submitted++;
    return status;
}

chx_status
flight_drain(struct flight *flight)
{
    chx_status status = CHX_OK;
    while (flight->n_ended < flight->n_submitted) {
        chx_status ended = end_oldest(flight);
        status = status == CHX_OK ? ended : status;
    }
    return status;
}

void
flight_fail(struct flight *flight, chx_status status, chx_error *told)
{
    *told = chx_last_error()->status == status ? *chx_last_error() : (chx_error){.status = status};
    flight_drain(flight);
    if (flight->failure.status != CHX_OK)
        *told = flight->failure;
    flight->failure = (chx_error){.status = CHX_OK};
}

chx_status
flight_write(const struct flight *flight, const char *trace_path, const char *timeline_path)
{
    chx_status status = CHX_OK;
    if (trace_path && flight->trace.timeline)
        status = chx_timeline_write_trace(flight->trace.timeline, trace_path);
    if (status == CHX_OK && timeline_path && flight->picture.timeline)
        status = result_write_timeline(flight->picture.timeline, timeline_path);
    return status;
}

json_t *
flight_devices_json(const struct flight *flight, double wall_s)
{
    json_t *list = json_array();
    for (size_t i = 0; i < flight->n_devices; i++) {
        const flight_device *device = &flight->devices[i];
        double busy_s = device->busy_ns * 1e-9;
        json_array_append_new(list, json_pack("{s:s, s:f, s:f, s:I, s:I}", "name", device->name,
                                              "busy_ms", busy_s * 1e3, "busy_share",
                                              wall_s > 0 ? busy_s / wall_s : 0.0, "tasks",
                                              (json_int_t)device->n_tasks, "moved_bytes",
                                              (json_int_t)device->moved_bytes));
    }
    return list;
}

void
flight_print_devices(const struct flight *flight, double wall_s)
{
    for (size_t i = 0; i < flight->n_devices; i++) {
        const flight_device *device = &flight->devices[i];
        printf("  %-40s %llu task%s, busy %.1f ms (%.0f %%), moved %.2f MB\n", device->name,
               (unsigned long long)device->n_tasks, result_plural(device->n_tasks),
               device->busy_ns * 1e-6, wall_s > 0 ? device->busy_ns * 1e-7 / wall_s : 0.0,
               (double)device->moved_bytes * 1e-6);
    }
}

bool
flight_finish(struct flight *flight)
{
    bool all_ended;

    flight_drain(flight);
    all_ended = !flight->is_stuck;
    chx_timeline_destroy(&flight->trace.timeline);
    chx_timeline_destroy(&flight->picture.timeline);
    free(flight->devices);
    memset(flight, 0, sizeof *flight);
    return all_ended;
}
