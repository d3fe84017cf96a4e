/* A device that failed may be well again a little later: a driver was reset, an eGPU is back, the
 * machine was overloaded. So one that was left out is on probation. It is asked for a heartbeat in
 * a context of its own and tested; when both are well it is used again, and plans are made anew.
 *
 * The first trial is 5 s after it was left out, and each waits twice as long as the one before, up
 * to 5 min; a device that fails again goes on from there, unless it was well for as long as that.
 * Trials are begun and judged by submits of plans that recover, so an idle process makes none. A
 * trial that does not come back is no longer listened to, and holds nobody but further trials of
 * its device.
 *
 * Not for devices that the caller has excluded, nor where a driver stays in a call, for it is not
 * called again. All of it is under the turn; trials touch nothing of the runtime. */
#include "execute/probation.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "device/heartbeat.h"
#include "execute/host_thread.h"
#include "execute/rebuild.h"

#define LONGEST_NS UINT64_C(300000000000) /* between two trials */
#define TRIAL_NS UINT64_C(60000000000) /* after which nobody listens */
#define TAKING_BACK_NS UINT64_C(2000000000)
#define FAREWELL_NS UINT64_C(1000000000)

typedef struct term {
    uint64_t delay_ns; /* before the next trial; 0: never left out */
    uint64_t due_ns; /* when that begins; 0: in use */
    uint64_t begun_ns, taken_back_ns;
    chx__heartbeat *trial;
} term;

struct chx__probation {
    term *terms; /* by device */
    uint32_t n_terms;
};

static bool
is_on_probation(const chx__device *device)
{
    return device->is_left_out && device->info.excluded && !device->is_barred &&
           !atomic_load(&device->platform->is_stuck);
}

static bool
has_any(const chx__fleet *fleet)
{
    bool any = false;
    for (uint32_t d = 0; d < fleet->n_devices; d++)
        any |= is_on_probation(&fleet->devices[d]);
    return any;
}

static chx__probation *
create(uint32_t n_devices)
{
    chx__probation *made = chx__alloc(1, sizeof *made);
    if (made)
        made->terms = chx__alloc(n_devices, sizeof *made->terms);
    if (!made || !made->terms) {
        free(made);
        return NULL;
    }
    made->n_terms = n_devices;
    return made;
}

static void
put_off(term *of, uint64_t first_ns, uint64_t now_ns)
{
    of->delay_ns = of->delay_ns ? 2 * of->delay_ns : first_ns;
    if (of->delay_ns > LONGEST_NS)
        of->delay_ns = LONGEST_NS;
    of->due_ns = now_ns + of->delay_ns;
}

static void
begin_term(term *of, uint64_t first_ns, uint64_t now_ns)
{
    if (now_ns - of->taken_back_ns > LONGEST_NS)
        of->delay_ns = 0;
    put_off(of, first_ns, now_ns);
}

/* Whether the device is in use again. */
static bool
judge(chx_runtime *runtime, chx__device *device, term *of)
{
    const bool is_well = chx__heartbeat_is_heard(of->trial);
    chx__heartbeat_drop(&of->trial, 0);
    put_off(of, runtime->probation_ns, chx__now_ns());
    if (!is_well || !chx__readmit(runtime, device, TAKING_BACK_NS))
        return false;
    of->due_ns = 0;
    of->taken_back_ns = chx__now_ns();
    return true;
}

/* Whether the device is in use again. */
static bool
look_at(chx_runtime *runtime, chx__device *device, term *of)
{
    const uint64_t now_ns = chx__now_ns();
    if (of->trial && chx__heartbeat_has_left(of->trial))
        return judge(runtime, device, of);
    if (of->trial && now_ns - of->begun_ns >= TRIAL_NS)
        chx__heartbeat_call_off(of->trial);
    if (of->due_ns == 0) {
        begin_term(of, runtime->probation_ns, now_ns);
    } else if (!of->trial && now_ns >= of->due_ns) {
        of->begun_ns = now_ns;
        chx__heartbeat_ask_anew(device, runtime->fleet.kernel_path, &of->trial);
    }
    return false;
}

/* A host task that submits may be what a platform's runs wait for, so it takes nothing back. */
void
chx__probation_look(chx_runtime *runtime)
{
    chx__fleet *fleet = &runtime->fleet;
    if (!has_any(fleet) || chx__host_thread_is_current(runtime->host_thread) ||
        chx__fleet_is_shut(fleet))
        return;
    if (!runtime->probation)
        runtime->probation = create(fleet->n_devices);
    chx__probation *probation = runtime->probation;
    for (uint32_t d = 0; probation && d < probation->n_terms; d++)
        if (is_on_probation(&fleet->devices[d]) &&
            look_at(runtime, &fleet->devices[d], &probation->terms[d]))
            return;
}

bool
chx__probation_destroy(chx__probation **probation)
{
    chx__probation *ending = *probation;
    bool all = true;
    if (!ending)
        return true;
    *probation = NULL;
    for (uint32_t d = 0; d < ending->n_terms; d++)
        all &= chx__heartbeat_drop(&ending->terms[d].trial, FAREWELL_NS);
    free(ending->terms);
    free(ending);
    return all;
}
