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

/* The network's time is what the run begins with. */
void survival_begin(struct survival *survival, double time_ms);

/* Whether a state should be kept. */
bool survival_is_due(const struct survival *survival);

/* Keeps the state of a simulation that is not under way, and stands at that time; begun_ns is when
 * waiting for that began. */
chx_status survival_keep(struct survival *survival, chx_simulation *simulation, double time_ms,
                         uint64_t begun_ns);

/* Whether a run may go on after a failure: a device's, and not too often in a row. */
bool survival_is_possible(const struct survival *survival, const chx_error *error,
                          chx_status status);

/* Then, when nothing is under way any more: tries the devices once more or leaves one out, and says
 * so. False when none would remain. */
bool survival_find_way(struct survival *survival, chx_runtime *runtime, const chx_error *error);

/* Takes a new simulation to the state that was kept, if any. */
chx_status survival_restore(const struct survival *survival, chx_simulation *simulation);

void survival_close(struct survival *survival);

#endif
