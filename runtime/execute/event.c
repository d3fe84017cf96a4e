#include "execute/runtime.h"

#include <time.h>

#include "base/clock.h"
#include "base/error.h"

#define LONGEST_SLEEP_NS 200000

chx_status
chx__event_wait(cl_event event, uint64_t deadline_ns, const char *device, const char *doing)
{
    for (long sleep_ns = 5000;; sleep_ns = sleep_ns < LONGEST_SLEEP_NS ? 2 * sleep_ns : sleep_ns) {
        cl_int status = CL_QUEUED;
        cl_int code =
            clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof status, &status, NULL);
        if (code != CL_SUCCESS)
            status = code;
        if (status == CL_COMPLETE)
            return CHX_OK;
        if (status < 0)
            return chx__fail_cl(chx__cl_status(status), status, device, NULL, "%s: %s failed (%s)",
                                device, doing, chx__cl_name(status));
        if (chx__now_ns() >= deadline_ns)
            return chx__fail_cl(CHX_ERROR_TIMEOUT, 0, device, NULL,
                                "%s: %s did not complete in time", device, doing);
        nanosleep(&(struct timespec){.tv_nsec = sleep_ns}, NULL);
    }
}
