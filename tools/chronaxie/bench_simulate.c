/* Every round is a simulation of its own that begins at step 0 and simulates the same time, so that
 * all give the same spikes; making it is timed apart. The first round warms up and is dropped;
 * medians of the others count. What no simulation on these cores can beat is measured in the same
 * run, since a machine that others use is now fast and now slow. */
#include "bench_simulate.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <chronaxie/chronaxie.h>

#include "device_names.h"
#include "outcome.h"
#include "result.h"
#include "stopwatch.h"
#include "suggest.h"
#include "table.h"
#include "threads/limits.h"
#include "workload.h"

enum {
    MAX_ROUNDS = 101,
    /* The least that a synaptic event and a neuron's step can read: a synapse of four bytes, a
     * potential and a current of four each. */
    EVENT_BYTES = 4,
    NEURON_BYTES = 8,
};

/* Of one workload. */
typedef struct figures {
    workload load;
    uint32_t n_neurons;
    uint64_t n_synapses;
    uint64_t n_steps;
    double network_s; /* to make the network */
    double simulation_s; /* to make the simulation, median */
    double seconds; /* median */
    uint64_t n_spikes;
    uint64_t n_events; /* of a synapse: the sum of the spikes' numbers of targets */
    uint64_t device_bytes; /* that the simulation took on all devices */
    uint64_t digest;
    bool same; /* digest in all rounds */
    wiring_sums sums; /* the fly's */
    double scatter_per_s;
} figures;

/* Of one run of the benchmark. */
typedef struct bench {
    const bench_simulate_params *params;
    chx_runtime *runtime;
    char devices[256];
    double read_per_s; /* bytes */
    int n_loads;
    figures all[N_WORKLOADS];
} bench;

static uint64_t
used_bytes(const chx_runtime *runtime)
{
    uint64_t bytes = 0;
    chx_device_info info;
    for (uint32_t i = 0; i < chx_runtime_n_devices(runtime); i++)
        if (chx_runtime_device(runtime, i, &info) == CHX_OK)
            bytes += info.used_bytes;
    return bytes;
}

static void
count_spikes(const chx_spike *spikes, size_t n_spikes, uint32_t n_neurons, uint32_t *n_spikes_of)
{
    memset(n_spikes_of, 0, n_neurons * sizeof *n_spikes_of);
    for (size_t i = 0; i < n_spikes; i++)
        if (spikes[i].neuron < n_neurons)
            n_spikes_of[spikes[i].neuron]++;
}

/* Lists the network's synapses, if they come from rules, after all that is measured. */
static chx_status
count_events(const chx_network *network, const uint32_t *n_spikes_of, uint64_t *n_events)
{
    const chx_network_info *info = chx_network_get(network);
    if (!info)
        return CHX_ERROR_MEMORY;
    *n_events = 0;
    for (uint64_t i = 0; i < info->n_synapses; i++)
        *n_events += n_spikes_of[info->synapses[i].pre];
    return CHX_OK;
}

/* One round: makes a simulation, advances it, and looks at its spikes. */
static chx_status
simulate(const bench *b, const chx_network *network, uint32_t *n_spikes_of, figures *f)
{
    chx_simulation *simulation = NULL;
    const chx_spike *spikes = NULL;
    size_t n_spikes = 0;
    uint64_t before = used_bytes(b->runtime);
    uint64_t begin_ns = stopwatch_now_ns();
    chx_status status = chx_simulation_create(b->runtime, network, NULL, &simulation);
    if (status == CHX_OK)
        status = chx_simulation_advance(simulation, 0); /* compiles and plans */
    f->simulation_s = stopwatch_seconds_since(begin_ns);
    begin_ns = stopwatch_now_ns();
    if (status == CHX_OK)
        status = chx_simulation_advance(simulation, f->n_steps);
    f->seconds = stopwatch_seconds_since(begin_ns);
    f->device_bytes = used_bytes(b->runtime) - before;
    if (status == CHX_OK)
        status = chx_simulation_digest(simulation, &f->digest);
    if (status == CHX_OK)
        status = chx_simulation_spikes(simulation, &spikes, &n_spikes);
    if (status == CHX_OK) {
        f->n_spikes = n_spikes;
        count_spikes(spikes, n_spikes, f->n_neurons, n_spikes_of);
    }
    chx_simulation_destroy(&simulation);
    return status;
}

static chx_status
simulate_rounds(const bench *b, const chx_network *network, figures *f)
{
    uint32_t *n_spikes_of = calloc(f->n_neurons, sizeof *n_spikes_of);
    double making[MAX_ROUNDS], advancing[MAX_ROUNDS];
    chx_status status = n_spikes_of ? CHX_OK : CHX_ERROR_MEMORY;
    f->same = true;
    for (uint32_t round = 0; status == CHX_OK && round <= b->params->n_rounds; round++) {
        uint64_t digest = f->digest;
        status = simulate(b, network, n_spikes_of, f);
        f->same = f->same && (round == 0 || digest == f->digest);
        making[round > 0 ? round - 1 : 0] = f->simulation_s;
        advancing[round > 0 ? round - 1 : 0] = f->seconds;
    }
    if (status == CHX_OK)
        status = count_events(network, n_spikes_of, &f->n_events);
    free(n_spikes_of);
    f->simulation_s = stopwatch_median(making, b->params->n_rounds);
    f->seconds = stopwatch_median(advancing, b->params->n_rounds);
    return status;
}

static chx_status
measure(const bench *b, figures *f)
{
    chx_network *network = NULL;
    uint64_t begin_ns = stopwatch_now_ns();
    chx_status status = workload_create(&f->load, &network, &f->sums);
    f->network_s = stopwatch_seconds_since(begin_ns);
    if (status != CHX_OK)
        return status;
    const chx_network_info *info = chx_network_outline(network);
    f->n_neurons = info->n_neurons;
    f->n_synapses = info->n_synapses;
    f->n_steps = (uint64_t)llround(b->params->simulated_ms / info->time_step_ms);
    uint64_t n_slots = (uint64_t)llround(info->max_delay_ms / info->time_step_ms) + 1;
    f->scatter_per_s = threads_limits_scatter(b->params->cores, n_slots * f->n_neurons);
    status = simulate_rounds(b, network, f);
    chx_network_destroy(&network);
    return status;
}

/* What is printed, from what was measured. */
typedef struct summary {
    double per_second, neuron_ns, event_ns, synapse_bytes, bandwidth, scatter, rate_hz;
} summary;

static summary
summarize(const bench *b, const figures *f)
{
    double updates = (double)f->n_neurons * (double)f->n_steps;
    double events = (double)f->n_events;
    double least_bytes = EVENT_BYTES * events + NEURON_BYTES * updates;
    summary s = {
        .per_second = 1e3 * f->seconds / b->params->simulated_ms,
        .neuron_ns = 1e9 * f->seconds / updates,
        .event_ns = f->n_events ? 1e9 * f->seconds / events : 0.0,
        .synapse_bytes = f->n_synapses ? (double)f->device_bytes / (double)f->n_synapses : 0.0,
        .bandwidth = b->read_per_s > 0.0 ? least_bytes / b->read_per_s / f->seconds : 0.0,
        .scatter = f->scatter_per_s > 0.0 ? events / f->scatter_per_s / f->seconds : 0.0,
        .rate_hz = 1e3 * (double)f->n_spikes / f->n_neurons / b->params->simulated_ms,
    };
    return s;
}

static json_t *
figures_json(const bench *b, const figures *f)
{
    summary s = summarize(b, f);
    json_t *object = json_pack(
        "{s:s, s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:I, s:I, s:f, s:o, s:b}",
        "network", f->load.name, "neurons", (json_int_t)f->n_neurons, "synapses",
        (json_int_t)f->n_synapses, "create_network_s", f->network_s, "create_simulation_s",
        f->simulation_s, "seconds_per_biological_second", s.per_second, "ns_per_neuron_step",
        s.neuron_ns, "ns_per_synaptic_event", s.event_ns, "device_bytes_per_synapse",
        s.synapse_bytes, "bandwidth_fraction", s.bandwidth, "scatter_fraction", s.scatter,
        "scatter_per_s", f->scatter_per_s, "spikes", (json_int_t)f->n_spikes, "synaptic_events",
        (json_int_t)f->n_events, "mean_rate_hz", s.rate_hz, "digest", result_digest(f->digest),
        "digests_equal", f->same);
    if (f->load.kind == WORKLOAD_FLY)
        json_object_set_new(object, "wiring",
                            json_pack("{s:I, s:I, s:I, s:f, s:f, s:b}", "pre",
                                      (json_int_t)f->sums.pre, "post", (json_int_t)f->sums.post,
                                      "counts", (json_int_t)f->sums.counts, "mean_count",
                                      (double)f->sums.contacts / WIRING_SYNAPSES, "positive",
                                      (double)f->sums.n_positive / WIRING_SYNAPSES, "as_known",
                                      wiring_is_known(&f->sums)));
    return object;
}

static int
print_json(const bench *b)
{
    json_t *loads = json_array();
    for (int i = 0; i < b->n_loads; i++)
        json_array_append_new(loads, figures_json(b, &b->all[i]));
    return result_print(json_pack(
        "{s:s, s:s, s:i, s:f, s:i, s:f, s:o}", "bench", "simulate", "devices", b->devices, "rounds",
        (int)b->params->n_rounds, "simulated_ms", b->params->simulated_ms, "cores",
        (int)b->params->cores, "read_bytes_per_s", b->read_per_s, "workloads", loads));
}

/* A row of the table: a figure by its key, a column for each workload. */
static void
add_row(struct table *table, const json_t *loads, const char *label, const char *key, int digits)
{
    size_t i;
    const json_t *load;
    table_add(table, "%s", label);
    json_array_foreach(loads, i, load)
    {
        const json_t *value = json_object_get(load, key);
        if (json_is_string(value))
            table_add(table, "%s", json_string_value(value));
        else
            table_add(table, "%.*g", digits, json_number_value(value));
    }
}

static void
print_rows(const json_t *loads)
{
    static const struct {
        const char *label, *key;
        int digits;
    } rows[] = {
        {"neurons", "neurons", 12},
        {"synapses", "synapses", 12},
        {"network made in (s)", "create_network_s", 3},
        {"simulation made in (s)", "create_simulation_s", 3},
        {"seconds for one of the network", "seconds_per_biological_second", 3},
        {"ns a neuron and step", "ns_per_neuron_step", 3},
        {"ns a synaptic event", "ns_per_synaptic_event", 3},
        {"device bytes a synapse", "device_bytes_per_synapse", 3},
        {"of the cores' bandwidth", "bandwidth_fraction", 2},
        {"of the cores' scattered additions", "scatter_fraction", 2},
        {"spikes", "spikes", 12},
        {"mean rate (Hz)", "mean_rate_hz", 4},
        {"digest", "digest", 0},
    };
    char headings[256] = "";
    struct table table;
    size_t i;
    const json_t *load;
    json_array_foreach(loads, i, load)
    {
        size_t used = strlen(headings);
        snprintf(headings + used, sizeof headings - used, "|>%s",
                 json_string_value(json_object_get(load, "network")));
    }
    table_begin(&table, headings);
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
        add_row(&table, loads, rows[r].label, rows[r].key, rows[r].digits);
    table_print(&table);
}

static int
print_text(const bench *b)
{
    json_t *loads = json_array();
    for (int i = 0; i < b->n_loads; i++)
        json_array_append_new(loads, figures_json(b, &b->all[i]));
    printf("%g ms on %s, medians of %u; %u cores read %.3g GB/s\n\n", b->params->simulated_ms,
           b->devices, b->params->n_rounds, b->params->cores, 1e-9 * b->read_per_s);
    print_rows(loads);
    json_decref(loads);
    for (int i = 0; i < b->n_loads; i++) {
        const figures *f = &b->all[i];
        if (f->load.kind == WORKLOAD_FLY)
            printf("\nthe fly's wiring: sources %" PRIu64 ", targets %" PRIu64 ", counts %" PRId64
                   ": %s\n",
                   f->sums.pre, f->sums.post, f->sums.counts,
                   wiring_is_known(&f->sums) ? "as everywhere" : "NOT as elsewhere");
        if (!f->same)
            printf("\n%s: DIFFERENT digests in rounds of the same simulation\n", f->load.name);
    }
    return OUTCOME_OK;
}

/* Which workloads; false when there is none of the name. */
static bool
choose(bench *b)
{
    if (b->params->workload) {
        b->n_loads = 1;
        return workload_parse(b->params->workload, &b->all[0].load);
    }
    b->n_loads = N_COMPARED;
    for (int i = 0; i < N_COMPARED; i++)
        workload_parse(workload_names[i], &b->all[i].load);
    return true;
}

static int
refuse(const char *name)
{
    const char *near = suggest_word(name, workload_names, N_WORKLOADS);
    if (near && strcmp(near, name) != 0 && !strchr(name, '='))
        return outcome_say(OUTCOME_USAGE, "bench simulate has no '%s'; did you mean '%s'?", name,
                           near);
    return outcome_say(OUTCOME_USAGE,
                       "bench simulate has no '%s'; there are: cuba, fly, microcircuit at a scale "
                       "from 0.01 to 1, as microcircuit=0.1, and uniform with neurons, inputs of "
                       "each and Hz, as uniform=10000,100,5",
                       name);
}

int
bench_simulate(const bench_simulate_params *params, const shared_options *shared)
{
    bench b = {.params = params};
    chx_runtime_params runtime_params = options_runtime_params(shared);
    if (!choose(&b))
        return refuse(params->workload);
    runtime_params.optimize = true;
    chx_status status = chx_runtime_create(&b.runtime, &runtime_params);
    if (status == CHX_OK) {
        device_names_join(b.runtime, b.devices, sizeof b.devices);
        b.read_per_s = threads_limits_read(params->cores);
    }
    for (int i = 0; status == CHX_OK && i < b.n_loads; i++)
        status = measure(&b, &b.all[i]);
    chx_runtime_destroy(&b.runtime);
    if (status != CHX_OK)
        return outcome_report(status, STAGE_WORK);
    return shared->json ? print_json(&b) : print_text(&b);
}
