/* Survival: what a run goes on from when a device fails.
 *
 * The state is kept in memory now and then, so seldom that it takes a thirtieth of the time. A
 * device that fails is tried once more, for a driver may refuse a call and serve the next; one that
 * fails again, or does not come back in time, is left out while others remain. */
#ifndef CHRONAXIE_SURVIVAL_H
#define CHRONAXIE_SURVIVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <chronaxie/chronaxie.h>

#include "flight.h"

struct survival {
    void *state; /* kept last; NULL before the first, for what the run began with */
    size_t size_bytes;
    double time_ms; /* of the network, then or at the beginning */
    uint64_t kept_ns; /* when, or when the run began */
    uint64_t cost_ns; /* what that took */
    unsigned n_failures; /* in all */
    unsigned n_in_a_row; /* since something was kept */
    char device[64]; /* that failed last */
};

/* For plans: where another device can go on, one that hangs is not waited for as long as usual. */
chx_plan_params survival_plan_params(const chx_runtime *runtime);

/* From where on the run would go on. A device that failed before is not held to have failed when
 * that is further than it was. */
void survival_begin(struct survival *survival, double time_ms);

/* Whether a state should be kept. */
bool survival_is_due(const struct survival *survival);

/* Keeps the state of a simulation that is not under way, and stands at that time; begun_ns is when
 * waiting for that began. */
chx_status survival_keep(struct survival *survival, chx_simulation *simulation, double time_ms,
                         uint64_t begun_ns);

/* Takes over a state of that time, got otherwise, and clears *state. */
void survival_take(struct survival *survival, void **state, size_t size_bytes, double time_ms);

/* Whether it is a failure that another device, or another attempt, may be without. */
bool survival_is_of_device(const chx_error *error);

/* After a failure: waits for what is under way, and if a device has failed, and not too often in a
 * row, tries the devices once more or leaves one out, and says so. False where there is no way;
 * *told says why. The flight may be NULL. */
bool survival_goes_on(struct survival *survival, chx_runtime *runtime, struct flight *flight,
                      chx_status status, chx_error *told);

/* Takes a new simulation to the state that was kept, if any. */
chx_status survival_restore(const struct survival *survival, chx_simulation *simulation);

void survival_close(struct survival *survival);

#endif
