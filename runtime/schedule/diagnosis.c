/* Idle time is explained backwards. From the start of the span that ended it, the walk goes to what
 * that span waited for longest (waits.h), and from there on, until it reaches the time at which the
 * lane fell idle. Each moment belongs to the span of that chain that was at work then, and so to a
 * kernel, a transfer or the host; moments at which none was belong to the start of the next. Shares
 * of a device are of the time of all its lanes that compute, so they add up.
 *
 * Starts along a chain only decrease, so the walk ends also where measured times contradict the
 * edges. */
#include "schedule/diagnosis.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

static chx__interval
times_of(const chx__diagnosis *of, uint32_t span)
{
    return chx__span_interval(&of->timeline->spans[span], of->basis);
}

/* The time that spans of a basis took. */
static double
duration_ns(const chx_span *span, chx__timeline_basis basis)
{
    chx__interval times = chx__span_interval(span, basis);
    return times.known ? times.finish_ns - times.start_ns : 0.0;
}

static double
length_ns(const chx__diagnosis *of)
{
    return of->extent.finish_ns - of->extent.start_ns;
}

/* A span with what it is grouped by. */
typedef struct entry {
    const chx_span *span;
    uint32_t index;
} entry;

static int
by_kernel(const void *left, const void *right)
{
    const entry *a = left, *b = right;
    if (a->span->kind != b->span->kind)
        return a->span->kind < b->span->kind ? -1 : 1;
    int order = strcmp(a->span->name, b->span->name);
    return order ? order : (a->index > b->index) - (a->index < b->index);
}

typedef struct rank {
    double ns;
    uint32_t kernel;
} rank;

static int
by_time(const void *left, const void *right)
{
    const rank *a = left, *b = right;
    if (a->ns != b->ns)
        return a->ns > b->ns ? -1 : 1;
    return (a->kernel > b->kernel) - (a->kernel < b->kernel);
}

static void
add_to_kernel(chx__kernel_use *kernel, const chx_span *span)
{
    kernel->name = span->name;
    kernel->kind = span->kind;
    kernel->count++;
    kernel->predicted_ns += duration_ns(span, CHX__BASIS_PREDICTED);
    kernel->measured_ns += duration_ns(span, CHX__BASIS_MEASURED);
    kernel->bytes += span->kind == CHX_SPAN_TRANSFER ? span->bytes : 0;
}

/* Sorts kernels by the time they took, and what points at them. */
static bool
rank_kernels(chx__diagnosis *of)
{
    rank *ranks = chx__alloc(of->n_kernels, sizeof *ranks);
    chx__kernel_use *sorted = chx__alloc(of->n_kernels, sizeof *sorted);
    uint32_t *place = chx__alloc(of->n_kernels, sizeof *place);
    uint32_t n_of_kind[CHX_SPAN_TRANSFER + 1] = {0};
    bool done = ranks && sorted && place;
    for (uint32_t k = 0; done && k < of->n_kernels; k++)
        ranks[k] = (rank){of->basis == CHX__BASIS_MEASURED ? of->kernels[k].measured_ns
                                                           : of->kernels[k].predicted_ns,
                          k};
    if (done && of->n_kernels)
        qsort(ranks, of->n_kernels, sizeof *ranks, by_time);
    for (uint32_t k = 0; done && k < of->n_kernels; k++) {
        sorted[k] = of->kernels[ranks[k].kernel];
        sorted[k].rank = n_of_kind[sorted[k].kind]++;
        place[ranks[k].kernel] = k;
    }
    for (size_t s = 0; done && s < of->timeline->n_spans; s++)
        of->kernel_of[s] = place[of->kernel_of[s]];
    free(done ? of->kernels : sorted);
    if (done)
        of->kernels = sorted;
    free(ranks);
    free(place);
    return done;
}

static bool
sum_kernels(chx__diagnosis *of)
{
    size_t n = of->timeline->n_spans;
    entry *entries = chx__alloc(n, sizeof *entries);
    of->kernels = chx__alloc(n, sizeof *of->kernels);
    of->kernel_of = chx__alloc(n, sizeof *of->kernel_of);
    bool done = entries && of->kernels && of->kernel_of;
    for (uint32_t s = 0; done && s < n; s++)
        entries[s] = (entry){&of->timeline->spans[s], s};
    if (done && n)
        qsort(entries, n, sizeof *entries, by_kernel);
    for (size_t i = 0; done && i < n; i++) {
        const chx_span *span = entries[i].span;
        if (i == 0 || span->kind != entries[i - 1].span->kind ||
            strcmp(span->name, entries[i - 1].span->name) != 0)
            of->n_kernels++;
        of->kernel_of[entries[i].index] = (uint32_t)of->n_kernels - 1;
        add_to_kernel(&of->kernels[of->n_kernels - 1], span);
    }
    free(entries);
    return done && rank_kernels(of);
}

/* A lane without a device is one of its own. */
static const char *
device_name(const chx__timeline_lane *lane)
{
    return lane->device[0] ? lane->device : lane->name;
}

static bool
find_devices(chx__diagnosis *of)
{
    const chx_timeline *timeline = of->timeline;
    of->device_of = chx__alloc(timeline->n_lanes, sizeof *of->device_of);
    of->devices = chx__alloc(timeline->n_lanes, sizeof *of->devices);
    if (!of->device_of || !of->devices)
        return false;
    for (uint32_t l = 0; l < timeline->n_lanes; l++) {
        uint32_t d = 0;
        const char *name = device_name(&timeline->lanes[l]);
        while (d < of->n_devices && strcmp(of->devices[d].name, name) != 0)
            d++;
        if (d == of->n_devices)
            of->devices[of->n_devices++].name = name;
        of->device_of[l] = d;
    }
    return true;
}

static chx__idle_cause
cause_of(const chx_span *span)
{
    return span->kind == CHX_SPAN_TRANSFER ? CHX__IDLE_TRANSFER
           : span->kind == CHX_SPAN_HOST   ? CHX__IDLE_HOST
                                           : CHX__IDLE_TASK;
}

static bool
add_gap(chx__gaps *to, chx__gap gap)
{
    if (gap.finish_ns <= gap.start_ns)
        return true;
    if (!chx__grow(&to->list, &to->capacity, to->n + 1, sizeof *to->list))
        return false;
    to->list[to->n++] = gap;
    return true;
}

/* Of what a span waited for on other devices, what finished last; or CHX__NO_SPAN. */
static uint32_t
find_sender(const chx__diagnosis *of, const chx__waits *waits, uint32_t span)
{
    const chx_span *spans = of->timeline->spans;
    uint32_t sender = CHX__NO_SPAN;
    for (uint32_t e = waits->edges_begin[span]; e < waits->edges_begin[span + 1]; e++) {
        uint32_t before = waits->edges[e];
        if (of->device_of[spans[before].lane] != of->device_of[spans[span].lane] &&
            (sender == CHX__NO_SPAN ||
             times_of(of, before).finish_ns > times_of(of, sender).finish_ns))
            sender = before;
    }
    return sender;
}

/* Why nothing was at work before the start of a span: a plan without spans for its transfers leaves
 * their time free. */
static chx__gap
pause_before(const chx__diagnosis *of, const chx__waits *waits, uint32_t span)
{
    uint32_t sender =
        of->basis == CHX__BASIS_PREDICTED ? find_sender(of, waits, span) : CHX__NO_SPAN;
    return sender == CHX__NO_SPAN ? (chx__gap){.cause = CHX__IDLE_START, .span = span}
                                  : (chx__gap){.cause = CHX__IDLE_TRANSFER, .span = sender};
}

/* Explains what a span waited for from a time to its start. */
static bool
explain(const chx__diagnosis *of, const chx__waits *waits, double from_ns, uint32_t span,
        chx__gaps *to)
{
    const chx_span *spans = of->timeline->spans;
    uint32_t lane = spans[span].lane;
    double at_ns = times_of(of, span).start_ns;
    bool done = true;
    while (done && at_ns > from_ns) {
        uint32_t before = chx__waits_cause(waits, span, NULL);
        if (before == CHX__NO_SPAN || times_of(of, before).start_ns >= at_ns)
            return add_gap(to, (chx__gap){lane, CHX__IDLE_START, span, from_ns, at_ns});
        chx__interval times = times_of(of, before);
        chx__gap pause = pause_before(of, waits, span);
        double end_ns = fmax(fmin(times.finish_ns, at_ns), from_ns);
        double begin_ns = fmax(times.start_ns, from_ns);
        done = add_gap(to, (chx__gap){lane, pause.cause, pause.span, end_ns, at_ns}) &&
               add_gap(to, (chx__gap){lane, cause_of(&spans[before]), before, begin_ns, end_ns});
        at_ns = begin_ns;
        span = before;
    }
    return done;
}

/* A span of work at its place on a lane. */
typedef struct work {
    uint32_t lane;
    uint32_t span;
    chx__interval times;
} work;

static int
by_lane(const void *left, const void *right)
{
    const work *a = left, *b = right;
    if (a->lane != b->lane)
        return a->lane < b->lane ? -1 : 1;
    if (a->times.start_ns != b->times.start_ns)
        return a->times.start_ns < b->times.start_ns ? -1 : 1;
    return (a->span > b->span) - (a->span < b->span);
}

/* Spans that compute, by lane and start; the caller frees them. */
static work *
collect_work(const chx__diagnosis *of, size_t *n)
{
    work *works = chx__alloc(of->timeline->n_spans, sizeof *works);
    *n = 0;
    for (uint32_t s = 0; works && s < of->timeline->n_spans; s++) {
        const chx_span *span = &of->timeline->spans[s];
        if (span->kind != CHX_SPAN_TRANSFER && times_of(of, s).known)
            works[(*n)++] = (work){span->lane, s, times_of(of, s)};
    }
    if (works && *n)
        qsort(works, *n, sizeof *works, by_lane);
    return works;
}

/* Finds the idle stretches of a lane, whose work is given. */
static bool
explain_lane(chx__diagnosis *of, const chx__waits *waits, const work *works, size_t n)
{
    double until_ns = of->extent.start_ns, idle_ns = 0.0;
    bool done = true;
    for (size_t i = 0; done && i < n; i++) {
        idle_ns += fmax(works[i].times.start_ns - until_ns, 0.0);
        done = explain(of, waits, until_ns, works[i].span, &of->idle);
        until_ns = fmax(until_ns, works[i].times.finish_ns);
    }
    idle_ns += of->extent.finish_ns - until_ns;
    chx__device_use *device = &of->devices[of->device_of[works->lane]];
    device->n_lanes++;
    device->busy += length_ns(of) - idle_ns;
    return done && add_gap(&of->idle, (chx__gap){works->lane, CHX__IDLE_NOTHING, CHX__NO_SPAN,
                                                 until_ns, of->extent.finish_ns});
}

static bool
explain_lanes(chx__diagnosis *of, const chx__waits *waits)
{
    size_t n;
    work *works = collect_work(of, &n);
    bool done = works != NULL;
    for (size_t i = 0, next; done && i < n; i = next) {
        for (next = i + 1; next < n && works[next].lane == works[i].lane;)
            next++;
        done = explain_lane(of, waits, works + i, next - i);
    }
    free(works);
    return done;
}

/* Makes shares of times; a device without work has nothing to do. */
static void
sum_devices(chx__diagnosis *of)
{
    for (size_t s = 0; s < of->timeline->n_spans; s++) {
        const chx_span *span = &of->timeline->spans[s];
        chx__device_use *device = &of->devices[of->device_of[span->lane]];
        if (span->kind == CHX_SPAN_TRANSFER)
            device->moved_bytes += span->bytes;
    }
    for (size_t g = 0; g < of->idle.n; g++) {
        const chx__gap *gap = &of->idle.list[g];
        of->devices[of->device_of[gap->lane]].idle[gap->cause] += gap->finish_ns - gap->start_ns;
    }
    for (size_t d = 0; d < of->n_devices; d++) {
        chx__device_use *device = &of->devices[d];
        double total_ns = device->n_lanes * length_ns(of);
        device->idle[CHX__IDLE_NOTHING] = total_ns > 0.0 ? device->idle[CHX__IDLE_NOTHING] : 1.0;
        device->n_lanes = device->n_lanes ? device->n_lanes : 1;
        if (total_ns <= 0.0)
            continue;
        device->busy /= total_ns;
        for (int cause = 0; cause < CHX__N_IDLE_CAUSES; cause++)
            device->idle[cause] /= total_ns;
    }
}

/* A host is where host tasks run and nothing else. */
static void
find_hosts(chx__diagnosis *of)
{
    for (size_t s = 0; s < of->timeline->n_spans; s++)
        if (of->timeline->spans[s].kind == CHX_SPAN_HOST)
            of->devices[of->device_of[of->timeline->spans[s].lane]].is_host = true;
    for (size_t s = 0; s < of->timeline->n_spans; s++)
        if (of->timeline->spans[s].kind == CHX_SPAN_KERNEL)
            of->devices[of->device_of[of->timeline->spans[s].lane]].is_host = false;
}

/* The end waited for the span that finished last, and for all that this one waited for. */
static bool
explain_end(chx__diagnosis *of, const chx__waits *waits)
{
    uint32_t last = chx__waits_last(waits);
    if (last == CHX__NO_SPAN)
        return true;
    const chx_span *span = &of->timeline->spans[last];
    chx__interval times = times_of(of, last);
    chx__gap end = {span->lane, cause_of(span), last, times.start_ns, times.finish_ns};
    return add_gap(&of->path, end) && explain(of, waits, of->extent.start_ns, last, &of->path);
}

/* Links the spans of the path that were at work; pauses lie outside of the span they name. */
static bool
link_path(chx__diagnosis *of)
{
    uint32_t next = CHX__NO_SPAN;
    of->next_on_path = chx__alloc(of->timeline->n_spans, sizeof *of->next_on_path);
    if (!of->next_on_path)
        return false;
    for (size_t s = 0; s < of->timeline->n_spans; s++)
        of->next_on_path[s] = CHX__NO_SPAN;
    for (size_t g = 0; g < of->path.n; g++) {
        const chx__gap *gap = &of->path.list[g];
        if (gap->start_ns < times_of(of, gap->span).start_ns || gap->span == next ||
            gap->finish_ns > times_of(of, gap->span).finish_ns)
            continue;
        of->next_on_path[gap->span] = next;
        next = gap->span;
    }
    return true;
}

static bool
diagnose(chx__diagnosis *of, const chx__waits *waits)
{
    of->critical = chx__alloc(of->timeline->n_spans, sizeof *of->critical);
    if (!of->critical || !find_devices(of) || !sum_kernels(of) || !explain_lanes(of, waits))
        return false;
    chx__waits_mark_critical(waits, of->critical);
    find_hosts(of);
    sum_devices(of);
    return explain_end(of, waits) && link_path(of);
}

chx_status
chx__diagnosis_init(chx__diagnosis *of, const chx_timeline *timeline)
{
    *of = (chx__diagnosis){.timeline = timeline};
    chx__waits waits;
    chx_status status = chx__waits_init(&waits, timeline);
    if (status)
        return status;
    of->basis = waits.basis;
    of->extent = chx__timeline_extent(timeline, of->basis);
    if (!diagnose(of, &waits)) {
        chx__diagnosis_finish(of);
        status = chx__fail_memory("diagnosing a timeline");
    }
    chx__waits_finish(&waits);
    return status;
}

void
chx__diagnosis_finish(chx__diagnosis *of)
{
    free(of->critical);
    free(of->device_of);
    free(of->devices);
    free(of->kernel_of);
    free(of->kernels);
    free(of->idle.list);
    free(of->path.list);
    free(of->next_on_path);
    *of = (chx__diagnosis){.timeline = NULL};
}
