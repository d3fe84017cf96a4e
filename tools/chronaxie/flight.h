/* A flight: submissions of one plan of which up to three are under way at a time.
 *
 * Each run that ends leaves its figures (how long which device was busy) and, for the runs asked
 * for, its timeline. */
#ifndef CHRONAXIE_FLIGHT_H
#define CHRONAXIE_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <chronaxie/plan.h>
#include <jansson.h>

#define FLIGHT_DEPTH 3

/* What one device did. */
typedef struct flight_device {
    char name[64];
    double busy_ns; /* kernels and host tasks */
    uint64_t n_tasks;
    uint64_t moved_bytes;
} flight_device;

/* Runs whose timelines are joined: [first, first + n). */
typedef struct flight_record {
    uint64_t first;
    uint64_t n;
    chx_timeline *timeline; /* NULL until the first run of the range ended */
} flight_record;

struct flight {
    chx_plan *plan; /* borrowed */
    chx_run *runs[FLIGHT_DEPTH];
    uint64_t n_submitted;
    uint64_t n_ended;
    uint32_t n_polls_after_signal;
    bool is_stuck; /* a run was given up */
    chx_error failure; /* of the first run that failed */
    flight_device *devices;
    size_t n_devices;
    flight_record trace; /* for a trace file */
    flight_record picture; /* for a drawing, which shows only a few runs legibly */
};

/* Submits one more run, after waiting for the oldest when three are under way. */
chx_status flight_submit(struct flight *flight);

/* Waits for everything under way, also after a failure; returns the first one. */
chx_status flight_drain(struct flight *flight);

/* After a failure: waits for everything under way, and says why it failed, as the first run that
 * did tells it: that knows better than what followed. */
void flight_fail(struct flight *flight, chx_status status, chx_error *told);

/* Writes the joined timelines; a NULL path writes nothing. */
chx_status flight_write(const struct flight *flight, const char *trace_path,
                        const char *timeline_path);

/* Devices with their work as a JSON array; wall_s is the time they had. */
json_t *flight_devices_json(const struct flight *flight, double wall_s);

/* Prints the same as lines of text. */
void flight_print_devices(const struct flight *flight, double wall_s);

/* Waits for everything under way and releases all but the plan. False when a signal came and a run
 * did not end within two seconds: what it uses must then be left alone until the process exits. */
bool flight_finish(struct flight *flight);

#endif
