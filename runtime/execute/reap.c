/* A command is done when its parcel came back well *and* everything that it follows is done:
 * drivers complete commands that wait for a failed one, with whatever bytes there were. Lanes are
 * in order, so of each only the first command that has not been reaped is looked at. */
#include "execute/reap.h"

#include <assert.h>
#include <stdio.h>

#include "base/error.h"

void
chx__reap_fail(chx_run *run, uint32_t command, chx_status status, cl_int code, const char *what)
{
    const chx__device *device = chx__run_device(run, command);
    const char *device_name = device ? device->info.name : "host";
    char name[64];
    chx__command_name(run->lowered, &run->lowered->commands[command], name, sizeof name);
    chx__fail_cl(status, code, device_name, name, "task %s on %s %s", name, device_name, what);
    chx__run_fail(run, chx_last_error());
}

static void
fail_refused(chx_run *run, uint32_t command, cl_int code)
{
    const char *device = chx__run_device(run, command)->info.name;
    const chx__command *refused = &run->lowered->commands[command];
    const chx_status status =
        refused->kind == CHX__COMMAND_TRANSFER ? chx__cl_failure(code) : chx__cl_status(code);
    char name[64];
    chx__command_name(run->lowered, refused, name, sizeof name);
    chx__fail_cl(status, code, device, name, "%s refused task %s (%s)", device, name,
                 chx__cl_name(code));
    chx__run_fail(run, chx_last_error());
}

void
chx__reap_parcel(chx__parcel *parcel)
{
    chx__step *step = (chx__step *)parcel;
    chx_run *run = step->run;
    assert(step->state == CHX__STEP_SENT && run->n_outstanding > 0);
    step->state = parcel->end == CHX__PARCEL_DONE || parcel->end == CHX__PARCEL_FAILED
                      ? CHX__STEP_BACK
                      : CHX__STEP_LEFT;
    if (parcel->end == CHX__PARCEL_REFUSED && !run->failed && !run->has_left)
        fail_refused(run, (uint32_t)(step - run->steps), parcel->code);
    if (--run->n_outstanding > 0)
        return;
    if (run->has_left) {
        run->runtime->n_abandoned--;
        pthread_cond_broadcast(&run->runtime->changed);
    }
    chx__run_unref(run);
}

static bool
reap_host_task(chx_run *run, uint32_t command)
{
    chx__step *step = &run->steps[command];
    const chx__host_job *job = &run->jobs[step->job];
    if (atomic_load(&job->state) != CHX__JOB_DONE)
        return false;
    step->parcel.start_ns = job->start_ns;
    step->parcel.finish_ns = job->finish_ns;
    if (job->status)
        chx__run_fail(run, &job->error);
    return true;
}

static bool
reap_device_command(chx_run *run, uint32_t command)
{
    const chx__step *step = &run->steps[command];
    if (step->state != CHX__STEP_BACK)
        return false;
    if (step->parcel.end == CHX__PARCEL_FAILED) {
        cl_int code = step->parcel.code;
        char what[96];
        snprintf(what, sizeof what, "failed with %s; its results are lost", chx__cl_name(code));
        chx__reap_fail(run, command, chx__cl_failure(code), code, what);
    }
    return true;
}

/* Whether all that a command follows has ended well. */
static bool
follows_success(const chx_run *run, uint32_t command)
{
    const chx__command *waiting = &run->lowered->commands[command];
    for (uint32_t i = 0; i < waiting->n_waits; i++)
        if (run->steps[run->lowered->waits[waiting->first_wait + i]].state != CHX__STEP_DONE)
            return false;
    const chx__ticket *tickets = &run->tickets[run->steps[command].first_ticket];
    for (uint32_t t = 0; t < run->steps[command].n_tickets; t++) {
        const chx_run *before = chx__run_followed(run, &tickets[t]);
        if (before && (before->failed || before->steps[tickets[t].command].state != CHX__STEP_DONE))
            return false;
    }
    return true;
}

/* Notes the next completion of a lane. */
static bool
reap_command(chx_run *run, uint32_t lane)
{
    const chx__lowered *lowered = run->lowered;
    if (run->next_reap[lane] == run->next_enqueue[lane])
        return false;
    uint32_t command = lowered->lane_commands[run->next_reap[lane]];
    if (!follows_success(run, command))
        return false;
    bool completed = lowered->model.lanes[lane].device ? reap_device_command(run, command)
                                                       : reap_host_task(run, command);
    if (!completed)
        return false;
    run->steps[command].state = run->failed ? CHX__STEP_FAILED : CHX__STEP_DONE;
    run->next_reap[lane]++;
    run->n_done++;
    assert(run->next_reap[lane] <= run->next_enqueue[lane] && run->n_done <= lowered->n_commands);
    return true;
}

/* A completion on one lane may be what that of another waits for, so lanes are looked at until
 * nothing moves. */
bool
chx__reap(chx_run *run)
{
    bool any = false;
    bool progressed;
    do {
        progressed = false;
        for (uint32_t l = 0; l < run->lowered->model.machine.n_lanes; l++)
            while (!run->failed && reap_command(run, l))
                progressed = true;
        any |= progressed;
    } while (progressed);
    return any;
}
