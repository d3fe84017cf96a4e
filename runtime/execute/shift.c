/* Models follow a median, since most samples that differ are noise or disturbed. But noise differs
 * from one kernel to the next, and disturbances are rare: where most of what a lane ran lies apart
 * from what is known, by one factor, in runs one after the other, the lane has changed, and its
 * kernels' models are scaled instead of waiting for a majority of new samples in each.
 *
 * Where one sample in ten is wild, N_WITNESSES that are so together are one case in 10^8. Lanes
 * that run few kernels need more runs, up to as many as medians do.
 *
 * A look into the table for each command is too much for each run, so that only runs on whose lane
 * the sum is off the plan's are looked at. */
#include "execute/shift.h"

#include <stdlib.h>

#include "base/alloc.h"

#define SUSPICIOUS 1.4 /* times the planned sum */
#define LEAST_FACTOR 1.5
#define ALIKE 2.0 /* times one another */
#define MOST_STRANGERS 4u /* one in so many does not take part */
#define N_WITNESSES 8u
#define N_RUNS 2u

static bool
is_off(double ratio, double times)
{
    return ratio > times || ratio * times < 1.0;
}

static bool
is_witness(const chx_run *run, uint32_t index)
{
    const chx__step *step = &run->steps[index];
    return run->lowered->commands[index].kind == CHX__COMMAND_KERNEL &&
           step->parcel.finish_ns > step->parcel.start_ns;
}

static double
duration_of(const chx_run *run, uint32_t index)
{
    const chx__step *step = &run->steps[index];
    return (double)(step->parcel.finish_ns - step->parcel.start_ns);
}

static bool
is_suspicious(const chx_run *run, uint32_t lane)
{
    const chx__lowered *lowered = run->lowered;
    double measured_ns = 0.0, planned_ns = 0.0;
    for (uint32_t row = lowered->lane_begin[lane]; row < lowered->lane_begin[lane + 1]; row++) {
        uint32_t c = lowered->lane_commands[row];
        if (!is_witness(run, c))
            continue;
        measured_ns += duration_of(run, c);
        planned_ns += lowered->commands[c].finish_ns - lowered->commands[c].start_ns;
    }
    return planned_ns > 0.0 && is_off(measured_ns / planned_ns, SUSPICIOUS);
}

static int
compare_ratios(const void *left, const void *right)
{
    const double *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* How many of the ratios agree on a factor; 0 when too few. */
static uint32_t
agree(double *ratios, uint32_t n, double *factor)
{
    uint32_t n_alike = 0;
    if (n == 0)
        return 0;
    qsort(ratios, n, sizeof *ratios, compare_ratios);
    *factor = ratios[(n - 1) / 2];
    if (!is_off(*factor, LEAST_FACTOR))
        return 0;
    for (uint32_t i = 0; i < n; i++)
        n_alike += is_off(ratios[i], LEAST_FACTOR) && !is_off(ratios[i] / *factor, ALIKE);
    return (n - n_alike) * MOST_STRANGERS <= n ? n_alike : 0;
}

/* Whether so many witnesses more make it certain. */
static bool
hear(chx__shift *shift, uint32_t n_witnesses, double factor)
{
    bool goes_on = n_witnesses > 0 && shift->n_runs > 0 && !is_off(factor / shift->factor, ALIKE);
    if (!goes_on)
        *shift = (chx__shift){0};
    if (n_witnesses == 0)
        return false;
    shift->factor = factor;
    shift->n_runs++;
    shift->n_witnesses += n_witnesses;
    return shift->n_runs >= N_RUNS && shift->n_witnesses >= N_WITNESSES;
}

static int
compare_kernels(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* Of each kernel that the lane ran, once. */
static void
scale(const chx_run *run, uint32_t lane, uint64_t *kernels, double factor)
{
    const chx__lowered *lowered = run->lowered;
    uint64_t device = lowered->model.lanes[lane].device->pace;
    uint32_t n = 0;
    for (uint32_t row = lowered->lane_begin[lane]; row < lowered->lane_begin[lane + 1]; row++) {
        const chx__command *command = &lowered->commands[lowered->lane_commands[row]];
        if (command->kind != CHX__COMMAND_KERNEL)
            continue;
        kernels[n++] = command->cost_keys.own.kernel;
        kernels[n++] = command->cost_keys.kind.kernel;
    }
    qsort(kernels, n, sizeof *kernels, compare_kernels);
    for (uint32_t k = 0; k < n; k++)
        if (k == 0 || kernels[k] != kernels[k - 1])
            chx__costs_scale(run->runtime->costs, kernels[k], device, factor);
}

/* Without memory nothing is found. */
static bool
look_closely(const chx_run *run, uint32_t lane)
{
    const chx__lowered *lowered = run->lowered;
    uint32_t begin = lowered->lane_begin[lane], end = lowered->lane_begin[lane + 1], n = 0;
    double *ratios = chx__alloc(end - begin, sizeof *ratios), factor = 1.0;
    uint64_t *kernels = chx__alloc(2 * (size_t)(end - begin), sizeof *kernels);
    for (uint32_t row = begin; ratios && kernels && row < end; row++) {
        uint32_t c = lowered->lane_commands[row];
        n += is_witness(run, c) &&
             chx__costs_compare(run->runtime->costs, &lowered->commands[c].cost_keys.own,
                                duration_of(run, c), &ratios[n]);
    }
    uint32_t n_witnesses = agree(ratios, n, &factor);
    bool is_certain = hear(&lowered->shifts[lane], n_witnesses, factor);
    if (is_certain) {
        scale(run, lane, kernels, factor);
        lowered->shifts[lane] = (chx__shift){0};
    }
    free(ratios);
    free(kernels);
    return is_certain;
}

uint32_t
chx__shift_look(const chx_run *run)
{
    const chx__lowered *lowered = run->lowered;
    uint32_t n = 0;
    for (uint32_t lane = 0; lane < lowered->model.machine.n_lanes; lane++) {
        if (is_suspicious(run, lane))
            n += look_closely(run, lane);
        else
            lowered->shifts[lane] = (chx__shift){0};
    }
    return n;
}
