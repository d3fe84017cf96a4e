/* Parcels go round in three lists. `staged` is the sender's, `sent` and `back` are under the lock,
 * which is held for nothing but moving whole lists, and what has been launched lies in the rings of
 * the lanes, which only the courier's thread touches. A parcel is in one of them at a time, and
 * whoever has it may write to it.
 *
 * Lanes are in order, so of each only the oldest parcel is asked for; a parcel's number says where
 * in the ring it lies, or that it has ended. That is how a launch finds the events it waits for
 * without anybody having to keep earlier runs. Drivers disagree on what a failed event does to what
 * waits for it (some hang, some go on with stale data), so no event known to have failed is put on
 * a wait list, and what is to wait for it, or for what was refused, is not launched. Numbers that
 * have left the ring and did not end well are kept as *gaps* until nothing can name them any more,
 * which is when all parcels are with the sender: it names only those that it has not got back.
 *
 * Ends are noticed by a callback where a parcel is awaited, or where the driver has no stamps, and
 * else by looking: soon after progress, ever less often without. The collector is woken for what is
 * awaited, for failures, and when nothing is in the air any more; the rest it finds then.
 *
 * The thread notes when it began its present call, which is how others know that it is stuck. The
 * lock (order 2, innermost) is never held during a call. */
#include "device/courier.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "device/straggler.h"

/* A burst is flushed and looked at before the next, so that devices start early in a long plan. */
#define BURST 256u
#define LAUNCHES_PER_LOOK 8u /* at the clock, which costs a fiftieth of a launch */
#define BATCH 64u /* parcels that are sent without waiting for more */
#define MOST_UNTOLD 1024u /* ends that nobody awaits, for which the collector is not woken */
/* Parcels of a lane that the driver has at a time: enough for a device to be busy between two
 * looks, and few, for what a driver allocates for each is then used again while in the cache. */
#define WINDOW 1024u
#define POLL_SHORTEST_NS UINT64_C(1000000)
#define POLL_LONGEST_NS UINT64_C(16000000)
#define POLL_FULL_NS UINT64_C(100000) /* while a lane is full and more waits */
#define FAREWELL_NS UINT64_C(2000000000)

typedef struct parcel_list {
    chx__parcel *first, *last;
} parcel_list;

/* Numbers of a lane that nothing may follow. */
typedef struct gap {
    const chx__lane *lane;
    uint64_t begin, end;
} gap;

struct chx__courier {
    chx__fleet *fleet;
    chx__platform *platform;
    const chx__backend *backend;
    chx__inbox *news; /* the collector's */
    chx__inbox *inbox; /* its own; NULL without a thread */
    pthread_t thread;
    parcel_list staged; /* the sender's, and so are the counts */
    uint32_t n_staged;
    size_t n_out;
    bool is_anew; /* what is staged names nothing that has come back */
    pthread_mutex_t lock; /* order 2, innermost: the fields down to is_abandoned */
    pthread_cond_t left;
    parcel_list sent, back;
    bool forgets; /* what is sent begins with what was staged anew */
    chx__call *first_call, *last_call;
    bool has_left, is_abandoned;
    atomic_bool is_nudged;
    atomic_uint n_calls; /* that are to be made */
    _Atomic uint64_t entered_ns; /* when the thread began its present call; 0 while it sleeps */
    /* The thread's own. */
    parcel_list waiting, ended; /* not launched yet; to be given back */
    uint32_t n_flying;
    uint32_t n_launched; /* of the present burst */
    uint32_t n_untold; /* given back since the collector was last woken */
    bool has_news; /* for the collector */
    bool has_lost_watch; /* a driver may keep the callback of what failed, and with it the inbox */
    const chx__lane *waiting_lane; /* of the command whose wait list it is */
    cl_event *waits;
    size_t n_waits, wait_capacity;
    gap *gaps; /* of each lane in order */
    size_t n_gaps, gap_capacity;
    bool has_lost_gaps; /* for want of memory: nobody knows what ended well */
};

/* Once it is so nothing is left to do: the thread that was in the call ends when it comes back. */
static bool
is_stuck(const chx__courier *courier)
{
    return atomic_load(&courier->platform->is_stuck);
}

static void
append(parcel_list *list, chx__parcel *parcel)
{
    parcel->next = NULL;
    if (list->first)
        list->last->next = parcel;
    else
        list->first = parcel;
    list->last = parcel;
}

/* Moves all of a list to the end of another. */
static void
splice(parcel_list *to, parcel_list *from)
{
    if (!from->first)
        return;
    if (to->first)
        to->last->next = from->first;
    else
        to->first = from->first;
    to->last = from->last;
    *from = (parcel_list){0};
}

static chx__parcel **
place_of(const chx__lane *lane, uint64_t number)
{
    assert(lane->parcels && number >= lane->first && number - lane->first < WINDOW);
    return &lane->parcels[number % WINDOW];
}

/* Rings are made once, when nothing is in them, and do not grow: what has no room there waits. */
static bool
has_ring(chx__lane *lane)
{
    if (!lane->parcels)
        lane->parcels = chx__alloc(WINDOW, sizeof *lane->parcels);
    return lane->parcels != NULL;
}

static bool
is_full(const chx__lane *lane)
{
    return lane->end - lane->first == WINDOW;
}

static void
enter(chx__courier *courier, uint64_t now_ns)
{
    atomic_store_explicit(&courier->entered_ns, now_ns, memory_order_relaxed);
}

static void
finish(chx__courier *courier, chx__parcel *parcel, chx__parcel_end end, cl_int code)
{
    parcel->end = (uint8_t)end;
    parcel->code = code;
    if (end != CHX__PARCEL_DONE)
        parcel->start_ns = 0;
    courier->has_news |= end != CHX__PARCEL_DONE || atomic_load(&parcel->is_awaited) ||
                         ++courier->n_untold == MOST_UNTOLD;
    append(&courier->ended, parcel);
}

void
chx__courier_begin_waits(chx__courier *courier, const chx__lane *lane)
{
    courier->waiting_lane = lane;
    courier->n_waits = 0;
}

/* What the driver said of a parcel in the air. A failure stands once it is told: what was left out
 * for its sake never ends where the driver says otherwise when it is asked again. */
static cl_int
ask(const chx__courier *courier, chx__parcel *parcel)
{
    cl_int status =
        parcel->code ? parcel->code : chx__backend_status(courier->backend, parcel->event);
    if (status < CL_COMPLETE && !parcel->code) {
        parcel->code = status;
        if (parcel->kind->fail)
            parcel->kind->fail(parcel);
    }
    return status;
}

/* Whether nothing may follow what is in the ring, or was not launched. */
static bool
is_void(const chx__parcel *parcel)
{
    return !parcel || parcel->code || (parcel->kind->is_void && parcel->kind->is_void(parcel));
}

/* Notes that nothing may follow what leaves the ring. */
static void
leave_gap(chx__courier *courier, const chx__lane *lane, uint64_t number)
{
    for (size_t i = courier->n_gaps; i-- > 0;)
        if (courier->gaps[i].lane == lane) {
            if (courier->gaps[i].end != number)
                break;
            courier->gaps[i].end++;
            return;
        }
    if (chx__grow(&courier->gaps, &courier->gap_capacity, courier->n_gaps + 1,
                  sizeof *courier->gaps))
        courier->gaps[courier->n_gaps++] = (gap){lane, number, number + 1};
    else
        courier->has_lost_gaps = true;
}

/* What becomes of what follows a parcel that has left the ring. */
static cl_int
follow_ended(const chx__courier *courier, const chx__lane *lane, uint64_t number)
{
    for (size_t i = 0; i < courier->n_gaps; i++) {
        const gap *of = &courier->gaps[i];
        if (of->lane == lane && of->begin <= number && number < of->end)
            return CHX__PARCEL_UNWANTED;
    }
    return courier->has_lost_gaps ? CL_OUT_OF_HOST_MEMORY : CL_SUCCESS;
}

cl_int
chx__courier_wait_for(chx__courier *courier, const chx__lane *lane, uint64_t number)
{
    if (number < lane->first)
        return follow_ended(courier, lane, number);
    assert(number < lane->end);
    chx__parcel *before = *place_of(lane, number);
    if (is_void(before))
        return CHX__PARCEL_UNWANTED;
    if (lane == courier->waiting_lane)
        return CL_SUCCESS;
    cl_int status = ask(courier, before);
    if (status <= CL_COMPLETE)
        return status == CL_COMPLETE ? CL_SUCCESS : CHX__PARCEL_UNWANTED;
    if (!chx__grow(&courier->waits, &courier->wait_capacity, courier->n_waits + 1,
                   sizeof *courier->waits))
        return CL_OUT_OF_HOST_MEMORY;
    courier->waits[courier->n_waits++] = before->event;
    return CL_SUCCESS;
}

chx__wait_list
chx__courier_waits(const chx__courier *courier)
{
    return (chx__wait_list){(uint32_t)courier->n_waits, courier->n_waits ? courier->waits : NULL};
}

static void CL_CALLBACK
post_end(cl_event event, cl_int status, void *data)
{
    (void)event;
    (void)status;
    chx__inbox_post(data);
    chx__inbox_unref(data);
}

/* Asks to be woken when the parcel ends, once; looking stands in when the driver refuses. */
static void
watch(chx__courier *courier, chx__parcel *parcel)
{
    if (!courier->inbox || !courier->backend->watch || parcel->is_watched)
        return;
    parcel->is_watched =
        courier->backend->watch(parcel->event, post_end, chx__inbox_ref(courier->inbox));
    if (!parcel->is_watched)
        chx__inbox_unref(courier->inbox);
}

/* When a launch begins, or one of the few before it. */
static uint64_t
note_launch(chx__courier *courier, const chx__device *device)
{
    if (courier->n_launched++ % LAUNCHES_PER_LOOK == 0 || !device->has_profiling)
        enter(courier, chx__now_ns());
    return atomic_load_explicit(&courier->entered_ns, memory_order_relaxed);
}

static void
launch(chx__courier *courier, chx__parcel *parcel)
{
    chx__lane *lane = parcel->lane;
    assert(parcel->number == lane->end && !is_full(lane));
    parcel->start_ns = note_launch(courier, lane->device);
    cl_int code = CHX__PARCEL_UNWANTED;
    if (!has_ring(lane))
        code = CL_OUT_OF_HOST_MEMORY;
    else if (!atomic_load(&parcel->is_unwanted))
        code = parcel->kind->launch(parcel, courier, &parcel->event);
    if (lane->parcels)
        *place_of(lane, parcel->number) = code == CL_SUCCESS ? parcel : NULL;
    else
        leave_gap(courier, lane, lane->first++);
    lane->end++;
    if (code != CL_SUCCESS) {
        finish(courier, parcel,
               code == CHX__PARCEL_UNWANTED ? CHX__PARCEL_LEFT : CHX__PARCEL_REFUSED, code);
        return;
    }
    parcel->code = CL_SUCCESS;
    courier->n_flying++;
    lane->is_touched = true;
    if (is_stuck(courier))
        return;
    if (atomic_load(&parcel->is_awaited) || !lane->device->has_profiling)
        watch(courier, parcel);
}

static bool
has_launchable(const chx__courier *courier)
{
    return courier->waiting.first && !is_full(courier->waiting.first->lane) && !is_stuck(courier);
}

/* Launches what there is room for, up to a burst; whether there was anything. */
static bool
launch_burst(chx__courier *courier)
{
    uint32_t n = 0;
    courier->n_launched = 0;
    for (; n < BURST && has_launchable(courier); n++) {
        chx__parcel *parcel = courier->waiting.first;
        courier->waiting.first = parcel->next;
        launch(courier, parcel);
    }
    return n > 0;
}

/* Calls fn for each open lane of the platform. */
static void
for_lanes(chx__courier *courier, void (*fn)(chx__courier *, chx__device *, chx__lane *))
{
    for (uint32_t d = 0; d < courier->fleet->n_devices; d++) {
        chx__device *device = &courier->fleet->devices[d];
        for (uint32_t l = 0;
             device->platform == courier->platform && l < device->n_lanes && !is_stuck(courier);
             l++)
            fn(courier, device, &device->lanes[l]);
    }
}

static void
flush_lane(chx__courier *courier, chx__device *device, chx__lane *lane)
{
    (void)device;
    if (!lane->is_touched)
        return;
    courier->backend->flush(lane->queue);
    lane->is_touched = false;
}

/* Profiling stamps are a driver's word: a span that does not fit between launch and now gives way
 * to what the host saw, from when the command could start to when its end was noticed. What ended
 * before the thread began to look needs no clock of its own. */
static void
stamp(chx__courier *courier, chx__device *device, chx__lane *lane, chx__parcel *parcel)
{
    const uint64_t launch_ns = parcel->start_ns;
    bool is_told =
        device->has_profiling &&
        courier->backend->event_span(parcel->event, &parcel->start_ns, &parcel->finish_ns);
    uint64_t now_ns = atomic_load_explicit(&courier->entered_ns, memory_order_relaxed);
    if (!is_told || parcel->finish_ns + (uint64_t)device->clock_offset_ns > now_ns) {
        now_ns = chx__now_ns();
        enter(courier, now_ns);
    }
    if (!is_told ||
        !chx__device_to_host(device, launch_ns, now_ns, &parcel->start_ns, &parcel->finish_ns)) {
        parcel->start_ns = launch_ns > lane->free_ns ? launch_ns : lane->free_ns;
        parcel->finish_ns = now_ns;
    }
    lane->free_ns = parcel->finish_ns;
}

/* Takes the parcel's event from the driver; the parcel is not in the air any more. */
static void
land(chx__courier *courier, chx__parcel *parcel, chx__parcel_end end, cl_int code)
{
    courier->backend->release_event(parcel->event);
    parcel->event = NULL;
    courier->n_flying--;
    courier->has_lost_watch |= parcel->is_watched && end == CHX__PARCEL_FAILED;
    finish(courier, parcel, end, code);
}

static void
look_at_lane(chx__courier *courier, chx__device *device, chx__lane *lane)
{
    if (lane->first < lane->end)
        enter(courier, chx__now_ns());
    for (; lane->first < lane->end; lane->first++) {
        chx__parcel *parcel = *place_of(lane, lane->first);
        cl_int status = parcel ? ask(courier, parcel) : CL_COMPLETE;
        if (status > CL_COMPLETE || is_stuck(courier))
            return;
        if (is_void(parcel))
            leave_gap(courier, lane, lane->first);
        if (parcel && status == CL_COMPLETE)
            stamp(courier, device, lane, parcel);
        if (parcel)
            land(courier, parcel, status == CL_COMPLETE ? CHX__PARCEL_DONE : CHX__PARCEL_FAILED,
                 status);
    }
}

/* What is unwanted leaves a gap, which says to those that wait for it that it has not ended
 * well. */
static void
heed_nudge(chx__courier *courier, chx__device *device, chx__lane *lane)
{
    (void)device;
    for (uint64_t n = lane->first; n < lane->end; n++) {
        chx__parcel **place = place_of(lane, n), *parcel = *place;
        if (parcel && atomic_load(&parcel->is_unwanted)) {
            *place = NULL;
            land(courier, parcel, CHX__PARCEL_FAILED, 0);
        } else if (parcel && atomic_load(&parcel->is_awaited)) {
            watch(courier, parcel);
        }
    }
}

static void
make_calls(chx__courier *courier)
{
    pthread_mutex_lock(&courier->lock);
    chx__call *call = courier->first_call;
    courier->first_call = courier->last_call = NULL;
    pthread_mutex_unlock(&courier->lock);
    for (chx__call *next; call && !is_stuck(courier); call = next) {
        next = call->next;
        enter(courier, chx__now_ns());
        call->run(call);
        atomic_fetch_sub(&courier->n_calls, 1);
    }
    chx__keep(call); /* of a platform that has got stuck */
}

/* Takes what was sent, gives back what has ended. The collector is woken when it may have something
 * to do. */
static void
exchange(chx__courier *courier)
{
    bool has_news = courier->has_news || (courier->ended.first && courier->n_flying == 0);
    pthread_mutex_lock(&courier->lock);
    splice(&courier->back, &courier->ended);
    splice(&courier->waiting, &courier->sent);
    if (courier->forgets) {
        courier->n_gaps = 0;
        courier->has_lost_gaps = false;
        courier->forgets = false;
    }
    pthread_mutex_unlock(&courier->lock);
    if (!has_news)
        return;
    courier->has_news = false;
    courier->n_untold = 0;
    if (courier->news)
        chx__inbox_post(courier->news);
}

bool
chx__courier_work(chx__courier *courier)
{
    bool any = false;
    exchange(courier);
    do {
        const bool launched = launch_burst(courier);
        const bool nudged = atomic_exchange(&courier->is_nudged, false);
        if (launched)
            for_lanes(courier, flush_lane);
        if (nudged) {
            for_lanes(courier, heed_nudge);
            courier->has_news = true; /* what is awaited only now may be back already */
        }
        /* What was refused or is unwanted leaves gaps, which would fill a ring with nothing. */
        if (launched || nudged || courier->n_flying > 0)
            for_lanes(courier, look_at_lane);
        any |= launched || courier->ended.first;
        exchange(courier);
    } while (has_launchable(courier));
    make_calls(courier);
    return any;
}

static void *
work(void *data)
{
    chx__courier *courier = data;
    uint64_t seen = 0, poll_ns = UINT64_MAX;
    while (chx__inbox_wait(courier->inbox, &seen, poll_ns) && !is_stuck(courier)) {
        bool moved = chx__courier_work(courier);
        enter(courier, 0);
        if (courier->n_flying == 0)
            poll_ns = UINT64_MAX;
        else if (courier->waiting.first)
            poll_ns = POLL_FULL_NS;
        else if (moved || poll_ns == UINT64_MAX)
            poll_ns = POLL_SHORTEST_NS;
        else if (poll_ns < POLL_LONGEST_NS)
            poll_ns *= 2;
    }
    make_calls(courier);
    pthread_mutex_lock(&courier->lock);
    courier->has_left = true;
    if (courier->is_abandoned)
        chx__straggler_remove();
    pthread_cond_signal(&courier->left);
    pthread_mutex_unlock(&courier->lock);
    return NULL;
}

static chx_status
start(chx__courier *courier)
{
    chx_status status = chx__inbox_create(&courier->inbox);
    if (!status && pthread_create(&courier->thread, NULL, work, courier) != 0) {
        chx__inbox_unref(courier->inbox);
        courier->inbox = NULL;
        status = chx__fail(CHX_ERROR_MEMORY,
                           "the system has no room for the thread that calls "
                           "%s; end other programs or ask for a serial runtime",
                           courier->platform->name);
    }
    return status;
}

static void
courier_free(chx__courier *courier)
{
    if (courier->has_lost_watch)
        chx__keep(courier->inbox);
    chx__inbox_unref(courier->inbox);
    pthread_cond_destroy(&courier->left);
    pthread_mutex_destroy(&courier->lock);
    free(courier->waits);
    free(courier->gaps);
    free(courier);
}

chx_status
chx__courier_create(chx__fleet *fleet, chx__platform *platform, chx__inbox *news, bool serial,
                    chx__courier **courier)
{
    chx__courier *made = chx__alloc(1, sizeof *made);
    if (!made)
        return chx__fail_memory("starting a platform's courier");
    made->fleet = fleet;
    made->platform = platform;
    made->backend = platform->backend;
    made->news = news;
    pthread_mutex_init(&made->lock, NULL);
    chx__clock_init_cond(&made->left);
    chx_status status = serial ? CHX_OK : start(made);
    if (status) {
        courier_free(made);
        return status;
    }
    *courier = made;
    return CHX_OK;
}

/* Whether it leaves in time; else it is abandoned. */
static bool
await_thread(chx__courier *courier, uint64_t deadline_ns)
{
    pthread_mutex_lock(&courier->lock);
    while (!courier->has_left && chx__now_ns() < deadline_ns)
        chx__clock_sleep(&courier->left, &courier->lock, deadline_ns);
    bool has_left = courier->has_left;
    courier->is_abandoned = !has_left;
    if (!has_left)
        chx__straggler_add();
    pthread_mutex_unlock(&courier->lock);
    return has_left;
}

bool
chx__courier_destroy(chx__courier **courier)
{
    chx__courier *ending = *courier;
    if (!ending)
        return true;
    *courier = NULL;
    bool has_left = true;
    if (ending->inbox) {
        chx__inbox_close(ending->inbox);
        has_left = await_thread(ending, is_stuck(ending) ? 0 : chx__now_ns() + FAREWELL_NS);
        if (has_left) {
            pthread_join(ending->thread, NULL);
        } else {
            atomic_store(&ending->platform->is_stuck, true);
            pthread_detach(ending->thread);
        }
    }
    if (has_left)
        courier_free(ending);
    else
        chx__keep(ending);
    return has_left;
}

void
chx__courier_stage(chx__courier *courier, chx__parcel *parcel)
{
    parcel->number = parcel->lane->n_sent++;
    append(&courier->staged, parcel);
    courier->is_anew |= courier->n_out++ == 0;
    if (++courier->n_staged == BATCH)
        chx__courier_send(courier);
}

void
chx__courier_send(chx__courier *courier)
{
    courier->n_staged = 0;
    if (!courier->staged.first)
        return;
    pthread_mutex_lock(&courier->lock);
    splice(&courier->sent, &courier->staged);
    courier->forgets |= courier->is_anew;
    courier->is_anew = false;
    pthread_mutex_unlock(&courier->lock);
    if (courier->inbox)
        chx__inbox_post(courier->inbox);
}

void
chx__courier_call(chx__courier *courier, chx__call *call)
{
    call->next = NULL;
    atomic_fetch_add(&courier->n_calls, 1);
    pthread_mutex_lock(&courier->lock);
    if (courier->first_call)
        courier->last_call->next = call;
    else
        courier->first_call = call;
    courier->last_call = call;
    pthread_mutex_unlock(&courier->lock);
    if (courier->inbox)
        chx__inbox_post(courier->inbox);
    else
        make_calls(courier);
}

bool
chx__courier_await_calls(chx__courier *courier, uint64_t timeout_ns)
{
    uint64_t deadline_ns = chx__now_ns() + timeout_ns;
    if (!courier || atomic_load(&courier->n_calls) == 0)
        return false;
    while (atomic_load(&courier->n_calls) > 0 && chx__now_ns() < deadline_ns)
        nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    return true;
}

uint64_t
chx__courier_busy_ns(const chx__courier *courier)
{
    uint64_t entered_ns = atomic_load(&courier->entered_ns), now_ns = chx__now_ns();
    return entered_ns > 0 && now_ns > entered_ns ? now_ns - entered_ns : 0;
}

void
chx__courier_nudge(chx__courier *courier)
{
    atomic_store(&courier->is_nudged, true);
    if (courier->inbox)
        chx__inbox_post(courier->inbox);
}

bool
chx__courier_collect(chx__courier *courier)
{
    pthread_mutex_lock(&courier->lock);
    chx__parcel *first = courier->back.first;
    courier->back = (parcel_list){0};
    pthread_mutex_unlock(&courier->lock);
    for (chx__parcel *parcel = first, *next; parcel; parcel = next) {
        next = parcel->next;
        assert(courier->n_out > 0);
        courier->n_out--;
        parcel->lane->n_back++;
        parcel->kind->back(parcel);
    }
    return first != NULL;
}

size_t
chx__courier_n_out(const chx__courier *courier)
{
    return courier->n_out;
}
