/* A device is watched as a whole. As long as it ends commands it is well; what it has not ended is
 * measured against the longest of the commands that can be at work on it, for a short one of one
 * lane may stand behind a long one of another. A command can be at work when all before it on its
 * lane has come back, and so has all that it waits for.
 *
 * What is expected is the measured cost. Before there is one, a kernel may be compiled at its first
 * launch, which can take seconds; and transfers are not measured, so a slow wire is assumed.
 *
 * Nobody may be taken for dead who only works slowly. On a processor that others keep busy, or that
 * is at work on one long kernel, the heartbeat stands in line like everything else. So there
 * silence counts only while the process uses hardly any time of the processor. Nor does time count
 * in which this thread itself was not woken: who is stopped, or sleeps with the machine, is not
 * late. And the last device in use is given all the time that its runs have, as there is nothing to
 * go on with.
 *
 * A look costs a few words for each lane of each run in flight, twenty times a second; with nothing
 * in flight there are none. All of it is under the turn and none of it calls a driver: heartbeats
 * have threads of their own. */
#include "execute/vigil.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "device/courier.h"
#include "device/heartbeat.h"
#include "execute/reap.h"

#define LOOK_NS UINT64_C(50000000)
#define MOST_PASSED_NS (2 * LOOK_NS) /* that count between two looks */
#define LATE_FACTOR 2.0
#define LATE_NS 0.2e9
#define HUNG_FACTOR 16.0
#define HUNG_NS 3e9
#define UNMEASURED_NS 2e9 /* of a kernel, beside what was guessed */
#define SLOW_WIRE_NS 2.0 /* for a byte */
#define BUSY_SHARE 20 /* of the time of one core is what a busy processor uses at least */
#define FAREWELL_NS UINT64_C(1000000000)
#define QUIET_NS UINT64_C(100000000)

typedef struct watch {
    uint64_t n_back; /* commands of the device, at the last look */
    uint64_t worked_ns; /* since it ended one, or could begin one */
    uint64_t patient_ns; /* it is not asked again before it has worked so long */
    chx__heartbeat *heartbeat;
    uint64_t silent_ns; /* since it was asked */
    uint64_t used_ns; /* of the processor, by the process when it was asked */
} watch;

struct chx__vigil {
    uint64_t looked_ns;
    watch *watches; /* by device */
    uint32_t n_watches;
};

/* What a device is at work on. */
typedef struct chore {
    chx_run *run; /* NULL: nothing */
    uint32_t command;
    double expected_ns; /* of the longest */
} chore;

chx_status
chx__vigil_create(const chx__fleet *fleet, chx__vigil **vigil)
{
    chx__vigil *made = chx__alloc(1, sizeof *made);
    if (made)
        made->watches = chx__alloc(fleet->n_devices, sizeof *made->watches);
    if (!made || !made->watches) {
        free(made);
        return chx__fail_memory("creating a runtime");
    }
    made->n_watches = fleet->n_devices;
    *vigil = made;
    return CHX_OK;
}

bool
chx__vigil_destroy(chx__vigil **vigil)
{
    chx__vigil *ending = *vigil;
    bool all = true;
    if (!ending)
        return true;
    *vigil = NULL;
    for (uint32_t d = 0; d < ending->n_watches; d++)
        all &= chx__heartbeat_drop(&ending->watches[d].heartbeat, FAREWELL_NS);
    free(ending->watches);
    free(ending);
    return all;
}

bool
chx__vigil_leave(chx_runtime *runtime, const chx__platform *platform)
{
    chx__vigil *vigil = runtime->vigil;
    bool all = true;
    for (uint32_t d = 0; vigil && d < vigil->n_watches; d++)
        if (runtime->fleet.devices[d].platform == platform)
            all &= chx__heartbeat_drop(&vigil->watches[d].heartbeat, QUIET_NS);
    return all;
}

static uint64_t
processor_time_ns(void)
{
    struct timespec used = {0};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * UINT64_C(1000000000) + (uint64_t)used.tv_nsec;
}

/* It is well, or has nothing to do. */
static void
rest(watch *of)
{
    of->worked_ns = of->patient_ns = of->silent_ns = 0;
    if (!of->heartbeat)
        return;
    chx__heartbeat_call_off(of->heartbeat);
    if (chx__heartbeat_has_left(of->heartbeat))
        chx__heartbeat_drop(&of->heartbeat, 0);
}

static bool
is_back(const chx_run *run, uint32_t command)
{
    const chx__step_state state = run->steps[command].state;
    return state != CHX__STEP_WAITING && state != CHX__STEP_SENT;
}

/* Whether nothing that it waits for is still under way. */
static bool
can_be_at_work(const chx_run *run, uint32_t command)
{
    const chx__command *waiting = &run->lowered->commands[command];
    const chx__step *step = &run->steps[command];
    if (step->state != CHX__STEP_SENT || step->parcel.number > step->parcel.lane->n_back)
        return false;
    for (uint32_t i = 0; i < waiting->n_waits; i++)
        if (!is_back(run, run->lowered->waits[waiting->first_wait + i]))
            return false;
    for (uint32_t t = 0; t < step->n_tickets; t++) {
        const chx__ticket *ticket = &run->tickets[step->first_ticket + t];
        const chx_run *before = chx__run_followed(run, ticket);
        if (before && !is_back(before, ticket->command))
            return false;
    }
    return true;
}

/* What a kernel is known to take on the device or on one like it, for which it was compiled too. */
static bool
find_measured(const chx_run *run, const chx__command *command, const chx__device *device,
              double *measured_ns)
{
    const chx__fleet *fleet = &run->runtime->fleet;
    chx__cost_key key = command->cost_keys.own;
    bool is_found = chx__costs_find(run->runtime->costs, &key, measured_ns);
    for (uint32_t d = 0; !is_found && d < fleet->n_devices; d++) {
        key.device = fleet->devices[d].pace;
        is_found = chx__digest_equal(fleet->devices[d].identity, device->identity) &&
                   chx__costs_find(run->runtime->costs, &key, measured_ns);
    }
    return is_found;
}

static double
expected_ns(const chx_run *run, uint32_t index, const chx__device *device)
{
    const chx__command *command = &run->lowered->commands[index];
    const double predicted_ns = command->finish_ns - command->start_ns;
    double measured_ns;
    if (command->kind == CHX__COMMAND_TRANSFER)
        return predicted_ns + SLOW_WIRE_NS * (double)chx__command_bytes(run->lowered, command);
    return find_measured(run, command, device, &measured_ns) ? measured_ns
                                                             : predicted_ns + UNMEASURED_NS;
}

/* The first command of a lane that is with its courier. False when there is none. */
static bool
find_sent(const chx_run *run, uint32_t lane, uint32_t *command)
{
    for (uint32_t row = run->next_reap[lane]; row < run->next_enqueue[lane]; row++) {
        *command = run->lowered->lane_commands[row];
        if (run->steps[*command].state == CHX__STEP_SENT)
            return true;
    }
    return false;
}

/* Runs that may be repeated and have a deadline, where the lane is the device's. */
static bool
is_watched(const chx_run *run, uint32_t lane, const chx__device *device)
{
    return run->recovers && !run->failed && run->timeout_ns != CHX_FOREVER &&
           run->lowered->model.lanes[lane].device == device;
}

static chore
find_chore(const chx_runtime *runtime, const chx__device *device)
{
    chore found = {0};
    for (chx_run *run = runtime->flight.first; run; run = run->next)
        for (uint32_t l = 0, command; l < run->lowered->model.machine.n_lanes; l++) {
            if (!is_watched(run, l, device) || !find_sent(run, l, &command) ||
                !can_be_at_work(run, command))
                continue;
            const double ns = expected_ns(run, command, device);
            if (!found.run || ns > found.expected_ns)
                found = (chore){run, command, ns};
        }
    return found;
}

static void
fail_runs(chx_runtime *runtime, const chx__device *device, const char *what)
{
    for (chx_run *run = runtime->flight.first; run; run = run->next)
        for (uint32_t l = 0, command; l < run->lowered->model.machine.n_lanes; l++)
            if (is_watched(run, l, device) && find_sent(run, l, &command))
                chx__reap_fail(run, command, CHX_ERROR_TIMEOUT, 0, what);
}

/* The command is said first, for recovery tells of the first failure. */
static void
judge(const chore *late, watch *of, chx__device *device, bool is_silent)
{
    char what[128];
    snprintf(what, sizeof what, "has not ended within %.1f s, and the device %s",
             (double)of->worked_ns / 1e9,
             is_silent ? "gives no sign of life" : "would have had the time");
    device->is_silent = is_silent;
    chx__reap_fail(late->run, late->command, CHX_ERROR_TIMEOUT, 0, what);
    fail_runs(late->run->runtime, device, what);
    rest(of);
}

/* Of what works on the processor, the process's time tells as well. */
static bool
is_busy(const watch *of, const chx__device *device)
{
    return device->info.kind == CHX_DEVICE_CPU &&
           processor_time_ns() - of->used_ns >= of->silent_ns / BUSY_SHARE;
}

static void
begin_listening(watch *of)
{
    of->silent_ns = 0;
    of->used_ns = processor_time_ns();
}

static void
listen(const chore *late, watch *of, chx__device *device, uint64_t lateness_ns)
{
    if (chx__heartbeat_is_heard(of->heartbeat)) {
        chx__heartbeat_drop(&of->heartbeat, QUIET_NS);
        of->patient_ns = 2 * of->worked_ns;
    } else if (of->silent_ns >= lateness_ns) {
        if (is_busy(of, device))
            begin_listening(of);
        else
            judge(late, of, device, true);
    }
}

static void
look_at(chx_runtime *runtime, chx__device *device, watch *of, uint64_t passed_ns)
{
    const chore late = find_chore(runtime, device);
    uint64_t n_back = 0;
    for (uint32_t l = 0; l < device->n_lanes; l++)
        n_back += device->lanes[l].n_back;
    if (!late.run || n_back != of->n_back || device->platform->is_suspect) {
        of->n_back = n_back;
        rest(of);
        return;
    }
    const uint64_t lateness_ns = (uint64_t)(LATE_FACTOR * late.expected_ns + LATE_NS);
    of->worked_ns += passed_ns;
    of->silent_ns += passed_ns;
    if (of->worked_ns >= (uint64_t)(HUNG_FACTOR * late.expected_ns + HUNG_NS))
        judge(&late, of, device, false);
    else if (of->heartbeat)
        listen(&late, of, device, lateness_ns);
    else if (of->worked_ns >= lateness_ns && of->worked_ns >= of->patient_ns &&
             chx__heartbeat_ask(device, &of->heartbeat) == CHX_OK)
        begin_listening(of);
}

void
chx__vigil_look(chx_runtime *runtime)
{
    chx__vigil *vigil = runtime->vigil;
    const uint64_t now_ns = chx__now_ns();
    uint64_t passed_ns = now_ns - vigil->looked_ns;
    if (passed_ns < LOOK_NS)
        return;
    if (passed_ns > MOST_PASSED_NS)
        passed_ns = MOST_PASSED_NS;
    vigil->looked_ns = now_ns;
    const bool is_last = chx__fleet_n_usable(&runtime->fleet) < 2;
    for (uint32_t d = 0; d < vigil->n_watches; d++)
        if (is_last)
            rest(&vigil->watches[d]);
        else
            look_at(runtime, &runtime->fleet.devices[d], &vigil->watches[d], passed_ns);
}
