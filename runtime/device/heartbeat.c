/* A few bytes are written and then copied within the device's memory, in order, on a new queue of
 * the context that the device works in. They stand beside what hangs, and yet nothing but the
 * device can do them. What is refused or fails is no sign of life.
 *
 * A device that is out of use is asked in a context that is made for it, and has to pass the
 * self-test as well.
 *
 * Each has a thread, for a driver may stay in any call. It touches nothing of the fleet: what it
 * needs is copied when it is asked for, and the context is its caller's care. Objects whose
 * commands have not ended are forgotten, since their release could wait for ever. */
#include "device/heartbeat.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "device/self_test.h"
#include "device/straggler.h"

#define NAP_NS 1000000

/* Commands may read it after its heartbeat is gone. */
static const uint32_t word = 0;

struct chx__heartbeat {
    const chx__backend *backend;
    const chx__device *tested; /* anew, in a context of its own; else NULL */
    const char *kernel_path;
    cl_context context;
    cl_device_id device;
    cl_command_queue queue;
    cl_mem from, to;
    cl_event written, copied;
    pthread_t thread;
    atomic_bool is_called_off, is_heard, has_left;
    atomic_bool is_parted; /* either its thread or who drops it has left the other */
};

static void
nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
}

static cl_int
enqueue(chx__heartbeat *asked)
{
    const chx__backend *backend = asked->backend;
    const chx__wait_list none = {0};
    cl_int code = backend->create_queue(asked->context, asked->device, &asked->queue);
    if (!code)
        code = backend->create_memory(asked->context, sizeof word, NULL, &asked->from);
    if (!code)
        code = backend->create_memory(asked->context, sizeof word, NULL, &asked->to);
    if (!code)
        code = backend->write(asked->queue, asked->from, 0, sizeof word, &word, &none,
                              &asked->written);
    if (!code)
        code = backend->copy(asked->queue, asked->from, asked->to, 0, sizeof word, &none,
                             &asked->copied);
    if (asked->written)
        backend->flush(asked->queue);
    return code;
}

/* Whether the event has ended while somebody listens. */
static bool
await(const chx__heartbeat *asked, cl_event event, cl_int *status)
{
    while ((*status = chx__backend_status(asked->backend, event)) > CL_COMPLETE) {
        if (atomic_load(&asked->is_called_off))
            return false;
        nap();
    }
    return true;
}

static void
release(const chx__heartbeat *asked)
{
    if (asked->queue)
        asked->backend->release_queue(asked->queue);
    if (asked->from)
        asked->backend->release_memory(asked->from);
    if (asked->to)
        asked->backend->release_memory(asked->to);
}

/* Whether it beats. What has not ended is left where it is, its context with it. */
static bool
beat(chx__heartbeat *asked)
{
    cl_int status = enqueue(asked);
    cl_event last = asked->copied ? asked->copied : asked->written;
    bool is_over = !last || await(asked, last, &status);
    const bool is_heard = asked->copied && is_over && status == CL_COMPLETE;
    if (asked->copied)
        asked->backend->release_event(asked->copied);
    if (asked->written)
        asked->backend->release_event(asked->written);
    if (is_over)
        release(asked);
    if (is_over && asked->tested)
        asked->backend->release_context(asked->context);
    return is_heard;
}

static bool
is_well(chx__heartbeat *asked)
{
    const chx__device *tested = asked->tested;
    if (tested && asked->backend->create_context(tested->platform, &asked->device, 1,
                                                 &asked->context) != CL_SUCCESS)
        return false;
    return beat(asked) && (!tested || chx__self_test_repeat(tested, asked->kernel_path));
}

static void *
work(void *data)
{
    chx__heartbeat *asked = data;
    atomic_store(&asked->is_heard, is_well(asked));
    atomic_store(&asked->has_left, true);
    if (atomic_exchange(&asked->is_parted, true))
        chx__straggler_remove();
    return NULL;
}

static chx_status
ask(const chx__heartbeat *wanted, chx__heartbeat **heartbeat)
{
    chx__heartbeat *made = chx__alloc(1, sizeof *made);
    if (!made)
        return chx__fail_memory("asking a device for a sign of life");
    made->backend = wanted->backend;
    made->tested = wanted->tested;
    made->kernel_path = wanted->kernel_path;
    made->context = wanted->context;
    made->device = wanted->device;
    if (pthread_create(&made->thread, NULL, work, made) != 0) {
        free(made);
        return chx__fail_memory("asking a device for a sign of life");
    }
    *heartbeat = made;
    return CHX_OK;
}

chx_status
chx__heartbeat_ask(const chx__device *device, chx__heartbeat **heartbeat)
{
    return ask(&(chx__heartbeat){.backend = chx__device_backend(device),
                                 .context = device->platform->context,
                                 .device = device->id},
               heartbeat);
}

chx_status
chx__heartbeat_ask_anew(const chx__device *device, const char *kernel_path,
                        chx__heartbeat **heartbeat)
{
    return ask(&(chx__heartbeat){.backend = chx__device_backend(device),
                                 .tested = device,
                                 .kernel_path = kernel_path,
                                 .device = device->id},
               heartbeat);
}

bool
chx__heartbeat_is_heard(const chx__heartbeat *heartbeat)
{
    return atomic_load(&heartbeat->is_heard);
}

bool
chx__heartbeat_has_left(const chx__heartbeat *heartbeat)
{
    return atomic_load(&heartbeat->has_left);
}

void
chx__heartbeat_call_off(chx__heartbeat *heartbeat)
{
    atomic_store(&heartbeat->is_called_off, true);
}

bool
chx__heartbeat_drop(chx__heartbeat **heartbeat, uint64_t timeout_ns)
{
    chx__heartbeat *ending = *heartbeat;
    const uint64_t deadline_ns = chx__now_ns() + timeout_ns;
    if (!ending)
        return true;
    *heartbeat = NULL;
    chx__heartbeat_call_off(ending);
    while (!chx__heartbeat_has_left(ending) && chx__now_ns() < deadline_ns)
        nap();
    chx__straggler_add();
    if (!atomic_exchange(&ending->is_parted, true)) {
        pthread_detach(ending->thread);
        chx__keep(ending);
        return false;
    }
    chx__straggler_remove();
    pthread_join(ending->thread, NULL);
    free(ending);
    return true;
}
