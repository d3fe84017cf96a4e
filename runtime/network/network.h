/*
 * The inside of a network: the arrays it owns, and how one is put together.
 *
 * A builder begins a network, grows the arrays with chx__grow(), keeps texts
 * and lists in the network's arena, and finishes it, which sorts the synapses
 * and fills in what can be derived. Checks are the builder's task (check.h).
 */
#ifndef CHX_NETWORK_NETWORK_H
#define CHX_NETWORK_NETWORK_H

#include <chronaxie/network.h>

/* Neurons, nodes and types are indexed in 32 bits, with room for a mark. */
#define CHX__NETWORK_MAX_ITEMS 2147483647u

struct chx_network {
    chx_network_info info; /* its array pointers are set by chx__network_finish() */
    chx_neuron_type *types;
    chx_neuron *neurons;
    chx_synapse *synapses;
    bool is_sorted; /* its synapses are, so that finishing need not look */
    chx_stimulus *stimuli;
    chx_node *nodes;
    chx_gap *gaps;
    chx_graded_synapse *graded;
    chx_plasticity *plasticities; /* room for CHX_MAX_PLASTICITIES, in the arena */
    chx_port_rule *ports; /* room for CHX_MAX_PORT_RULES, in the arena */
    const char **remarks;
    chx_neuron_values *parameters, *initial; /* their values in the arena */
    struct chx__rules *rules; /* that draw synapses, until all are listed for good; else NULL */
    struct chx__layout *layout; /* whose forces have not acted yet; else NULL */
    size_t types_capacity, neurons_capacity, synapses_capacity, stimuli_capacity, nodes_capacity,
        gaps_capacity, remarks_capacity, parameters_capacity, initial_capacity, graded_capacity;
    chx_model **models; /* that users wrote and types have, each held once */
    size_t n_models, models_capacity;
    struct chx__network_block *blocks; /* the arena, newest first */
};

/* An empty network with the default view; NULL when memory is out. */
chx_network *chx__network_begin(void);

/* Memory that lives as long as the network; NULL when memory is out. */
void *chx__network_keep(chx_network *network, size_t size_bytes);
char *chx__network_keep_text(chx_network *network, const char *text, size_t length);
void chx__network_free_kept(chx_network *network);

/* Makes the network a holder of the model, once. False when memory is out. */
bool chx__network_hold(chx_network *network, const chx_model *model);

/* Adds a remark, "PATH:LINE: SENTENCE". Errors: MEMORY. */
chx_status chx__network_remark(chx_network *network, const char *path, uint64_t line,
                               const char *sentence);

/* Sorts synapses and gaps, derives the delays, gives spare memory back, and checks what takes
 * the whole network. Errors: FORMAT, MEMORY. */
chx_status chx__network_finish(chx_network *network);

/* Sorts by (pre, post, delay, weight). Errors: MEMORY. */
chx_status chx__synapses_sort(chx_synapse *synapses, uint64_t n_synapses, uint32_t n_neurons);

/* Brings synapses together in groups of 2^shift sources, of which `first` begins the first. start
 * and next have one entry more than there are groups, and are zero; start is left as where each
 * begins. Threads share the work if they may. */
void chx__synapses_group(chx_synapse *synapses, uint64_t n_synapses, uint32_t first, unsigned shift,
                         uint32_t n_groups, uint64_t *start, uint64_t *next, bool is_shared);

#endif
