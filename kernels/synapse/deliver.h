/*
 * Delivery of spikes: adds the weight of every synapse of every neuron in a
 * list to its target's input ring. A device function, included by kernels.
 *
 * Synapses live with their target's group, put together by presynaptic neuron; neuron/population.h
 * describes them. Sums of integers do not depend on the order of the additions, and the host chose
 * the unit so that no sum can overflow. Additions are plain where POPULATION_ALONE says that no
 * other work-item delivers to the same neurons at the time.
 *
 * With POPULATION_SHORT_TERM, weights of synapses that have such a plasticity are multiplied by the
 * efficacy that stands beside the spike, and rounded to the nearest unit. With POPULATION_LEARNING,
 * those that learn do so first; then each neuron's spikes are delivered by one work-item, in their
 * order, and row_lanes is 1.
 *
 * The list may be garbage, see neuron/population.h: its count and its neurons are bounded; and so
 * may synapses that learn: their targets and plasticities are.
 *
 * row_lanes neighbouring work-items share one spike.
 *
 * With POPULATION_FAR the ring is larger than caches, and what a synapse adds to is fetched while
 * those before it are at work. OpenCL's own prefetch() does nothing on PoCL, the compiler's does.
 */
#ifndef CHX_KERNELS_DELIVER_H
#define CHX_KERNELS_DELIVER_H

#ifdef POPULATION_KINDS
typedef uint population_synapse;
#else
typedef uint2 population_synapse;
#endif

#ifdef POPULATION_LEARNING
#define DELIVER_SYNAPSES global population_synapse
#define DELIVER_SOURCE_WORDS LEARNING_SOURCE
#else
#define DELIVER_SYNAPSES global const population_synapse
#define DELIVER_SOURCE_WORDS(setup) 0
#endif

#if defined POPULATION_SHORT_TERM || defined POPULATION_LEARNING
#define DELIVER_PLASTIC
#endif

/* The place in the ring that a synapse adds to, of a spike of `step`. */
WIDE_FUNCTION global int *
deliver_place(constant chx_population_setup *setup, global int *ring, uint n_lanes, uint target,
              uint step)
{
    return &ring[ring_slot(setup, step) * n_lanes + target];
}

#if defined POPULATION_FAR && defined POCL_DEVICE_ADDRESS_BITS && !defined DELIVER_PLASTIC
#define DELIVER_AHEAD 32u /* synapses; with 16 a large microcircuit took a fifth longer */

WIDE_FUNCTION void
deliver_fetch(constant chx_population_setup *setup, const population_synapse synapse,
              global const chx_population_kind *kinds, global int *ring, uint n_lanes, uint step)
{
#ifdef POPULATION_KINDS
    const uint target_bits = setup->target_bits, word = synapse;
    const uint delay = kinds[word >> target_bits].delay;
#else
    const uint target_bits = setup->target_bits, word = synapse.x;
    const uint delay = word >> target_bits;
#endif
    const uint target = word & ((1u << target_bits) - 1);
    __builtin_prefetch(
        (const void *)(size_t)deliver_place(setup, ring, n_lanes, target, step + delay), 1);
}
#endif

#ifdef POPULATION_LEARNING
/* Lets a synapse learn, up to step `now`, in which its source may fire, and gives its weight. */
static int
deliver_learning(constant chx_population_setup *setup, DELIVER_SYNAPSES *synapse, uint now,
                 bool fires, global const chx_population_plasticity *plasticities,
                 global const uint *posts, global const uint *source)
{
    const uint word = (*synapse).x, target_bits = setup->target_bits;
    const uint delay = word >> target_bits & ((1u << setup->delay_bits) - 1);
    const uint number = word >> target_bits >> setup->delay_bits;
    const uint plasticity = min(number, POPULATION_N_SHORT_TERM + POPULATION_N_LEARNING) - 1;
    const uint lanes = setup->n_blocks * POPULATION_WIDTH;
    const uint neuron = (word & ((1u << target_bits) - 1)) % lanes;
    global const chx_population_plasticity *own = &plasticities[plasticity];
    const float w =
        learning_advance(setup, as_float((*synapse).y), plasticity - POPULATION_N_SHORT_TERM, delay,
                         now, fires, own, source, posts + neuron * LEARNING_POSTS(setup));
    (*synapse).y = as_uint(w);
    return convert_int_sat_rte(w * own->max_weight);
}
#endif

/* The synapses of spikes of `list` in one group, whose offsets these are. */
static void
deliver_list(constant chx_population_setup *setup, global const uint *list,
             global const uint *offsets, DELIVER_SYNAPSES *synapses,
             global const chx_population_kind *kinds,
             global const chx_population_plasticity *plasticities, global const uint *posts,
             global uint *sources, global int *ring, uint item, uint n_items)
{
    const uint count = min(list[0], setup->list_places);
    const uint first_neuron = list[1], first = list[2], n_sources = setup->n_sources;
    const uint n_lanes = setup->ring_blocks * POPULATION_WIDTH, row_lanes = setup->row_lanes;
    const uint target_bits = setup->target_bits, target_mask = (1u << target_bits) - 1;
    const uint neuron_bits = setup->neuron_bits, neuron_mask = (1u << neuron_bits) - 1;
    const uint lane = item & (row_lanes - 1);
#ifdef DELIVER_PLASTIC
    const uint delay_bits = setup->delay_bits, delay_mask = (1u << delay_bits) - 1;
    const uint n_short_term = POPULATION_N_SHORT_TERM;
#endif
#ifdef POPULATION_SHORT_TERM
    global const uint *efficacies = list + CHX_POPULATION_LIST_HEADER + setup->list_places;
#endif
#ifdef POPULATION_LEARNING
    const uint first_spike = 0, next_spike = 1;
#else
    const uint first_spike = item / row_lanes, next_spike = n_items / row_lanes;
#endif
    for (uint spike = first_spike; spike < count; spike += next_spike) {
        const uint entry = list[CHX_POPULATION_LIST_HEADER + spike];
        const uint step = first + (entry >> neuron_bits);
        const uint pre = first_neuron + (entry & neuron_mask);
        if (pre >= n_sources)
            continue;
#ifdef POPULATION_LEARNING
        if (pre % n_items != item)
            continue;
        global uint *source = sources + pre * DELIVER_SOURCE_WORDS(setup);
#endif
        const uint end = offsets[pre + 1];
        for (uint k = offsets[pre] + lane; k < end; k += row_lanes) {
#ifdef DELIVER_AHEAD
            deliver_fetch(setup, synapses[min(k + DELIVER_AHEAD, end - 1)], kinds, ring, n_lanes,
                          step);
#endif
            const population_synapse synapse = synapses[k];
#ifdef POPULATION_KINDS
            const uint target = synapse & target_mask;
            const chx_population_kind kind = kinds[synapse >> target_bits];
            uint delay = kind.delay;
            int weight = kind.weight;
#else
            uint target = synapse.x & target_mask;
            uint delay = synapse.x >> target_bits;
            int weight = (int)synapse.y;
#endif
#ifdef DELIVER_PLASTIC
            const uint plasticity = delay >> delay_bits;
            delay &= delay_mask;
#endif
#ifdef POPULATION_SHORT_TERM
            if (plasticity > 0 && plasticity <= n_short_term) {
                const uint efficacy = efficacies[spike * n_short_term + plasticity - 1];
                weight = convert_int_sat_rte(convert_float_rte(weight) * as_float(efficacy));
            }
#endif
#ifdef POPULATION_LEARNING
            target = min(target, n_lanes - 1);
            if (plasticity > n_short_term)
                weight =
                    deliver_learning(setup, &synapses[k], step, true, plasticities, posts, source);
#endif
            global int *at = deliver_place(setup, ring, n_lanes, target, step + delay);
#ifdef POPULATION_ALONE
            *at += weight;
            ring_mark(setup, (global wide_int *)ring, target / POPULATION_WIDTH,
                      ring_slot(setup, step + delay));
#else
            atomic_add(at, weight);
#endif
        }
#ifdef POPULATION_LEARNING
        learning_fired(setup, step, plasticities, source);
#endif
    }
}

#ifdef POPULATION_LEARNING
/* Lets all synapses of a source learn what waits for them, up to step `end`. */
static void
deliver_waiting(constant chx_population_setup *setup, uint pre, uint end,
                global const uint *offsets, DELIVER_SYNAPSES *synapses,
                global const chx_population_plasticity *plasticities, global const uint *posts,
                global uint *source)
{
    const uint row_end = offsets[pre + 1];
    for (uint k = offsets[pre]; source[0] > 0 && k < row_end; k++)
        if (synapses[k].x >> setup->target_bits >> setup->delay_bits > POPULATION_N_SHORT_TERM)
            deliver_learning(setup, &synapses[k], end, false, plasticities, posts, source);
    source[1] = end;
}
#endif

/* After all lists of a batch: sweeps the synapses where it is time for that. */
static void
deliver_sweep(constant chx_population_setup *setup, global const uint *list,
              global const uint *offsets, DELIVER_SYNAPSES *synapses,
              global const chx_population_plasticity *plasticities, global const uint *posts,
              global uint *sources, uint item, uint n_items)
{
#ifdef POPULATION_LEARNING
    const uint first = list[2], end = list[3], n_sources = setup->n_sources;
    if (first / setup->sweep_steps == end / setup->sweep_steps)
        return;
    for (uint pre = item; pre < n_sources; pre += n_items)
        deliver_waiting(setup, pre, end, offsets, synapses, plasticities, posts,
                        sources + pre * DELIVER_SOURCE_WORDS(setup));
#endif
}

#endif
