/* chronaxie bench: figures that the documents state, made on this machine. */
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "bench_adapt.h"
#include "bench_balance.h"
#include "bench_dispatch.h"
#include "bench_fault.h"
#include "bench_memory.h"
#include "bench_schedule.h"
#include "bench_simulate.h"
#include "bench_stall.h"
#include "command.h"
#include "device_names.h"
#include "interrupt.h"
#include "options.h"
#include "outcome.h"
#include "peers.h"
#include "result.h"
#include "suggest.h"
#include "table.h"

static uint32_t
count_cores(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? (uint32_t)CPU_COUNT(&set) : 1;
}

/* A runtime on one core: one of as many sub-devices as there are cores. False when no driver here
 * can cut its device, which is then left out of the comparison. */
static bool
open_one_core(chx_runtime_params params, uint32_t cores, chx_runtime **runtime)
{
    bool found = false;
    chx_device_info info;

    params.split = cores;
    params.log = NULL; /* that the other cores are not used is no news */
    if (chx_runtime_create(runtime, &params) != CHX_OK)
        return false;
    for (uint32_t i = 0; i < chx_runtime_n_devices(*runtime); i++) {
        if (chx_runtime_device(*runtime, i, &info) != CHX_OK || !info.selected)
            continue;
        if (!found && info.n_compute_units == 1)
            found = true;
        else if (chx_runtime_exclude(*runtime, i, "one core is measured", CHX_FOREVER) != CHX_OK)
            found = false;
    }
    if (!found)
        chx_runtime_destroy(runtime);
    return found;
}

static json_t *
peers_json(const struct peers *peers)
{
    json_t *object =
        json_pack("{s:i, s:f}", "cores", (int)peers->cores, "threads_ms", peers->threads_ms);
    if (peers->has_kernels) {
        json_object_set_new(object, "opencl_ms", json_real(peers->kernels_ms));
        json_object_set_new(object, "ratio", json_real(peers->threads_ms / peers->kernels_ms));
        json_object_set_new(object, "digests_equal", json_boolean(peers->same));
        json_object_set_new(object, "digest", result_digest(peers->digest));
    }
    return object;
}

static void
add_rows(struct table *table, const char *job, const struct peers *peers, int n)
{
    for (int i = 0; i < n; i++) {
        table_add(table, "%s", job);
        table_add(table, "%u", peers[i].cores);
        table_add(table, "%.2f", peers[i].threads_ms);
        if (peers[i].has_kernels) {
            table_add(table, "%.2f", peers[i].kernels_ms);
            table_add(table, "%.2f", peers[i].threads_ms / peers[i].kernels_ms);
            table_add(table, "%s", peers[i].same ? "same" : "DIFFERENT");
            continue;
        }
        for (int empty = 0; empty < 3; empty++)
            table_add(table, "-");
    }
}

typedef struct comparison {
    char devices[256];
    int n; /* numbers of cores: one, and all when there are more */
    struct peers simulation[2];
    struct peers drawing[2];
} comparison;

static chx_status
compare_both(const struct peers_job *job, chx_runtime *runtime, uint32_t cores, comparison *result)
{
    struct peers *simulation = &result->simulation[result->n];
    struct peers *drawing = &result->drawing[result->n++];
    chx_status status;

    simulation->cores = cores;
    drawing->cores = cores;
    status = peers_simulate(job, runtime, simulation);
    return status == CHX_OK ? peers_draw(job, runtime, drawing) : status;
}

static chx_status
compare(struct peers_job *job, const chx_runtime_params *params, comparison *result)
{
    uint32_t cores = count_cores();
    chx_runtime *all = NULL;
    chx_runtime *one = NULL;
    chx_status status = chx_runtime_create(&all, params);

    if (status != CHX_OK)
        return status;
    job->reference = all;
    device_names_join(all, result->devices, sizeof result->devices);
    if (cores > 1) {
        open_one_core(*params, cores, &one);
        status = compare_both(job, one, 1, result);
        chx_runtime_destroy(&one);
    }
    if (status == CHX_OK)
        status = compare_both(job, all, cores, result);
    chx_runtime_destroy(&all);
    return status;
}

static int
print_json(const struct peers_job *job, const comparison *result)
{
    json_t *simulation = json_array();
    json_t *drawing = json_array();

    for (int i = 0; i < result->n; i++) {
        json_array_append_new(simulation, peers_json(&result->simulation[i]));
        json_array_append_new(drawing, peers_json(&result->drawing[i]));
    }
    return result_print(
        json_pack("{s:s, s:s, s:s, s:i, s:f, s:o, s:i, s:i, s:i, s:o}", "bench", "threads",
                  "network", chx_network_get(job->network)->name, "devices", result->devices,
                  "rounds", PEERS_ROUNDS, "simulated_ms", job->simulated_ms, "simulation",
                  simulation, "width_px", (int)job->size_px[0], "height_px", (int)job->size_px[1],
                  "frames", (int)job->n_frames, "drawing", drawing));
}

static int
print_text(const struct peers_job *job, const comparison *result)
{
    struct table table;
    char name[64];

    printf("%s on %s, medians of %d\n\n", chx_network_get(job->network)->name, result->devices,
           PEERS_ROUNDS);
    table_begin(&table, "job|>cores|>threads (ms)|>OpenCL (ms)|>ratio|result");
    snprintf(name, sizeof name, "simulate %.0f ms", job->simulated_ms);
    add_rows(&table, name, result->simulation, result->n);
    snprintf(name, sizeof name, "frame of %ux%u", job->size_px[0], job->size_px[1]);
    add_rows(&table, name, result->drawing, result->n);
    table_print(&table);
    return OUTCOME_OK;
}

/* The first type with a model that the same job in plain C lacks, or NULL. */
static const chx_neuron_type *
find_other_model(const chx_network *network)
{
    const chx_network_info *info = chx_network_get(network);
    for (uint32_t t = 0; t < info->n_types; t++)
        if (info->types[t].model || info->types[t].params.tau_inhibition_ms != 0)
            return &info->types[t];
    return NULL;
}

static int
bench_threads(struct peers_job job, const char *folder, const shared_options *shared)
{
    chx_runtime_params params = options_runtime_params(shared);
    comparison result = {.n = 0};
    chx_network *network = NULL;
    chx_status status = chx_network_load(folder, &network);
    int code;

    params.optimize = true;
    if (status != CHX_OK)
        return outcome_report(status, STAGE_INPUT);
    job.network = network;
    const chx_neuron_type *other = find_other_model(network);
    const chx_network_info *info = chx_network_get(network);
    if (!other && (info->n_parameters > 0 || info->n_initial > 0)) {
        code = outcome_say(OUTCOME_USAGE,
                           "%s: neurons have values of their own, and plain C has types' only; "
                           "take a folder without parameters.csv and initial.csv",
                           folder);
        chx_network_destroy(&network);
        return code;
    }
    if (other) {
        code = outcome_say(OUTCOME_USAGE,
                           "%s: the neurons of type %s have the model %s, and plain C has lif "
                           "with one time constant of synapses only",
                           folder, other->name, other->model ? other->model : "lif with two");
        chx_network_destroy(&network);
        return code;
    }
    status = compare(&job, &params, &result);
    if (status != CHX_OK)
        code = outcome_report(status, STAGE_WORK);
    else
        code = shared->json ? print_json(&job, &result) : print_text(&job, &result);
    chx_network_destroy(&network);
    return code;
}

/* Runs a benchmark. Nothing is half-written meanwhile and no loop looks at a flag, so a signal ends
 * the process itself. */
static int
measure(const char *name, struct peers_job job, const char *folder,
        const bench_simulate_params *simulate, const bench_fault_params *fault,
        const shared_options *shared)
{
    int code;

    interrupt_ends_at_once(true);
    if (strcmp(name, "adapt") == 0)
        code = bench_adapt(simulate->n_rounds, shared);
    else if (strcmp(name, "balance") == 0)
        code = bench_balance(simulate->n_rounds, shared);
    else if (strcmp(name, "dispatch") == 0)
        code = bench_dispatch(shared);
    else if (strcmp(name, "fault") == 0)
        code = bench_fault(fault, shared);
    else if (strcmp(name, "memory") == 0)
        code = bench_memory(simulate->n_rounds, shared);
    else if (strcmp(name, "schedule") == 0)
        code = bench_schedule(shared->json);
    else if (strcmp(name, "simulate") == 0)
        code = bench_simulate(simulate, shared);
    else if (strcmp(name, "stall") == 0)
        code = bench_stall(shared);
    else
        code = bench_threads(job, folder, shared);
    interrupt_ends_at_once(false);
    return code;
}

static int
refuse(const char *name, const char *const *names, size_t n)
{
    const char *near = suggest_word(name, names, n);
    if (near)
        return outcome_say(OUTCOME_USAGE, "there is no benchmark '%s'; did you mean '%s'?", name,
                           near);
    return outcome_say(OUTCOME_USAGE,
                       "there is no benchmark '%s'; there are: adapt, balance, dispatch, fault, "
                       "memory, schedule, simulate, stall, threads",
                       name);
}

static int
run(const struct command *self, int argc, char **argv)
{
    static const char *const names[] = {"adapt",    "balance",  "dispatch", "fault",  "memory",
                                        "schedule", "simulate", "stall",    "threads"};
    const size_t n_names = sizeof names / sizeof *names;
    shared_options shared = {0};
    operand_list words = {NULL, 0};
    const char *folder = "examples/celegans";
    struct peers_job job = {NULL, 1000.0, 60, {1920, 1080}, NULL};
    bench_simulate_params simulate = {.n_rounds = 5};
    bench_fault_params fault = {.count = 60, .seed = 1};
    const option_rule rules[] = {
        {OPTION_TEXT, 0, "network", "NETWORK",
         "network for threads and fault; default: examples/celegans", &folder, 0, 0, NULL},
        {OPTION_UINT, 0, "count", "N", "faults to inject; default: 60", &fault.count, 1, 100000,
         NULL},
        {OPTION_SEED, 0, "seed", "N", "that draws the faults; default: 1", &fault.seed, 0, 0, NULL},
        {OPTION_NUMBER, 't', "duration-ms", "MS", "network time to simulate; default: 1000",
         &job.simulated_ms, 1, 1e6, NULL},
        {OPTION_UINT, 0, "rounds", "N",
         "of simulate, adapt, balance, memory; the median counts; default: 5", &simulate.n_rounds,
         1, 100, NULL},
        {OPTION_UINT, 0, "frames", "N", "frames to draw; default: 60", &job.n_frames, 1, 100000,
         NULL},
        {OPTION_SIZE, 's', "size", "WxH", "pixels, even; default: 1920x1080", job.size_px, 64, 8192,
         NULL},
        {.kind = OPTION_END},
    };
    const struct syntax syntax = {self, rules, &shared, NULL, &words};
    int code;

    if (!options_parse(&syntax, argc, argv, &code))
        return code;
    const char *name = words.words[0];
    int most = strcmp(name, "simulate") == 0 ? 2 : 1;
    if (words.n > most)
        return outcome_say(OUTCOME_USAGE,
                           "bench: '%s' is one word too many; see 'chronaxie bench --help'",
                           words.words[words.n - 1]);
    simulate.workload = words.n == 2 ? words.words[1] : NULL;
    simulate.simulated_ms = job.simulated_ms;
    simulate.cores = count_cores();
    fault.network = folder;
    fault.devices = shared.devices;
    for (size_t i = 0; i < n_names; i++)
        if (strcmp(name, names[i]) == 0)
            return measure(name, job, folder, &simulate, &fault, &shared);
    return refuse(name, names, n_names);
}

const struct command command_bench = {
    .name = "bench",
    .operand = "NAME",
    .summary = "Measure kernels, plans and devices, also where these fail or change",
    .details =
        "simulate [cuba|microcircuit[=S]|fly|uniform[=N,K,HZ]|hh]: networks made here: CUBA of\n"
        "Brette and others 2007, the cortical microcircuit of Potjans and Diesmann 2014 at a\n"
        "scale S from 0.01 to 1, one of the size of a fly's brain; all three without a word, the\n"
        "microcircuit at 0.1. uniform: N neurons of K inputs that fire at HZ by themselves.\n"
        "hh: 21,000 axons of Hodgkin and Huxley 1952 at steps of 0.025 ms, without synapses.\n"
        "threads: simulating one second, and a film of 60 frames of 1920x1080, by the kernels and "
        "by\n"
        "the same job in plain C with threads, on one core and on all; medians of five.\n"
        "schedule: plans by every algorithm for random and structured graphs (Cholesky, LU, FFT,\n"
        "stencil), against HEFT and the lower bound, and the time to plan 100 to 100,000 tasks.\n"
        "balance: work that is divided over all devices, against what each does by itself while "
        "the\n"
        "others work too; choose them by -d and --split.\n"
        "adapt: divided work of which one device becomes four times slower and recovers, and "
        "plans\n"
        "whose tasks take other times than planned; needs two devices, as with --split 2.\n"
        "memory: sweeps over four times what a device may hold, against room for all of it and "
        "against\n"
        "moving it alone.\n"
        "fault: the same run and picture over a driver that is made to fail, with one fault each,\n"
        "or with calls refused at a rate; those that fail in silence are given to verified ones.\n"
        "stall: a run of one work-item beside a thread that reads much or compiles.\n"
        "dispatch: tasks of one work-item, replayed, beside the same from a bare OpenCL queue and\n"
        "on two parts of the device.",
    .example = "  chronaxie bench threads --json\n"
               "  chronaxie bench simulate microcircuit=0.1\n",
    .run = run,
};
