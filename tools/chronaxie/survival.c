/* Only failures of devices are survived. What a kernel, a file or a caller did wrong would be wrong
 * again. */
#include "survival.h"

#include <stdlib.h>
#include <string.h>

#include "interrupt.h"
#include "outcome.h"
#include "stopwatch.h"

#define LEAST_INTERVAL_NS 1000000000u
#define SHARE 30 /* of the time is what keeping takes */
#define MOST_IN_A_ROW 3 /* failures without anything kept between them */
#define DEADLINE_NS 15000000000u
#define EXCLUDE_TIMEOUT_NS 10000000000u

/* A device in use of that name, or the number of devices. */
static uint32_t
find(const chx_runtime *runtime, const char *name, uint32_t *n_usable)
{
    const uint32_t n_devices = chx_runtime_n_devices(runtime);
    uint32_t found = n_devices;
    *n_usable = 0;
    for (uint32_t d = 0; d < n_devices; d++) {
        chx_device_info info;
        if (chx_runtime_device(runtime, d, &info) != CHX_OK || !info.selected || info.excluded)
            continue;
        ++*n_usable;
        if (name[0] && strncmp(info.name, name, sizeof((chx_error *)0)->device - 1) == 0)
            found = d;
    }
    return found;
}

chx_plan_params
survival_plan_params(const chx_runtime *runtime)
{
    uint32_t n_usable;
    find(runtime, "", &n_usable);
    return (chx_plan_params){.deadline_ns = n_usable > 1 ? DEADLINE_NS : 0};
}

void
survival_begin(struct survival *survival, double time_ms)
{
    if (time_ms > survival->time_ms) {
        survival->n_in_a_row = 0;
        survival->device[0] = '\0';
    }
    survival->time_ms = time_ms;
    survival->kept_ns = stopwatch_now_ns();
}

bool
survival_is_due(const struct survival *survival)
{
    const uint64_t passed_ns = stopwatch_now_ns() - survival->kept_ns;
    return passed_ns > LEAST_INTERVAL_NS && passed_ns / SHARE > survival->cost_ns;
}

chx_status
survival_keep(struct survival *survival, chx_simulation *simulation, double time_ms,
              uint64_t begun_ns)
{
    void *state;
    size_t size_bytes;
    const chx_status status = chx_simulation_save_memory(simulation, &state, &size_bytes);
    if (status != CHX_OK)
        return status;
    survival_take(survival, &state, size_bytes, time_ms);
    survival->cost_ns = survival->kept_ns - begun_ns;
    return CHX_OK;
}

void
survival_take(struct survival *survival, void **state, size_t size_bytes, double time_ms)
{
    free(survival->state);
    survival->state = *state;
    *state = NULL;
    survival->size_bytes = size_bytes;
    survival->n_in_a_row = 0;
    survival->device[0] = '\0';
    survival->time_ms = time_ms;
    survival->kept_ns = stopwatch_now_ns();
}

/* Leaves a device out, when others remain. */
static bool
leave_out(chx_runtime *runtime, const chx_error *error)
{
    uint32_t n_usable;
    const uint32_t device = find(runtime, error->device, &n_usable);
    return device < chx_runtime_n_devices(runtime) && n_usable > 1 &&
           chx_runtime_exclude(runtime, device, error->message, EXCLUDE_TIMEOUT_NS) == CHX_OK;
}

bool
survival_is_of_device(const chx_error *error)
{
    return error->status == CHX_ERROR_DEVICE || error->status == CHX_ERROR_DEVICE_MEMORY ||
           error->status == CHX_ERROR_TIMEOUT;
}

static bool
is_possible(const struct survival *survival, const chx_error *error)
{
    return survival_is_of_device(error) && survival->n_in_a_row < MOST_IN_A_ROW &&
           !interrupt_pending();
}

/* False when no device would remain. */
static bool
find_way(struct survival *survival, chx_runtime *runtime, const chx_error *error)
{
    const bool is_late = error->status == CHX_ERROR_TIMEOUT;
    const bool is_second = error->device[0] && strcmp(error->device, survival->device) == 0;
    const bool is_left_out = (is_late || is_second) && leave_out(runtime, error);
    if ((is_late || is_second) && !is_left_out)
        return false;
    survival->n_failures++;
    survival->n_in_a_row++;
    memcpy(survival->device, error->device, sizeof survival->device);
    outcome_remark("%s; going on from %.6g ms%s", error->message, survival->time_ms,
                   is_left_out ? " without that device" : "");
    return true;
}

bool
survival_goes_on(struct survival *survival, chx_runtime *runtime, struct flight *flight,
                 chx_status status, chx_error *told)
{
    *told = chx_last_error()->status == status ? *chx_last_error() : (chx_error){.status = status};
    if (flight) {
        flight_drain(flight);
        /* The first run that failed tells why better than what followed it. */
        if (flight->failure.status != CHX_OK)
            *told = flight->failure;
        flight->failure = (chx_error){.status = CHX_OK};
        if (flight->is_stuck)
            return false;
    }
    return is_possible(survival, told) && find_way(survival, runtime, told);
}

chx_status
survival_restore(const struct survival *survival, chx_simulation *simulation)
{
    return survival->state
               ? chx_simulation_restore_memory(simulation, survival->state, survival->size_bytes)
               : CHX_OK;
}

void
survival_close(struct survival *survival)
{
    free(survival->state);
    *survival = (struct survival){0};
}
