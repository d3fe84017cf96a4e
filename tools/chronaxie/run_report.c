/* The same figures as JSON, for scripts, and as text. */
#include "run_report.h"

#include <stdio.h>

#include "outcome.h"
#include "rates.h"
#include "result.h"

static uint32_t
count_morphologies(const chx_network_info *info)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < info->n_neurons; i++)
        n += info->neurons[i].n_nodes > 0;
    return n;
}

double
run_report_ms(const run_report *report)
{
    return (double)report->n_steps * report->info->time_step_ms;
}

int
run_report_json(const run_report *report, uint64_t digest)
{
    const chx_network_info *info = report->info;
    const double simulated_ms = run_report_ms(report);
    json_t *object = json_pack(
        "{s:s, s:i, s:I, s:I, s:I, s:I, s:f, s:I, s:o, s:f, s:f, s:I, s:o, s:o}", "network",
        info->name, "neurons", (int)info->n_neurons, "synapses", (json_int_t)info->n_synapses,
        "morphologies", (json_int_t)count_morphologies(info), "points", (json_int_t)info->n_nodes,
        "steps", (json_int_t)report->n_steps, "simulated_ms", simulated_ms, "spikes",
        (json_int_t)report->tally->n_spikes, "digest", result_digest(digest), "wall_s",
        report->wall_s, "real_time_factor", simulated_ms * 1e-3 / report->wall_s, "failures",
        (json_int_t)report->n_failures, "types",
        rates_json(info, report->tally->of_type, simulated_ms), "devices",
        flight_devices_json(report->flight, report->wall_s));
    json_object_set_new(object, "bottleneck", result_bottleneck(report->flight->picture.timeline));
    if (report->verification)
        json_object_set_new(object, "verified", verification_json(report->verification));
    return result_print(object);
}

static void
print_network(const chx_network_info *info)
{
    uint32_t n_morphologies = count_morphologies(info);

    printf("%s: %u neuron%s, %llu synapse%s", info->name, info->n_neurons,
           result_plural(info->n_neurons), (unsigned long long)info->n_synapses,
           result_plural(info->n_synapses));
    if (n_morphologies == 0)
        puts(", no morphologies");
    else
        printf(", %u morpholog%s of %u point%s\n", n_morphologies,
               n_morphologies == 1 ? "y" : "ies", info->n_nodes, result_plural(info->n_nodes));
}

int
run_report_text(const run_report *report, uint64_t digest)
{
    const chx_network_info *info = report->info;
    const size_t n_spikes = report->tally->n_spikes;
    const double simulated_ms = run_report_ms(report);
    json_t *rates = rates_json(info, report->tally->of_type, simulated_ms);

    print_network(info);
    printf("%.6g ms in %llu step%s", simulated_ms, (unsigned long long)report->n_steps,
           result_plural(report->n_steps));
    if (report->first_step > 0)
        printf(" from %.6g ms on", (double)report->first_step * info->time_step_ms);
    printf(", %zu spike%s, digest %016llx\n", n_spikes, result_plural(n_spikes),
           (unsigned long long)digest);
    printf("%.3f s of computing, %.3g times real time", report->wall_s,
           simulated_ms * 1e-3 / report->wall_s);
    if (report->n_failures > 0)
        printf(", %llu failure%s survived", (unsigned long long)report->n_failures,
               result_plural(report->n_failures));
    puts("");
    if (report->verification)
        verification_print(report->verification);
    puts("");
    rates_print(rates);
    printf("\ndevices:\n");
    flight_print_devices(report->flight, report->wall_s);
    if (report->shows_timeline)
        result_print_bottleneck(report->flight->picture.timeline);
    json_decref(rates);
    return OUTCOME_OK;
}
