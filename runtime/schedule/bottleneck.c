/* One sentence for a timeline. A device that is busy nearly all the time is what everybody else
 * waits for, and only less work or more hardware helps. Where none is, the chain of waits that the
 * end hangs on is divided by what was at work, and the largest part is named. That chain covers all
 * of the time and follows the order on lanes as well as edges, so in a pipeline it runs along the
 * lane that is short of time. What happens beside it, or after the last run that was recorded, does
 * not count. The rules are written down in docs/design.md; what they say must be true of the
 * timeline, so each figure is one of the diagnosis. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/numerals.h"
#include "schedule/diagnosis.h"
#include "schedule/time_axis.h"

/* A device that is idle for less than a fifth of the time is what limits the rest. */
#define BUSY_SHARE 0.8
/* A device that is idle for at least half of it could do more. */
#define SPARE_SHARE 0.5
/* With so much of the path along edges, another device would have to wait as well. */
#define CHAINED_SHARE 0.5
/* A task that accounts for less of what is told is one of many. */
#define WORTH_SHARE 0.1

/* Times by what they are due to, and who is asked about. */
typedef struct inquiry {
    const chx__diagnosis *of;
    double length_ns;
    const chx__device_use *device; /* of the task */
    double *ns; /* by kernel */
    double longest_ns; /* stretch of its cause */
    double long_ns; /* of stretches that are long pauses */
} inquiry;

static const chx__device_use *
device_of(const inquiry *asked, uint32_t span)
{
    const chx__diagnosis *of = asked->of;
    return &of->devices[of->device_of[of->timeline->spans[span].lane]];
}

static const chx__device_use *
find_busiest(const chx__diagnosis *of)
{
    const chx__device_use *busiest = NULL;
    for (size_t d = 0; d < of->n_devices; d++)
        if (!busiest || of->devices[d].busy > busiest->busy)
            busiest = &of->devices[d];
    return busiest;
}

/* What the busiest device worked on. */
static void
sum_work(inquiry *asked)
{
    const chx__diagnosis *of = asked->of;
    for (uint32_t s = 0; s < of->timeline->n_spans; s++) {
        const chx_span *span = &of->timeline->spans[s];
        chx__interval times = chx__span_interval(span, of->basis);
        if (times.known && span->kind != CHX_SPAN_TRANSFER && device_of(asked, s) == asked->device)
            asked->ns[of->kernel_of[s]] += times.finish_ns - times.start_ns;
    }
}

/* What the end hung on longest. */
static chx__idle_cause
find_cause(const inquiry *asked)
{
    double ns[CHX__N_IDLE_CAUSES] = {0};
    chx__idle_cause most = CHX__IDLE_TASK;
    for (size_t g = 0; g < asked->of->path.n; g++) {
        const chx__gap *gap = &asked->of->path.list[g];
        ns[gap->cause] += gap->finish_ns - gap->start_ns;
    }
    for (int cause = 0; cause < CHX__N_IDLE_CAUSES; cause++)
        if (ns[cause] > ns[most])
            most = (chx__idle_cause)cause;
    return most;
}

/* The kernels that it hung on so, and the device of the longest stretch. */
static double
sum_cause(inquiry *asked, chx__idle_cause cause)
{
    double sum_ns = 0.0;
    for (size_t g = 0; g < asked->of->path.n; g++) {
        const chx__gap *gap = &asked->of->path.list[g];
        double ns = gap->finish_ns - gap->start_ns;
        if (gap->cause != cause)
            continue;
        sum_ns += ns;
        asked->ns[asked->of->kernel_of[gap->span]] += ns;
        asked->long_ns += ns >= CHX__LONG_PAUSE_NS ? ns : 0.0;
        if (ns > asked->longest_ns) {
            asked->longest_ns = ns;
            asked->device = device_of(asked, gap->span);
        }
    }
    return sum_ns;
}

/* Names the kernel that most of the time is due to. */
static const chx__kernel_use *
name_task(const inquiry *asked, chx_bottleneck *found)
{
    size_t most = 0;
    for (size_t k = 1; k < asked->of->n_kernels; k++)
        if (asked->ns[k] > asked->ns[most])
            most = k;
    snprintf(found->task, sizeof found->task, "%s", asked->of->kernels[most].name);
    snprintf(found->device, sizeof found->device, "%s", asked->device->name);
    found->task_share = asked->ns[most] / asked->length_ns;
    return &asked->of->kernels[most];
}

/* The share of the path's time in spans that the next on it has an edge from. */
static double
chained_share(const chx__diagnosis *of)
{
    double chained_ns = 0.0;
    for (size_t e = 0; e < of->timeline->n_edges; e++) {
        const chx__timeline_edge *edge = &of->timeline->edges[e];
        chx__interval times = chx__span_interval(&of->timeline->spans[edge->before], of->basis);
        if (times.known && of->next_on_path[edge->before] == edge->after)
            chained_ns += times.finish_ns - times.start_ns;
    }
    return chained_ns / (of->extent.finish_ns - of->extent.start_ns);
}

/* What would help where a device has too much to do. */
static const char *
relief(const inquiry *asked)
{
    const chx__diagnosis *of = asked->of;
    size_t n_others = 0, n_spare = 0;
    for (size_t d = 0; d < of->n_devices; d++) {
        const chx__device_use *other = &of->devices[d];
        bool counts = other != asked->device && !other->is_host;
        n_others += counts;
        n_spare += counts && 1.0 - other->busy >= SPARE_SHARE;
    }
    if (asked->device->is_host)
        return "less work for the host would help";
    if (n_spare && chained_share(of) >= CHAINED_SHARE)
        return "its tasks wait for one another, so shorter ones would help";
    if (n_spare)
        return "less work, or more of it on devices with time to spare, would help";
    return n_others ? "less work or faster devices would help"
                    : "less work, a faster device or one more would help";
}

/* What part is due to the task, where that is worth a word. */
static void
part_text(const chx_bottleneck *found, const char *words, char text[128])
{
    double part = found->task_share / found->share;
    text[0] = '\0';
    if (part >= WORTH_SHARE)
        snprintf(text, 128, ", %.0f %% %s '%s'", 100.0 * part, words, found->task);
}

static void
say_busy(const inquiry *asked, chx_bottleneck *found)
{
    char part[128];
    part_text(found, "of it with", part);
    snprintf(found->sentence, sizeof found->sentence, "%s is busy %.0f %% of the time%s: %s",
             found->device, 100.0 * found->share, part, relief(asked));
}

static void
say_start(const inquiry *asked, chx_bottleneck *found)
{
    char pause[64];
    if (asked->long_ns > 0.5 * found->share * asked->length_ns)
        snprintf(
            found->sentence, sizeof found->sentence,
            "the work stands still %.0f %% of the time, for up to %s, most of it before '%s', as "
            "when kernels are compiled, a plan is made or others take the processor: a longer run "
            "would tell more",
            100.0 * found->share, chx__time_text(asked->longest_ns, pause), found->task);
    else
        snprintf(found->sentence, sizeof found->sentence,
                 "%.0f %% of the time passes between tasks, most of it before '%s': fewer and "
                 "longer tasks would help",
                 100.0 * found->share, found->task);
}

static void
say_wait(const inquiry *asked, const chx__kernel_use *task, chx_bottleneck *found)
{
    static const char *const whats[] = {[CHX_BOTTLENECK_KERNEL] = "kernels",
                                        [CHX_BOTTLENECK_TRANSFER] = "transfers",
                                        [CHX_BOTTLENECK_HOST] = "the host"};
    bool is_transfer = found->kind == CHX_BOTTLENECK_TRANSFER;
    bool is_output = is_transfer && task->kind != CHX_SPAN_TRANSFER;
    char part[128];
    part_text(found, is_output ? "of that on the output of" : "of that on", part);
    snprintf(found->sentence, sizeof found->sentence, "%.0f %% of the time hangs on %s%s%s%s: %s",
             100.0 * found->share, whats[found->kind], part, part[0] ? " of " : "",
             part[0] ? found->device : "",
             is_transfer ? "fewer bytes to move would help" : relief(asked));
}

static chx_bottleneck_kind
kind_of(chx__idle_cause cause)
{
    switch (cause) {
    case CHX__IDLE_TASK:
        return CHX_BOTTLENECK_KERNEL;
    case CHX__IDLE_TRANSFER:
        return CHX_BOTTLENECK_TRANSFER;
    case CHX__IDLE_HOST:
        return CHX_BOTTLENECK_HOST;
    case CHX__IDLE_START:
    case CHX__IDLE_NOTHING:
    case CHX__N_IDLE_CAUSES:
        break;
    }
    return CHX_BOTTLENECK_START;
}

static void
inquire(inquiry *asked, chx_bottleneck *found)
{
    asked->device = find_busiest(asked->of);
    if (asked->device->busy >= BUSY_SHARE) {
        found->kind = CHX_BOTTLENECK_BUSY;
        found->share = asked->device->busy;
        asked->length_ns *= asked->device->n_lanes;
        sum_work(asked);
    } else {
        chx__idle_cause cause = find_cause(asked);
        found->kind = kind_of(cause);
        found->share = sum_cause(asked, cause) / asked->length_ns;
    }
    const chx__kernel_use *task = name_task(asked, found);
    if (found->kind == CHX_BOTTLENECK_BUSY)
        say_busy(asked, found);
    else if (found->kind == CHX_BOTTLENECK_START)
        say_start(asked, found);
    else
        say_wait(asked, task, found);
}

chx_status
chx__diagnosis_bottleneck(const chx__diagnosis *of, chx_bottleneck *bottleneck)
{
    chx_bottleneck found = {.kind = CHX_BOTTLENECK_NONE};
    inquiry asked = {.of = of, .length_ns = of->extent.finish_ns - of->extent.start_ns};
    if (asked.length_ns > 0.0) {
        asked.ns = chx__alloc(of->n_kernels, sizeof *asked.ns);
        if (!asked.ns)
            return chx__fail_memory("looking for a bottleneck");
        chx__numerals numerals = chx__numerals_begin();
        inquire(&asked, &found);
        chx__numerals_end(&numerals);
        free(asked.ns);
    }
    *bottleneck = found;
    return CHX_OK;
}

chx_status
chx_timeline_bottleneck(const chx_timeline *timeline, chx_bottleneck *bottleneck)
{
    CHX__REQUIRE(timeline && bottleneck);
    chx__diagnosis diagnosis;
    chx_status status = chx__diagnosis_init(&diagnosis, timeline);
    if (status)
        return status;
    status = chx__diagnosis_bottleneck(&diagnosis, bottleneck);
    chx__diagnosis_finish(&diagnosis);
    return status;
}
