/*
 * A network: neurons, synapses, stimuli and shapes, as loaded from a folder.
 *
 * A network is plain data and belongs to no runtime. The folder format is
 * described in docs/network-format.md. All arrays are read-only and live as
 * long as the network.
 *
 * Queries of NULL give NULL and write nothing.
 */
#ifndef CHRONAXIE_NETWORK_H
#define CHRONAXIE_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <chronaxie/runtime.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct chx_network chx_network;

/* Parameters of a leaky integrate-and-fire neuron with exponential synaptic current. */
typedef struct chx_lif_params {
    double capacitance_pf; /* > 0 */
    double tau_membrane_ms; /* > 0 */
    double tau_synapse_ms; /* > 0, differs from tau_membrane_ms */
    double resting_mv;
    double threshold_mv; /* > reset_mv */
    double reset_mv;
    double refractory_ms; /* >= 0 */
    double bias_pa; /* constant current */
    /* Of spikes with negative weights, > 0, differs from tau_membrane_ms; 0: tau_synapse_ms. */
    double tau_inhibition_ms;
} chx_lif_params;

typedef struct chx_neuron {
    const char *name;
    uint32_t type; /* index into types */
    float position_um[3]; /* soma centre */
    float diameter_um; /* soma */
    uint32_t first_node; /* morphology: nodes [first_node, first_node + n_nodes) */
    uint32_t n_nodes; /* 0 when the neuron has no morphology file */
    /* Neurons may share nodes, which stand for each of them where chx_neuron_place() says: turned
     * by rotation_deg about the y axis, -3600 .. 3600, from z towards x, and then shifted. */
    float rotation_deg;
    float shift_um[3];
} chx_neuron;

/* A parameter of a model, by the name that it has in network.json. */
typedef struct chx_parameter {
    const char *name;
    double value;
} chx_parameter;

/* A model of neurons that a user wrote, in one file of OpenCL C (docs/models.md). Constant; any
 * thread. */
typedef struct chx_model chx_model;

/* Reads a model's file and checks it, as far as that needs no device; a compiler sees it when a
 * simulation is built. It becomes native code: load only files you trust. On success the caller
 * destroys *model. Errors: FILE, FORMAT with file, line and remedy in chx_last_error(), LIMIT,
 * MEMORY. */
CHX_API chx_status chx_model_from_file(const char *path, chx_model **model);

/* Clears *model; accepts NULL. Networks whose types have the model keep it as long as they need. */
CHX_API void chx_model_destroy(chx_model **model);

/* How values are drawn: those of a projection's synapses, parameters, and what neurons begin as. */
typedef enum chx_distribution_kind {
    CHX_DISTRIBUTION_CONSTANT = 0, /* mean */
    CHX_DISTRIBUTION_NORMAL,
    CHX_DISTRIBUTION_LOGNORMAL, /* mirrored where mean is negative */
    CHX_DISTRIBUTION_UNIFORM, /* from min to max */
} chx_distribution_kind;

typedef struct chx_distribution {
    chx_distribution_kind kind;
    double mean, sd; /* of the values themselves, also where their logarithm is normal; sd > 0 */
    double min, max; /* min < max; may be infinite; both 0 is no bounds */
    bool is_clipped; /* what lies outside becomes the bound; else it is drawn again */
} chx_distribution;

/* What a state of a model begins as, by the name that docs/models.md gives it. Each neuron has its
 * own number, drawn from the simulation's seed. */
typedef struct chx_initial {
    const char *state;
    chx_distribution value;
} chx_initial;

/* A parameter of which each neuron of a type gets a value of its own, drawn from the network's
 * seed. */
typedef struct chx_drawn_parameter {
    const char *parameter;
    chx_distribution value;
} chx_drawn_parameter;

/* Neurons of one type share a model and parameters. Models and their parameters are described in
 * docs/models.md. */
typedef struct chx_neuron_type {
    const char *name;
    chx_lif_params params; /* where model is NULL: leaky integrate-and-fire */
    const char *model; /* else "lif_alpha", "lif_delta", "lif_cond", "glif3", "adex", "izhikevich",
                        * "hh", "graded" or "relay", with parameters: */
    const chx_parameter *parameters; /* in any order; in a network all of the model's, in its own */
    uint32_t n_parameters;
    const chx_model *own; /* instead of model; in a network, where model is its file's name, held */
    const chx_initial *initial; /* states that do not begin as the model says */
    uint32_t n_initial;
    /* For create: a network has what was drawn among the parameters of its neurons. The type's own
     * value of such a parameter is one that it could have. */
    const chx_drawn_parameter *drawn;
    uint32_t n_drawn;
} chx_neuron_type;

/* A column of a table of neurons: a parameter, or what a state begins as, by the name that it has
 * in docs/models.md. */
typedef struct chx_neuron_values {
    const char *name;
    const double *values; /* one for each neuron; NaN: as its type says */
} chx_neuron_values;

/* Sorted by (pre, post, delay, weight). */
typedef struct chx_synapse {
    uint32_t pre;
    uint32_t post;
    float weight_pa; /* current that one spike adds, negative for inhibition */
    float delay_ms; /* >= one time step */
} chx_synapse;

/* Whom a projection joins. The fixed rules draw evenly, and one pair may be drawn several times. */
typedef enum chx_rule {
    CHX_RULE_ALL_TO_ALL = 1,
    CHX_RULE_ONE_TO_ONE, /* the first of from with the first of to, and so on */
    CHX_RULE_PAIRWISE_BERNOULLI, /* each pair with a probability */
    CHX_RULE_FIXED_TOTAL, /* a number of synapses in all */
    CHX_RULE_FIXED_INDEGREE, /* a number of synapses for each target */
    CHX_RULE_FIXED_OUTDEGREE, /* a number of synapses for each source */
} chx_rule;

/* Synapses by rule. They are drawn by Philox4x32-10 (doi:10.1145/2063384.2063405) from the
 * network's seed, the projection's index and the neuron's place in `from` or `to`: the same on
 * every machine. */
typedef struct chx_projection {
    chx_rule rule;
    const uint32_t *from; /* sources, each once */
    const uint32_t *to; /* targets, each once */
    uint32_t n_from;
    uint32_t n_to;
    double probability; /* pairwise Bernoulli: 0 .. 1, */
    double decay_um; /* times exp(-distance / decay_um) where this is not 0, */
    double sigma_um; /* or times exp(-distance^2 / (2 sigma_um^2)) where this is not 0 */
    uint64_t synapses; /* fixed rules: in all, or for each target or source */
    bool with_self; /* a neuron may be joined with itself */
    bool without_multiple; /* fixed rules: no pair is joined twice */
    chx_distribution weight_pa; /* what comes out below 1e-12 in magnitude is 0 */
    chx_distribution delay_ms; /* all of it at least one time step */
} chx_projection;

typedef enum chx_plasticity_kind {
    CHX_PLASTICITY_SHORT_TERM = 1, /* of Tsodyks and Markram: a spike uses a share of a synapse's
                                      resources, and its weight is multiplied by that */
    CHX_PLASTICITY_STDP, /* weights learn from pairs of spikes, one on each side */
} chx_plasticity_kind;

/* How the synapses from neurons of some types to neurons of others change (docs/models.md). */
typedef struct chx_plasticity {
    chx_plasticity_kind kind;
    const uint32_t *from; /* types of sources; NULL: all */
    const uint32_t *to; /* types of targets; NULL: all */
    uint32_t n_from;
    uint32_t n_to;
    /* Short term. */
    double utilization; /* share used of a rested synapse, above 0, at most 1 */
    double recovery_ms; /* time constant of what was used, up to 1e9; 0: at once */
    double facilitation_ms; /* of the rise of the share, up to 1e9; 0: it does not rise */
    /* Spike-timing-dependent plasticity. With w the share of a weight in the greatest, a target's
     * spike after a source's adds potentiation (1 - w)^potentiation_exponent to it, and one before
     * takes depression w^depression_exponent off, both less by the time between the two. Delays
     * count for the target's spikes, as if they had to go back. */
    double potentiation; /* 0 .. 1 */
    double depression; /* 0 .. 1 */
    double potentiation_ms; /* time constants, above 0, up to 1e9 */
    double depression_ms;
    double potentiation_exponent; /* 0 .. 100 */
    double depression_exponent;
    double weight_max; /* as weight_pa of synapses; all weights are between 0 and it */
    bool is_nearest; /* pairs with the spike nearest in time; else with all */
} chx_plasticity;

#define CHX_MAX_PLASTICITIES 32 /* of a network */

/* At which receptor port of their targets the synapses from neurons of some types to neurons of
 * others arrive (docs/models.md). Weights keep their signs; a conductance's must be the port's. */
typedef struct chx_port_rule {
    const uint32_t *from; /* types of sources; NULL: all */
    const uint32_t *to; /* types of targets, whose models all have the port; NULL: all */
    uint32_t n_from;
    uint32_t n_to;
    const char *port; /* by its name in docs/models.md, or in the head of a model of one's own */
} chx_port_rule;

#define CHX_MAX_PORT_RULES 32 /* of a network */

/* A gap junction: between two neurons, each of which gets the current conductance_ns times by how
 * much the other's potential is above its own. */
typedef struct chx_gap {
    uint32_t neuron;
    uint32_t other; /* in a network above neuron, and sorted by (neuron, other, conductance) */
    float conductance_ns; /* 1e-12 .. 1e12 */
} chx_gap;

/* A synapse that transmits without spikes. The target gets the current conductance_ns, times what
 * its source releases, times by how much the reversal potential is above the target's own. */
typedef struct chx_graded_synapse {
    uint32_t pre; /* of a model that releases: "graded" */
    uint32_t post; /* in a network they are sorted by (post, pre, conductance, reversal) */
    float conductance_ns; /* 1e-12 .. 1e12 */
    float reversal_mv; /* -1e6 .. 1e6 */
} chx_graded_synapse;

/* One spike: the neuron crossed threshold in time step `step` (time = step x time_step_ms). */
typedef struct chx_spike {
    uint32_t step;
    uint32_t neuron;
} chx_spike;

typedef enum chx_stimulus_kind {
    CHX_STIMULUS_STEP = 1, /* constant current between start and stop */
    CHX_STIMULUS_POISSON, /* each time step a Poisson number of events, rate x step on average */
    CHX_STIMULUS_SPIKE_TRAIN, /* spikes that arrive at neurons in given steps */
} chx_stimulus_kind;

typedef struct chx_stimulus {
    chx_stimulus_kind kind;
    double start_ms;
    double stop_ms;
    double current_pa; /* step: added current; else what one event or spike adds, as a synapse */
    double rate_hz; /* Poisson */
    const uint32_t *neurons;
    uint32_t n_neurons;
    /* Spike train: at which neuron a spike arrives in which step, up to 2^31 - 2. In a network they
     * are ordered by step and neuron, and start_ms, stop_ms and neurons follow from them. */
    const chx_spike *spikes;
    uint32_t n_spikes;
    /* Poisson and spike train: the receptor port where events arrive (docs/models.md). The models
     * of all neurons have it, and at one place among their ports. NULL: the second port where
     * current_pa is negative and there is one, else the first. */
    const char *port;
} chx_stimulus;

/* One point of a morphology, a round cone to its parent. */
typedef struct chx_node {
    float position_um[3];
    float radius_um;
    uint32_t parent; /* index of the parent node; itself for a root */
    float path_um; /* distance from the soma along the branch */
    uint8_t kind; /* SWC: 1 soma, 2 axon, 3 basal dendrite, 4 apical dendrite, else other */
} chx_node;

/* Which way round a picture is when azimuth, elevation and roll are 0. The viewer is where a
 * right-handed system has its third axis. */
typedef enum chx_plane {
    CHX_PLANE_PRINCIPAL = 0, /* the network's longest extent to the right, the next one up */
    CHX_PLANE_XY, /* x to the right, y up */
    CHX_PLANE_XZ, /* x to the right, z up */
    CHX_PLANE_YZ, /* y to the right, z up */
} chx_plane;

/* How the network wants to be shown. */
typedef struct chx_view {
    chx_plane plane;
    bool is_layout; /* places are a drawing's and no animal's: lengths mean nothing */
    double
        azimuth_deg; /* camera turned about the long axis, in other planes about the upright one */
    double elevation_deg;
    double roll_deg;
    double zoom; /* 1 frames the whole network */
    double speed; /* network time over video time */
    double conduction_um_per_ms; /* pace of the light that a spike sends along branches, > 0 */
    double decay_ms; /* fading time of that light, > 0 */
} chx_view;

/* Everything, borrowed. */
typedef struct chx_network_info {
    const char *name;
    const char *description;
    double time_step_ms;
    double duration_ms; /* default length of a run */
    double min_delay_ms; /* shortest synaptic delay, in whole steps; duration_ms without synapses */
    double max_delay_ms;
    uint64_t seed;
    uint32_t n_types;
    uint32_t n_neurons;
    uint64_t n_synapses;
    uint32_t n_stimuli;
    uint32_t n_nodes;
    const chx_neuron_type *types;
    const chx_neuron *neurons;
    const chx_synapse *synapses;
    const chx_stimulus *stimuli;
    const chx_node *nodes;
    chx_view view;
    /* For create: synapses that it draws in addition to those listed. A network has them among its
     * synapses, and no projections; saving one writes them all out. */
    uint32_t n_projections;
    const chx_projection *projections;
    /* A synapse has the first that reaches it. At most CHX_MAX_PLASTICITIES. */
    uint32_t n_plasticities;
    const chx_plasticity *plasticities;
    /* A synapse arrives where the first that reaches it says; without one at the second port of its
     * target's model if its weight is negative and there is one, else at the first. At most
     * CHX_MAX_PORT_RULES. */
    uint32_t n_ports;
    const chx_port_rule *ports;
    /* A model's capacitance_pf divided by time_step_ms is what all gaps of a neuron, and the graded
     * synapses that it gets, may have together; they should have far less where the course of its
     * potential matters. */
    uint64_t n_gaps;
    const chx_gap *gaps;
    uint64_t n_graded;
    const chx_graded_synapse *graded;
    /* What single neurons have in place of what their types say, each name once. */
    uint32_t n_parameters;
    const chx_neuron_values *parameters;
    uint32_t n_initial;
    const chx_neuron_values *initial; /* potentials in mV, not counted from rest */
    uint32_t n_remarks; /* of loading: sentences with file and line on what was passed over or
                           guessed, such as columns that nobody knows; ignored by create */
    const char *const *remarks;
    uint32_t n_unsettled; /* neurons that chx_network_settle() has places for; ignored by create */
} chx_network_info;

/* Loads a network folder. On success the caller destroys *network. Errors: FILE, FORMAT and LIMIT
 * with file, line and remedy in chx_last_error(); MEMORY. Any thread. */
CHX_API chx_status chx_network_load(const char *folder, chx_network **network);

/* How cells are to be loaded; all zeroes means the defaults. */
typedef struct chx_cells_params {
    double unit_um; /* of coordinates and radii, up to 1e6: 0.001 for nm; 0 is 1 um, SWC's own */
    const char *name; /* of the network; NULL is the file's name, or "3 cells" */
} chx_cells_params;

/* Loads n_paths SWC files, also compressed with gzip, as a network of as many neurons, each named
 * after its file, with its shape and at its coordinates, and with a current that makes it fire
 * about every ten milliseconds; light takes a quarter of a decay time to the farthest tip. Up to
 * eight cells are a type each, named as they are. params may be NULL. On success the caller
 * destroys *network. Errors: FILE, FORMAT and LIMIT with file, line and remedy in chx_last_error(),
 * also when two files have one name; MEMORY. Any thread. */
CHX_API chx_status chx_network_load_cells(const char *const *paths, uint32_t n_paths,
                                          const chx_cells_params *params, chx_network **network);

/* The same for one SWC file in um. */
CHX_API chx_status chx_network_load_cell(const char *path, chx_network **network);

/* Loads a table of connections alone: a row per synapse, with the columns of synapses.csv or their
 * names in other programs; weight and delay may be missing, and are 100 pA and 2 ms then. Weights
 * without a unit are multiplied by a number that makes their median 100 pA. Whoever stands in it is
 * a neuron, in order of appearance, at a place that a layout gives it, the same each time; where
 * signals have no one way to go, chx_network_settle() finds the places. The one with the most rows
 * as source is driven. The name says so, and a remark what was chosen. On success the caller
 * destroys *network. Errors: FILE, FORMAT and LIMIT with file, line and remedy in chx_last_error();
 * MEMORY. Any thread. */
CHX_API chx_status chx_network_load_edges(const char *path, chx_network **network);

/* Has the runtime's devices find places for the neurons that info.n_unsettled counts: what is
 * connected comes near each other, by forces, and to the same places on every device. Nothing to do
 * where there are none. Changes position_um of neurons and nothing else; after an error places are
 * as they were. Blocks. Errors: as of chx_run_wait(); LIMIT, MEMORY. No other thread may use the
 * network meanwhile. */
CHX_API chx_status chx_network_settle(chx_network *network, chx_runtime *runtime);

/* What a network is loaded from; all zeroes but the paths means the defaults. */
typedef struct chx_source {
    const char *const *paths;
    uint32_t n_paths; /* one or more; several must be cells */
    double unit_um; /* of the lengths of cells, as in chx_cells_params; 0 is um, for all sources */
    /* For a table of connections: a table of neurons with the columns name, x_um, y_um and z_um,
     * and perhaps type and diameter_um, which are all there are; NULL makes a layout. */
    const char *neurons;
    bool is_played; /* with recorded spikes: a table gets no stimulus, nor a remark on delays */
} chx_source;

/* Recognises what the paths are and loads it: a network folder, SWC files or a folder of them, or a
 * table of connections; by their content where their names do not tell. On success the caller
 * destroys *network. Errors: INVALID when unit_um or neurons does not belong to what was
 * recognised; FILE, FORMAT and LIMIT with file, line and remedy in chx_last_error(), also for
 * what is recognised and not read; MEMORY. Any thread. */
CHX_API chx_status chx_network_open(const chx_source *source, chx_network **network);

/* Writes the network to a folder (docs/network-format.md) that is not there yet or empty, and that
 * loads to the same network; it appears whole or not at all. Shared shapes become a file for each
 * neuron. Errors: FILE, also when the folder holds something; MEMORY. Any thread. */
CHX_API chx_status chx_network_save(const chx_network *network, const char *folder);

/* A copy of a description made by a program; the same checks apply. Derived fields (min_delay_ms,
 * max_delay_ms, path_um) are computed, synapses may come in any order, projections are drawn by as
 * many threads as there are processors. Errors: FORMAT, LIMIT, MEMORY. */
CHX_API chx_status chx_network_create(const chx_network_info *info, chx_network **network);

/* Clears *network; accepts NULL. */
CHX_API void chx_network_destroy(chx_network **network);

/* The network's contents; valid as long as the network. Where rules make all synapses, and many,
 * they are listed the first time that this is called, which takes 16 bytes each and as long as
 * drawing them. NULL when there is no memory for them. Any thread. */
CHX_API const chx_network_info *chx_network_get(const chx_network *network);

/* The same without listing synapses: `synapses` is only to be read after chx_network_get(). Never
 * NULL, nor slow. Any thread. */
CHX_API const chx_network_info *chx_network_outline(const chx_network *network);

/* A parameter of a neuron, by its name in docs/models.md: its own or else its type's. NaN when its
 * model has none of that name, or the network no such neuron. Any thread. */
CHX_API double chx_network_parameter(const chx_network *network, uint32_t neuron, const char *name);

/* Where a point of the neuron's morphology stands; itself without rotation and shift. from_um and
 * to_um may be the same. Any thread. */
CHX_API void chx_neuron_place(const chx_neuron *neuron, const float from_um[3], float to_um[3]);

/* Writes spikes as CSV ("time_ms,neuron" with names), ordered as given, to a temporary name that is
 * then renamed. Errors: FILE. */
CHX_API chx_status chx_spikes_write_csv(const chx_network *network, const chx_spike *spikes,
                                        size_t n_spikes, const char *path);

/* Writes the network's synapses as a folder has them, but with these weights (see
 * chx_simulation_weights()), to a temporary name that is then renamed. Errors: FILE. */
CHX_API chx_status chx_weights_write_csv(const chx_network *network, const float *weights_pa,
                                         const char *path);

#ifdef __cplusplus
}
#endif

#endif
