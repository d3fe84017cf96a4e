/* Gap junctions. A simulation takes the current of a step from the potentials before it, so in a
 * step a neuron moves towards its neighbours by the share (sum of its conductances) * step /
 * capacitance of its distance to them. By Gershgorin's theorem no potential can swing up where no
 * neuron's share is above 1: that is what is checked, of models that have a capacitance. Graded
 * synapses that a neuron gets, at their most, are conductances as well. */
#include "network/gap.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "network/graded.h"

static bool
fail(chx__fault *fault, const char *member, const char *sentence)
{
    *fault = (chx__fault){member, sentence};
    return false;
}

bool
chx__gap_check(const chx_gap *gap, chx__fault *fault)
{
    const double conductance = (double)gap->conductance_ns;
    if (gap->neuron == gap->other)
        return fail(fault, "other", "is the neuron itself; a gap junction joins two, so remove it");
    if (!(conductance >= CHX__MIN_CURRENT_PA && conductance <= CHX__MAX_MAGNITUDE))
        return fail(fault, "conductance_ns", "must be 1e-12 to 1e12");
    return true;
}

static int
compare(const void *a, const void *b)
{
    const chx_gap *one = a, *two = b;
    if (one->neuron != two->neuron)
        return one->neuron < two->neuron ? -1 : 1;
    if (one->other != two->other)
        return one->other < two->other ? -1 : 1;
    return (one->conductance_ns > two->conductance_ns) -
           (one->conductance_ns < two->conductance_ns);
}

void
chx__gaps_sort(chx_gap *gaps, uint64_t n_gaps)
{
    for (uint64_t i = 0; i < n_gaps; i++)
        if (gaps[i].neuron > gaps[i].other)
            gaps[i] = (chx_gap){gaps[i].other, gaps[i].neuron, gaps[i].conductance_ns};
    if (n_gaps > 1)
        qsort(gaps, n_gaps, sizeof *gaps, compare);
}

chx_status
chx__gaps_check_sums(const chx_network *network)
{
    const chx_network_info *info = &network->info;
    chx_status status = CHX_OK;
    if (!chx__is_coupled(info))
        return CHX_OK;
    double *sums_ns = chx__alloc(info->n_neurons, sizeof *sums_ns);
    if (!sums_ns)
        return chx__fail_memory("checking gap junctions");
    for (uint64_t i = 0; i < info->n_gaps; i++) {
        sums_ns[info->gaps[i].neuron] += (double)info->gaps[i].conductance_ns;
        sums_ns[info->gaps[i].other] += (double)info->gaps[i].conductance_ns;
    }
    for (uint64_t i = 0; i < info->n_graded; i++)
        sums_ns[info->graded[i].post] += (double)info->graded[i].conductance_ns;
    for (uint32_t n = 0; n < info->n_neurons && !status; n++) {
        const double capacitance_pf = chx_network_parameter(network, n, "capacitance_pf");
        if (capacitance_pf > 0 && sums_ns[n] * info->time_step_ms > capacitance_pf)
            status = chx__fail(CHX_ERROR_FORMAT,
                               "the %s of %s are %g nS together, too much for its "
                               "%g pF in steps of %g ms, which allow %g nS; lower them or shorten "
                               "time_step_ms",
                               info->n_graded > 0 ? "gap junctions and graded synapses"
                                                  : "gap junctions",
                               info->neurons[n].name, sums_ns[n], capacitance_pf,
                               info->time_step_ms, capacitance_pf / info->time_step_ms);
    }
    free(sums_ns);
    return status;
}
