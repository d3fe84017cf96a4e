/*
 * Delivery of spikes: adds the weight of every synapse of every neuron in a
 * list to its target's input ring. A device function, included by kernels.
 *
 * Synapses live with their target's partition, grouped by presynaptic neuron:
 * those of neuron n of the network are synapses[offsets[n] .. offsets[n + 1]).
 * A synapse is x = delay in steps << target_bits | index of the target in the
 * partition, y = weight as int, in units of unit_pa. Sums of integers do not
 * depend on the order of the atomic additions, and the host chose the unit so
 * that no sum can overflow.
 *
 * The list may be garbage, see neuron/population.h: its count and its neurons are bounded.
 *
 * row_lanes neighbouring work-items share one spike. Buffers: neuron/population.h.
 */
#ifndef CHX_KERNELS_DELIVER_H
#define CHX_KERNELS_DELIVER_H

static void
deliver_list(constant chx_population_setup *setup, uint n_blocks, global const uint *list,
             global const uint *offsets, global const uint2 *synapses, global int *ring,
             uint run_step, uint item, uint n_items)
{
    const uint count = min(list[0], setup->list_words - CHX_POPULATION_LIST_HEADER);
    const uint first_neuron = list[1], n_sources = setup->n_sources;
    const uint n_lanes = n_blocks * POPULATION_WIDTH;
    const uint slot_mask = (1u << setup->slot_bits) - 1;
    const uint target_mask = (1u << setup->target_bits) - 1;
    const uint neuron_mask = (1u << setup->neuron_bits) - 1;
    const uint lane = item & (setup->row_lanes - 1);
    for (uint spike = item / setup->row_lanes; spike < count; spike += n_items / setup->row_lanes) {
        const uint entry = list[CHX_POPULATION_LIST_HEADER + spike];
        const uint step = run_step + (entry >> setup->neuron_bits);
        const uint pre = first_neuron + (entry & neuron_mask);
        if (pre >= n_sources)
            continue;
        const uint end = offsets[pre + 1];
        for (uint k = offsets[pre] + lane; k < end; k += setup->row_lanes) {
            const uint2 synapse = synapses[k];
            const uint target = synapse.x & target_mask;
            const uint slot = (step + (synapse.x >> setup->target_bits)) & slot_mask;
            atomic_add(&ring[slot * n_lanes + target], (int)synapse.y);
        }
    }
}

#endif
