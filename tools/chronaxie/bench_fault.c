/* Two jobs, a run and a picture, are done in processes of their own over a layer that makes the
 * driver fail (tools/faults/layer_fault.c): first undisturbed, which also counts what there is to
 * fail, then with one fault each, of a kind and at a place that the seed draws, or with some at a
 * rate. What came out is compared with the undisturbed result. Work that is left out or spoilt in
 * silence is given to runs and pictures that are verified. */
#include "bench_fault.h"

#include <assert.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "fault_layer.h"
#include "outcome.h"
#include "result.h"
#include "stopwatch.h"
#include "table.h"

#define MOST_SECONDS 150.0 /* of a child: what hangs is given up after a minute, see there */
/* Faults: each of these takes as long as patience does, a minute where there is one device, so that
 * the default number of faults has none. */
#define SLOW_EVERY 64u

#define MOST_FUNCTIONS 64
#define N_CODES 72 /* of OpenCL 3.0 */
#define MOST_PER_MILLE 5
#define MOST_DRAWN 64 /* in place of one that has not struck */

/* Bits of a job. */
enum { JOB_PICTURE = 1, JOB_VERIFIED = 2, N_JOBS = 4 };

/* What a fault is counted among. */
enum counted { COUNT_LAUNCHES, COUNT_COPIES, COUNT_BUILDS, N_COUNTS, COUNT_CALLS, COUNT_ALL };

static const struct kind {
    const char *name;
    enum counted among;
    bool is_silent;
    const char *what;
} kinds[] = {
    {"enqueue", COUNT_LAUNCHES, false, "a launch is refused"},
    {"event", COUNT_LAUNCHES, false, "a launch fails later"},
    {"copy", COUNT_COPIES, false, "a copy fails"},
    {"build", COUNT_BUILDS, false, "a build fails"},
    {"refuse", COUNT_CALLS, false, "any call is refused"},
    {"rate", COUNT_ALL, false, "calls are refused at a rate"},
    {"lose", COUNT_LAUNCHES, false, "a device is lost"},
    {"skip", COUNT_LAUNCHES, true, "a launch does nothing"},
    {"flip", COUNT_LAUNCHES, true, "a bit of a result is wrong"},
    {"stall", COUNT_LAUNCHES, false, "a device stalls"},
    {"hang", COUNT_LAUNCHES, false, "a launch never ends"},
};
enum { N_KINDS = sizeof kinds / sizeof *kinds, N_SLOW = 2 /* the last */ };

/* What the layer has counted, as layer_fault.c writes it. */
struct report {
    uint64_t counts[N_COUNTS], n_struck;
    struct {
        char name[40];
        uint64_t n_calls;
    } functions[MOST_FUNCTIONS];
    uint32_t n_functions;
};

struct tally {
    uint32_t n_injected, n_survived, n_errors, n_died, n_hung, n_wrong;
    double *delays; /* of those survived, s */
};

struct bench {
    const bench_fault_params *params;
    const shared_options *shared;
    char layer[PATH_MAX], report[64], picture[64], split[16];
    struct child child;
    /* Of the jobs, undisturbed. */
    char digests[N_JOBS][40];
    double seconds[N_JOBS];
    struct report reports[N_JOBS];
    struct tally tallies[N_KINDS];
    uint64_t state; /* of the generator */
};

/* SplitMix64 (Steele, Lea and Flood 2014). */
static double
draw(struct bench *b)
{
    uint64_t z = b->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

/* The words of a job, and which fault strikes it. */
static void
prepare(struct bench *b, int job, const char *fault)
{
    const char *const run[] = {"run", b->params->network, "--json", "--duration-ms", "400"};
    const char *const render[] = {"render", b->params->network, "--json", "--size", "160x90",
                                  "-o",     b->picture};
    struct child *child = &b->child;
    size_t n = 0;
    memset(child->words, 0, sizeof child->words);
    memset(child->variables, 0, sizeof child->variables);
    const bool is_picture = job & JOB_PICTURE;
    for (size_t i = 0; is_picture && i < sizeof render / sizeof *render; i++)
        child->words[n++] = render[i];
    for (size_t i = 0; !is_picture && i < sizeof run / sizeof *run; i++)
        child->words[n++] = run[i];
    if (job & JOB_VERIFIED) {
        child->words[n++] = "--verify";
        child->words[n++] = "1";
    }
    if (b->params->devices) {
        child->words[n++] = "--device";
        child->words[n++] = b->params->devices;
    }
    if (b->split[0]) {
        child->words[n++] = "--split";
        child->words[n++] = b->split;
    }
    const char *const variables[][2] = {
        {"OPENCL_LAYERS", b->layer}, {"CHX_FAULT", fault}, {"CHX_FAULT_REPORT", b->report}};
    memcpy(child->variables, variables, sizeof variables);
    child->most_seconds = MOST_SECONDS;
}

static bool
read_report(const struct bench *b, struct report *report)
{
    unsigned long long n[N_COUNTS + 1];
    FILE *file = fopen(b->report, "r");
    const bool ok = file && fscanf(file, "%llu %llu %llu %llu", &n[0], &n[1], &n[2], &n[3]) == 4;
    *report = (struct report){0};
    for (int i = 0; ok && i < N_COUNTS; i++)
        report->counts[i] = n[i];
    if (ok)
        report->n_struck = n[N_COUNTS];
    for (uint32_t i = 0; ok && i < MOST_FUNCTIONS; i++) {
        if (fscanf(file, "%39s %llu", report->functions[i].name, &n[0]) != 2)
            break;
        report->functions[i].n_calls = n[0];
        report->n_functions = i + 1;
    }
    if (file)
        fclose(file);
    return ok;
}

/* The result of a job in one word; empty where there is none. */
static void
read_digest(const struct child *child, char *digest, size_t capacity)
{
    json_t *summary = json_loads(child->output, 0, NULL);
    const char *pixels = json_string_value(json_object_get(summary, "digest"));
    const char *spikes = json_string_value(json_object_get(summary, "spikes_digest"));
    snprintf(digest, capacity, "%s%s", pixels ? pixels : "", spikes ? spikes : "");
    json_decref(summary);
}

static bool
do_job(struct bench *b, int job, const char *fault)
{
    prepare(b, job, fault);
    unlink(b->report);
    return child_run(&b->child);
}

/* Once for the caches, once for the clock. */
static int
do_undisturbed(struct bench *b, int job)
{
    bool ok = do_job(b, job, "") && do_job(b, job, "");
    if (ok && b->child.code != 0) {
        fputs(b->child.said, stderr);
        return b->child.code;
    }
    read_digest(&b->child, b->digests[job], sizeof b->digests[job]);
    b->seconds[job] = b->child.seconds;
    ok = ok && b->digests[job][0] && read_report(b, &b->reports[job]) &&
         b->reports[job].n_functions > 0;
    return ok ? OUTCOME_OK
              : outcome_say(OUTCOME_HELPER,
                            "the layer %s is not loaded; does the OpenCL loader "
                            "know OPENCL_LAYERS (ocl-icd 2.3 does)?",
                            b->layer);
}

/* One sentence, and no result. */
static bool
is_clear(const struct child *child)
{
    return child->code > 0 && child->code < OUTCOME_SIGNAL && child->output[0] == '\0' &&
           strstr(child->said, "chronaxie: ") != NULL;
}

static void
judge(struct bench *b, int job, struct tally *tally)
{
    const struct child *child = &b->child;
    char digest[sizeof b->digests[0]];
    read_digest(child, digest, sizeof digest);
    if (child->is_late)
        tally->n_hung++;
    else if (child->signal || child->code >= OUTCOME_SIGNAL)
        tally->n_died++;
    else if (child->code == 0 && strcmp(digest, b->digests[job]) == 0)
        tally->delays[tally->n_survived++] = fmax(0, child->seconds - b->seconds[job]);
    else if (is_clear(child))
        tally->n_errors++;
    else
        tally->n_wrong++;
}

/* Of calls with high numbers there are more, so numbers are drawn by their logarithm. */
static unsigned long long
draw_number(struct bench *b, uint64_t n)
{
    return (unsigned long long)pow((double)n, draw(b));
}

/* The fault as the layer takes it. */
static void
draw_fault(struct bench *b, const struct kind *kind, int job, char *fault, size_t capacity)
{
    const struct report *report = &b->reports[job];
    if (kind->among == COUNT_CALLS) {
        const uint32_t i = (uint32_t)(draw(b) * report->n_functions);
        const int code = -1 - (int)(draw(b) * N_CODES);
        snprintf(fault, capacity, "%s:%s:%d:%llu", kind->name, report->functions[i].name, code,
                 draw_number(b, report->functions[i].n_calls));
    } else if (kind->among == COUNT_ALL) {
        const unsigned seed = (unsigned)(draw(b) * UINT32_MAX);
        const int per_mille = 1 + (int)(draw(b) * MOST_PER_MILLE);
        snprintf(fault, capacity, "%s:%u:%d:refuse", kind->name, seed, per_mille);
    } else {
        snprintf(fault, capacity, "%s:%llu", kind->name,
                 draw_number(b, report->counts[kind->among]));
    }
}

/* Does a job with a fault of the kind, and counts what became of it where the fault has struck: a
 * job may end before the place that was drawn. False when it cannot be started. */
static bool
try_fault(struct bench *b, uint32_t kind, bool *has_struck)
{
    const int job = (draw(b) < 0.5 ? JOB_PICTURE : 0) | (kinds[kind].is_silent ? JOB_VERIFIED : 0);
    struct tally *tally = &b->tallies[kind];
    struct report report;
    char fault[96];
    draw_fault(b, &kinds[kind], job, fault, sizeof fault);
    if (!do_job(b, job, fault))
        return false;
    /* One that ended without a report was struck. */
    *has_struck = !read_report(b, &report) || report.n_struck > 0;
    if (*has_struck) {
        tally->n_injected++;
        judge(b, job, tally);
    }
    return true;
}

static int
strike(struct bench *b, uint32_t i)
{
    const bool is_slow = i % SLOW_EVERY == SLOW_EVERY - 1;
    const uint32_t kind = is_slow ? N_KINDS - N_SLOW + i / SLOW_EVERY % N_SLOW
                                  : (uint32_t)(draw(b) * (N_KINDS - N_SLOW));
    bool has_struck = false;
    for (int n = 0; n < MOST_DRAWN && !has_struck; n++)
        if (!try_fault(b, kind, &has_struck))
            return outcome_say(OUTCOME_MEMORY, "the system cannot start another process");
    return has_struck ? OUTCOME_OK
                      : outcome_say(OUTCOME_WORK, "of %d faults none has struck: %s", MOST_DRAWN,
                                    kinds[kind].what);
}

static json_t *
json_of(const struct kind *kind, struct tally *tally)
{
    json_t *object =
        json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:i}", "kind", kind->name, "injected",
                  (int)tally->n_injected, "survived", (int)tally->n_survived, "clear_error",
                  (int)tally->n_errors, "lost", (int)tally->n_died, "hung", (int)tally->n_hung,
                  "wrong", (int)tally->n_wrong);
    if (tally->n_survived > 0) {
        const double median = stopwatch_median(tally->delays, tally->n_survived);
        json_object_set_new(object, "delay_s", json_real(median));
        json_object_set_new(object, "longest_delay_s",
                            json_real(tally->delays[tally->n_survived - 1]));
    }
    return object;
}

static int
print_json(struct bench *b)
{
    json_t *rows = json_array();
    for (int k = 0; k < N_KINDS; k++)
        json_array_append_new(rows, json_of(&kinds[k], &b->tallies[k]));
    return result_print(json_pack("{s:s, s:I, s:i, s:o, s:f, s:f, s:f, s:f, s:o}", "bench", "fault",
                                  "seed", (json_int_t)b->params->seed, "count",
                                  (int)b->params->count, "network", result_text(b->params->network),
                                  "run_s", b->seconds[0], "picture_s", b->seconds[JOB_PICTURE],
                                  "verified_run_s", b->seconds[JOB_VERIFIED], "verified_picture_s",
                                  b->seconds[JOB_PICTURE | JOB_VERIFIED], "kinds", rows));
}

static void
print_text(struct bench *b)
{
    struct table table;
    printf("undisturbed: run %.2f s, picture %.2f s, verified run %.2f s, verified picture %.2f s\n"
           "\n",
           b->seconds[0], b->seconds[JOB_PICTURE], b->seconds[JOB_VERIFIED],
           b->seconds[JOB_PICTURE | JOB_VERIFIED]);
    table_begin(&table, "fault|>injected|>survived|>clear error|>process lost|>hung|>wrong|>delay "
                        "(s)|>longest");
    for (int k = 0; k < N_KINDS; k++) {
        struct tally *tally = &b->tallies[k];
        const uint32_t n = tally->n_survived;
        const uint32_t cells[] = {
            tally->n_injected, n, tally->n_errors, tally->n_died, tally->n_hung, tally->n_wrong};
        table_add(&table, "%s", kinds[k].what);
        for (size_t c = 0; c < sizeof cells / sizeof *cells; c++)
            table_add(&table, "%u", cells[c]);
        table_add(&table, n ? "%.2f" : "-", n ? stopwatch_median(tally->delays, n) : 0.0);
        table_add(&table, n ? "%.2f" : "-", n ? tally->delays[n - 1] : 0.0);
    }
    table_print(&table);
}

static int
measure(struct bench *b)
{
    int code = OUTCOME_OK;
    for (int job = 0; code == OUTCOME_OK && job < N_JOBS; job++)
        code = do_undisturbed(b, job);
    if (code != OUTCOME_OK)
        return code;
    for (uint32_t i = 0; code == OUTCOME_OK && i < b->params->count; i++)
        code = strike(b, i);
    if (code != OUTCOME_OK)
        return code;
    bool is_bad = false;
    uint32_t n_injected = 0;
    for (int k = 0; k < N_KINDS; k++) {
        const struct tally *tally = &b->tallies[k];
        assert(tally->n_injected == tally->n_survived + tally->n_errors + tally->n_died +
                                        tally->n_hung + tally->n_wrong);
        n_injected += tally->n_injected;
        is_bad |= tally->n_hung > 0 || tally->n_wrong > 0;
    }
    assert(n_injected == b->params->count);
    if (b->shared->json)
        print_json(b);
    else
        print_text(b);
    return outcome_close(is_bad ? OUTCOME_WORK : OUTCOME_OK);
}

static void
name_files(struct bench *b)
{
    snprintf(b->report, sizeof b->report, "/tmp/chronaxie-fault-%d.txt", (int)getpid());
    snprintf(b->picture, sizeof b->picture, "/tmp/chronaxie-fault-%d.png", (int)getpid());
    if (b->shared->split)
        snprintf(b->split, sizeof b->split, "%u", b->shared->split);
}

int
bench_fault(const bench_fault_params *params, const shared_options *shared)
{
    static struct bench b;
    double *delays = calloc((size_t)N_KINDS * params->count, sizeof *delays);
    int code;
    b.params = params;
    b.shared = shared;
    b.state = params->seed;
    for (int k = 0; k < N_KINDS; k++)
        b.tallies[k].delays = delays + (size_t)k * params->count;
    name_files(&b);
    if (!delays)
        code = outcome_say(OUTCOME_MEMORY, "out of memory");
    else if (!fault_layer_find(b.layer, sizeof b.layer))
        code = outcome_say(OUTCOME_HELPER, "the layer that makes drivers fail is missing: %s",
                           b.layer);
    else
        code = measure(&b);
    unlink(b.report);
    unlink(b.picture);
    free(delays);
    return code;
}
