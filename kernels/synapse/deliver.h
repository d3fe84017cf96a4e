/*
 * Delivery of spikes: adds the weight of every synapse of every neuron in a
 * list to its target's input ring. A device function, included by kernels.
 *
 * Synapses live with their target's group, put together by presynaptic neuron; neuron/population.h
 * describes them. Sums of integers do not depend on the order of the additions, and the host chose
 * the unit so that no sum can overflow. Additions are plain where POPULATION_ALONE says that no
 * other work-item delivers to the same neurons at the time.
 *
 * With POPULATION_PLASTIC, weights of synapses that have a plasticity are multiplied by the
 * efficacy that stands beside the spike, and rounded to the nearest unit.
 *
 * The list may be garbage, see neuron/population.h: its count and its neurons are bounded.
 *
 * row_lanes neighbouring work-items share one spike.
 */
#ifndef CHX_KERNELS_DELIVER_H
#define CHX_KERNELS_DELIVER_H

#ifdef POPULATION_KINDS
typedef uint population_synapse;
#else
typedef uint2 population_synapse;
#endif

/* The synapses of spikes of `list` in one group, whose offsets these are. */
static void
deliver_list(constant chx_population_setup *setup, global const uint *list,
             global const uint *offsets, global const population_synapse *synapses,
             global const chx_population_kind *kinds, global int *ring, uint item, uint n_items)
{
    const uint count = min(list[0], setup->list_places);
    const uint first_neuron = list[1], first = list[2], n_sources = setup->n_sources;
    const uint n_lanes = setup->ring_blocks * POPULATION_WIDTH, row_lanes = setup->row_lanes;
    const uint target_bits = setup->target_bits, target_mask = (1u << target_bits) - 1;
    const uint neuron_bits = setup->neuron_bits, neuron_mask = (1u << neuron_bits) - 1;
    const uint lane = item & (row_lanes - 1);
#ifdef POPULATION_PLASTIC
    const uint delay_bits = setup->delay_bits, delay_mask = (1u << delay_bits) - 1;
    const uint n_plasticities = setup->n_plasticities;
    global const uint *efficacies = list + CHX_POPULATION_LIST_HEADER + setup->list_places;
#endif
    for (uint spike = item / row_lanes; spike < count; spike += n_items / row_lanes) {
        const uint entry = list[CHX_POPULATION_LIST_HEADER + spike];
        const uint step = first + (entry >> neuron_bits);
        const uint pre = first_neuron + (entry & neuron_mask);
        if (pre >= n_sources)
            continue;
        const uint end = offsets[pre + 1];
        for (uint k = offsets[pre] + lane; k < end; k += row_lanes) {
            const population_synapse synapse = synapses[k];
#ifdef POPULATION_KINDS
            const uint target = synapse & target_mask;
            const chx_population_kind kind = kinds[synapse >> target_bits];
            uint delay = kind.delay;
            int weight = kind.weight;
#else
            const uint target = synapse.x & target_mask;
            uint delay = synapse.x >> target_bits;
            int weight = (int)synapse.y;
#endif
#ifdef POPULATION_PLASTIC
            const uint plasticity = delay >> delay_bits;
            delay &= delay_mask;
            if (plasticity != 0) {
                const uint efficacy = efficacies[spike * n_plasticities + plasticity - 1];
                weight = convert_int_sat_rte(convert_float_rte(weight) * as_float(efficacy));
            }
#endif
            const uint slot = ring_slot(setup, step + delay);
            global int *at = &ring[slot * n_lanes + target];
#ifdef POPULATION_ALONE
            *at += weight;
            ring_mark(setup, (global wide_int *)ring, target / POPULATION_WIDTH, slot);
#else
            atomic_add(at, weight);
#endif
        }
    }
}

#endif
