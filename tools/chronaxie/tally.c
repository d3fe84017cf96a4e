/* Spikes are taken from the simulation, so it keeps none. */
#include "tally.h"

#include <stdlib.h>
#include <string.h>

#include "outcome.h"

#define USUAL_INTERVAL_MS 10

void
tally_rules(tally_params *params, option_rule *rules)
{
    const option_rule table[TALLY_RULES] = {
        {OPTION_TEXT, 0, "rates", "FILE.csv", "write how often each type fires, over time",
         &params->rates_path, 0, 0, NULL},
        {OPTION_NUMBER, 0, "rates-every-ms", "MS", "interval of rates; default: 10",
         &params->interval_ms, 1e-6, 1e9, NULL},
    };
    memcpy(rules, table, sizeof table);
}

int
tally_begin(struct tally *tally, const tally_params *params, const chx_network *network,
            uint64_t first_step)
{
    const chx_network_info *info = chx_network_outline(network);
    double interval_ms = params->interval_ms > 0 ? params->interval_ms : USUAL_INTERVAL_MS;
    chx_status status = CHX_OK;
    if (!params->rates_path && params->interval_ms > 0)
        return outcome_say(OUTCOME_USAGE,
                           "--rates-every-ms says how --rates FILE.csv is to be cut; "
                           "add that");
    tally->info = info;
    tally->keeps_spikes = params->keeps_spikes;
    tally->of_type = calloc((size_t)info->n_types + 1, sizeof *tally->of_type);
    if (!tally->of_type)
        return outcome_say(OUTCOME_MEMORY, "no memory for counts");
    if (interval_ms < info->time_step_ms)
        interval_ms = info->time_step_ms;
    if (params->spikes_path)
        status = chx_spike_table_create(params->spikes_path, network, &tally->spikes);
    if (status == CHX_OK && params->rates_path)
        status = chx_rate_table_create(params->rates_path, network, interval_ms, first_step,
                                       &tally->rates);
    return outcome_report(status, STAGE_OUTPUT);
}

static bool
keep(struct tally *tally, const chx_spike *spikes, size_t n_spikes)
{
    if (tally->n_spikes + n_spikes > tally->capacity) {
        const size_t capacity = 2 * tally->capacity + n_spikes;
        chx_spike *grown = realloc(tally->kept, capacity * sizeof *grown);
        if (!grown)
            return false;
        tally->kept = grown;
        tally->capacity = capacity;
    }
    if (n_spikes > 0)
        memcpy(tally->kept + tally->n_spikes, spikes, n_spikes * sizeof *spikes);
    return true;
}

/* How many of the spikes, which are ordered by step and neuron, were taken before the simulation
 * was set back. */
static size_t
count_known(const struct tally *tally, const chx_spike *spikes, size_t n_spikes)
{
    const chx_spike *last = &tally->last;
    size_t n = 0;
    while (n < n_spikes && tally->n_spikes > 0 &&
           (spikes[n].step < last->step ||
            (spikes[n].step == last->step && spikes[n].neuron <= last->neuron)))
        n++;
    return n;
}

chx_status
tally_add(struct tally *tally, const chx_spike *spikes, size_t n_spikes)
{
    chx_status status = CHX_OK;
    const size_t n_known = count_known(tally, spikes, n_spikes);
    spikes += n_known;
    n_spikes -= n_known;
    for (size_t i = 0; i < n_spikes; i++)
        tally->of_type[tally->info->neurons[spikes[i].neuron].type]++;
    if (tally->keeps_spikes && !keep(tally, spikes, n_spikes))
        status = CHX_ERROR_MEMORY;
    tally->n_spikes += n_spikes;
    if (n_spikes > 0)
        tally->last = spikes[n_spikes - 1];
    if (status == CHX_OK && tally->spikes)
        status = chx_spike_table_add(tally->spikes, spikes, n_spikes);
    if (status == CHX_OK && tally->rates)
        status = chx_rate_table_add(tally->rates, spikes, n_spikes);
    return status;
}

chx_status
tally_take(struct tally *tally, chx_simulation *simulation)
{
    chx_spike *spikes;
    size_t n_spikes;
    chx_status status = chx_simulation_take_spikes(simulation, &spikes, &n_spikes);
    if (status != CHX_OK)
        return status;
    status = tally_add(tally, spikes, n_spikes);
    free(spikes);
    return status;
}

int
tally_finish(struct tally *tally, uint64_t end_step)
{
    chx_status status = CHX_OK;
    if (tally->spikes)
        status = chx_spike_table_finish(tally->spikes);
    if (status == CHX_OK && tally->rates)
        status = chx_rate_table_finish(tally->rates, end_step);
    return outcome_report(status, STAGE_OUTPUT);
}

void
tally_close(struct tally *tally)
{
    chx_spike_table_destroy(&tally->spikes);
    chx_rate_table_destroy(&tally->rates);
    free(tally->of_type);
    free(tally->kept);
}
