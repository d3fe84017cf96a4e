/* Graded synapses. How many a neuron may have is checked with its gap junctions (gap.c). */
#include "network/graded.h"

#include <math.h>
#include <stdlib.h>

#define MAX_REVERSAL_MV 1e6

bool
chx__graded_check(const chx_graded_synapse *graded, const chx__model *pre, chx__fault *fault)
{
    const double conductance = (double)graded->conductance_ns;
    if (pre->release == 0)
        return chx__model_fail(fault, "pre",
                               "has a model that transmits by spikes alone; give it the model "
                               "graded, or join the two by a synapse");
    if (!(conductance >= CHX__MIN_CURRENT_PA && conductance <= CHX__MAX_MAGNITUDE))
        return chx__model_fail(fault, "conductance_ns",
                               "must be 1e-12 to 1e12; inhibition has a low reversal_mv");
    if (!(fabs((double)graded->reversal_mv) <= MAX_REVERSAL_MV))
        return chx__model_fail(fault, "reversal_mv", "must be a number between -1e6 and 1e6");
    return true;
}

static int
compare_numbers(float a, float b)
{
    return (a > b) - (a < b);
}

static int
compare(const void *a, const void *b)
{
    const chx_graded_synapse *one = a, *two = b;
    if (one->post != two->post)
        return one->post < two->post ? -1 : 1;
    if (one->pre != two->pre)
        return one->pre < two->pre ? -1 : 1;
    const int order = compare_numbers(one->conductance_ns, two->conductance_ns);
    return order ? order : compare_numbers(one->reversal_mv, two->reversal_mv);
}

void
chx__graded_sort(chx_graded_synapse *graded, uint64_t n_graded)
{
    if (n_graded > 1)
        qsort(graded, n_graded, sizeof *graded, compare);
}
