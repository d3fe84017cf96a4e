/* Waiting on the host for one event, which no driver can turn into waiting for ever. */
#include "device/backend.h"

#include <sched.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"

#define MOST_QUESTIONS 100 /* for one status */

/* Short commands end within the first yields; long ones are looked at every 100 us. */
static void
pause_polling(uint64_t started_ns, uint64_t now_ns)
{
    if (now_ns - started_ns < 100000) {
        sched_yield();
        return;
    }
    struct timespec nap = {.tv_nsec = 100000};
    nanosleep(&nap, NULL);
}

cl_int
chx__backend_status(const chx__backend *backend, cl_event event)
{
    cl_int status = CL_QUEUED, refused = CL_SUCCESS;
    for (int i = 0; i < MOST_QUESTIONS; i++) {
        refused = backend->event_status(event, &status);
        if (!refused)
            return status;
    }
    return refused;
}

chx_status
chx__backend_await(const chx__backend *backend, cl_event event, uint64_t deadline_ns,
                   const char *device, const char *doing)
{
    uint64_t started_ns = chx__now_ns();
    for (;;) {
        cl_int status = chx__backend_status(backend, event);
        if (status == CL_COMPLETE)
            return CHX_OK;
        if (status < 0)
            return chx__fail_cl(chx__cl_failure(status), status, device, NULL, "%s: %s failed (%s)",
                                device, doing, chx__cl_name(status));
        uint64_t now_ns = chx__now_ns();
        if (now_ns >= deadline_ns)
            return chx__fail_cl(CHX_ERROR_TIMEOUT, 0, device, NULL,
                                "%s: %s did not complete in time", device, doing);
        pause_polling(started_ns, now_ns);
    }
}
