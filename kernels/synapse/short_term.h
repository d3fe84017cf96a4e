/*
 * Short-term plasticity: what is left of a synapse's resources, and how much of it a spike uses.
 *
 * A plasticity has the same parameters for all synapses that have it, so those of one neuron are
 * in the same state, which is kept once, with the neuron, and changes when it fires. After Tsodyks,
 * Pawelzik and Markram 1998 (doi:10.1162/089976698300017502), with h the time since the spike
 * before, at which u was used and y depleted, both 0 at first:
 *
 *   y = (y + (1 - y) u) exp(-h / recovery_ms), with the u of the spike before
 *   u = utilization + u (1 - utilization) exp(-h / facilitation_ms)
 *   efficacy = (1 - y) u
 */
#ifndef CHX_KERNELS_SHORT_TERM_H
#define CHX_KERNELS_SHORT_TERM_H

/* Members of resources. */
#define SHORT_TERM_DEPLETED 0
#define SHORT_TERM_USED 1
#define SHORT_TERM_STEP 2 /* as int: of the last spike */
#define SHORT_TERM_EFFICACY 3 /* of the last spike */

#ifdef POPULATION_SHORT_TERM
/* Takes in that neurons of a block fired in a step. */
static void
short_term_fire(constant chx_population_setup *setup, const wide_int fired, uint block, uint step,
                global const chx_population_plasticity *plasticities, global wide_float *resources)
{
    const uint n = POPULATION_N_SHORT_TERM;
    global wide_float *own = resources + block * n * CHX_POPULATION_RESOURCES;
    for (uint p = 0; p < n; p++, own += CHX_POPULATION_RESOURCES) {
        const wide_float y = own[SHORT_TERM_DEPLETED], u = own[SHORT_TERM_USED];
        const wide_float utilization = (wide_float)(plasticities[p].utilization);
        const wide_int since = (wide_int)((int)step) - WIDE(as_int)(own[SHORT_TERM_STEP]);
        const wide_float h = WIDE(convert_float)(since);
        wide_float recovering, facilitated;
        WIDE_EXP(recovering, h * -plasticities[p].recovery);
        WIDE_EXP(facilitated, h * -plasticities[p].facilitation);
        const wide_float left = (y + (1.0f - y) * u) * recovering;
        const wide_float depleted = select((wide_float)(0), left, left >= POPULATION_TINY);
        const wide_float used = utilization + u * (1.0f - utilization) * facilitated;
        own[SHORT_TERM_DEPLETED] = select(y, depleted, fired);
        own[SHORT_TERM_USED] = select(u, used, fired);
        own[SHORT_TERM_STEP] = select(own[SHORT_TERM_STEP], (wide_float)(as_float(step)), fired);
        own[SHORT_TERM_EFFICACY] =
            select(own[SHORT_TERM_EFFICACY], (1.0f - depleted) * used, fired);
    }
}

/* Writes the efficacies of a spike, the last of its neuron, beside it in a list. */
static void
short_term_write(constant chx_population_setup *setup, uint block, uint lane, uint place,
                 global const wide_float *resources, global uint *list)
{
    const uint n = POPULATION_N_SHORT_TERM;
    global const uint *own =
        (global const uint *)(resources + block * n * CHX_POPULATION_RESOURCES);
    global uint *to = list + CHX_POPULATION_LIST_HEADER + setup->list_places + place * n;
    for (uint p = 0; p < n; p++)
        to[p] = own[(p * CHX_POPULATION_RESOURCES + SHORT_TERM_EFFICACY) * POPULATION_WIDTH + lane];
}
#endif

#endif
