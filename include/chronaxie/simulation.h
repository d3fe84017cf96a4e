/*
 * A simulation: the state of a network on a runtime's devices.
 *
 * Time advances in steps; launches are batched by the shortest synaptic delay,
 * and the network is cut into partitions that are tasks of their own. Spikes
 * are the same bits for any number of partitions and any devices.
 *
 * Use chx_simulation_advance() alone, or add the simulation to a graph of your
 * own to run it beside other work such as drawing.
 *
 * The step of NULL is 0.
 */
#ifndef CHRONAXIE_SIMULATION_H
#define CHRONAXIE_SIMULATION_H

#include <chronaxie/network.h>
#include <chronaxie/plan.h>
#include <chronaxie/recording.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct chx_simulation chx_simulation;

/* State to be traced: of these neurons, in steps that are multiples of the interval. */
typedef struct chx_probe {
    const char *state; /* of the neurons' model (docs/models.md); NULL is the potential */
    const uint32_t *neurons; /* in any order */
    uint32_t n_neurons;
    double interval_ms; /* rounded to whole time steps; 0 is one */
} chx_probe;

/* What a probe has traced: values[n_rows][n_neurons] in the unit that the state's name ends in, the
 * neurons in the probe's order. Row r is the state at the end of step first_step + r x
 * interval_steps. */
typedef struct chx_trace {
    float *values;
    size_t n_rows;
    uint32_t n_neurons;
    uint32_t interval_steps;
    uint64_t first_step;
} chx_trace;

/* Options; all zeroes means the defaults. */
typedef struct chx_simulation_params {
    uint32_t n_partitions; /* 0 lets the runtime choose; at most 64 */
    /* Pin partition p to the p-th selected device, round robin, instead of letting the plan place
     * it. */
    bool pin_partitions;
    bool has_seed;
    uint64_t seed; /* replaces the network's when has_seed */
    /* Plays these spikes instead of simulating; borrowed for the life of the simulation. The rest
     * of the options then means nothing, and there are no potentials and no probes. */
    const chx_recording *recording;
    const chx_probe *probes; /* copied */
    uint32_t n_probes;
    /* Of plans that the simulation makes itself: to advance without a graph of the caller's, and to
     * save, weigh or look. Copied; what it points to is borrowed. */
    chx_plan_params plan;
} chx_simulation_params;

/* Prepares a network at step 0. The network is borrowed for the life of the simulation. A warning
 * in the log counts synapses and stimuli whose weights are too small to act. Errors: LIMIT when
 * delays or counts are beyond the kernels' range, MEMORY, BUILD. */
CHX_API chx_status chx_simulation_create(chx_runtime *runtime, const chx_network *network,
                                         const chx_simulation_params *params,
                                         chx_simulation **simulation);

/* Clears *simulation; accepts NULL. Graphs it was added to must have been destroyed. */
CHX_API void chx_simulation_destroy(chx_simulation **simulation);

/* Appends the tasks that advance the network by up to max_steps steps per run of the graph, and a
 * host task that collects the spikes. A simulation can be in one graph of the caller's; it may have
 * been advanced before. Appended several times, with the same max_steps, the network advances as
 * often in each run, and what stands between the appended tasks sees it there: pictures of several
 * moments, drawn side by side. Errors: INVALID, MEMORY. */
CHX_API chx_status chx_simulation_build(chx_simulation *simulation, chx_graph *graph,
                                        uint32_t max_steps);

/* Says how many steps (0 .. max_steps) the next run of the graph advances; call before each submit,
 * as often as it was built. Errors: INVALID. */
CHX_API chx_status chx_simulation_set_steps(chx_simulation *simulation, uint32_t n_steps);

/* Advances by n_steps and waits. Not for a simulation that is in a graph of the caller's. Errors:
 * those of chx_plan_submit() and chx_run_wait(). */
CHX_API chx_status chx_simulation_advance(chx_simulation *simulation, uint64_t n_steps);

/* Steps that submitted runs advance to. */
CHX_API uint64_t chx_simulation_step(const chx_simulation *simulation);

/* All spikes collected by runs that ended, ordered by (step, neuron), but for those forgotten;
 * valid until the next run of the simulation. */
CHX_API chx_status chx_simulation_spikes(chx_simulation *simulation, const chx_spike **spikes,
                                         size_t *n_spikes);

/* Forgets the first n_spikes of those, so that a simulation that runs for days keeps no more of
 * them than the caller does. The digest and what is drawn stay as they are. Errors: INVALID when
 * there are not so many. */
CHX_API chx_status chx_simulation_forget(chx_simulation *simulation, size_t n_spikes);

/* Takes the spikes of runs that ended, and were not taken or forgotten before; the caller frees
 * *spikes with free(), which is NULL without any. The digest and what is drawn stay as they are.
 * Also while runs are in flight. */
CHX_API chx_status chx_simulation_take_spikes(chx_simulation *simulation, chx_spike **spikes,
                                              size_t *n_spikes);

/* Takes what a probe has traced in runs that ended, and was not taken before; the caller frees
 * trace->values with free(). Also while runs are in flight. Errors: INVALID. */
CHX_API chx_status chx_simulation_take_trace(chx_simulation *simulation, uint32_t probe,
                                             chx_trace *trace);

/* A number that depends on every spike so far and on nothing else: equal digests mean equal
 * spikes. */
CHX_API chx_status chx_simulation_digest(chx_simulation *simulation, uint64_t *digest);

/* Copies the membrane potentials, n_neurons values in mV, at the current step. Blocks. Errors:
 * INVALID when a recording is played. */
CHX_API chx_status chx_simulation_potentials(chx_simulation *simulation, float *potentials_mv);

/* Copies the weights of synapses at the current step, n_synapses values in the network's order and
 * unit, as those that learn have become. Blocks. In a graph of the caller's it wants a run of 0
 * steps before. Errors: INVALID when a recording is played, those of chx_plan_submit() and
 * chx_run_wait(), MEMORY. */
CHX_API chx_status chx_simulation_weights(chx_simulation *simulation, float *weights_pa);

/* Saves all state, of neurons, of what is on its way to them and of plastic synapses, to a
 * temporary name that is then renamed. The file does not depend on devices or partitions. Blocks.
 * In a graph of the caller's it wants a run of 0 steps before. Errors: INVALID when a recording is
 * played, FILE, MEMORY, those of chx_plan_submit() and chx_run_wait(). */
CHX_API chx_status chx_simulation_save(chx_simulation *simulation, const char *path);

/* The same into memory: *state has *size_bytes, and is the caller's to free(). */
CHX_API chx_status chx_simulation_save_memory(chx_simulation *simulation, void **state,
                                              size_t *size_bytes);

/* Goes on where a simulation of the same network and seed was saved: all that follows is the same
 * bits. Spikes and traces kept so far are forgotten, and the digest is the saved one's. No run may
 * be in flight. Errors: INVALID when a recording is played, FILE, FORMAT when the file is damaged,
 * of another network or of another version, MEMORY. */
CHX_API chx_status chx_simulation_restore(chx_simulation *simulation, const char *path);

/* The same from memory, which is only read. */
CHX_API chx_status chx_simulation_restore_memory(chx_simulation *simulation, const void *state,
                                                 size_t size_bytes);

/* A table of spikes, "time_ms,neuron" with names, written as they come; the network is borrowed. */
typedef struct chx_spike_table chx_spike_table;

/* Begins a table as CSV under a temporary name. On success the caller destroys *table. Errors:
 * FILE, INVALID, MEMORY. */
CHX_API chx_status chx_spike_table_create(const char *path, const chx_network *network,
                                          chx_spike_table **table);

/* Appends rows, whose writing is checked at the end. Errors: INVALID. */
CHX_API chx_status chx_spike_table_add(chx_spike_table *table, const chx_spike *spikes,
                                       size_t n_spikes);

/* Ends the table and renames it into place; after an error nothing remains. Errors: FILE. */
CHX_API chx_status chx_spike_table_finish(chx_spike_table *table);

/* Clears *table; accepts NULL. A table that was not finished is removed. */
CHX_API void chx_spike_table_destroy(chx_spike_table **table);

/* A table of population rates, written as they come: a row for each interval with the time of its
 * end, and for each type the spikes of one neuron in a second, in Hz. The network is borrowed. */
typedef struct chx_rate_table chx_rate_table;

/* Begins a table as CSV under a temporary name. Intervals, rounded to whole time steps, end at
 * multiples of their length; the first begins at first_step. On success the caller destroys *table.
 * Errors: FILE, INVALID, MEMORY. */
CHX_API chx_status chx_rate_table_create(const char *path, const chx_network *network,
                                         double interval_ms, uint64_t first_step,
                                         chx_rate_table **table);

/* Counts spikes, ordered by step and none of an interval that ended before. Errors: INVALID. */
CHX_API chx_status chx_rate_table_add(chx_rate_table *table, const chx_spike *spikes,
                                      size_t n_spikes);

/* Ends the last interval and the table at a step and renames it into place; after an error nothing
 * remains. Errors: FILE, INVALID. */
CHX_API chx_status chx_rate_table_finish(chx_rate_table *table, uint64_t end_step);

/* Clears *table; accepts NULL. A table that was not finished is removed. */
CHX_API void chx_rate_table_destroy(chx_rate_table **table);

/* A table of traces, written as they come: a row for each traced step with the time of its end, a
 * column for each neuron. */
typedef struct chx_trace_table chx_trace_table;

/* Begins a table of what the probe traces, as CSV under a temporary name. On success the caller
 * destroys *table. Errors: FILE, INVALID, MEMORY. */
CHX_API chx_status chx_trace_table_create(const char *path, const chx_network *network,
                                          const chx_probe *probe, chx_trace_table **table);

/* Appends rows, whose writing is checked at the end. Errors: INVALID. */
CHX_API chx_status chx_trace_table_add(chx_trace_table *table, const chx_trace *trace);

/* Ends the table and renames it into place; after an error nothing remains. Errors: FILE. */
CHX_API chx_status chx_trace_table_finish(chx_trace_table *table);

/* Clears *table; accepts NULL. A table that was not finished is removed. */
CHX_API void chx_trace_table_destroy(chx_trace_table **table);

#ifdef __cplusplus
}
#endif

#endif
