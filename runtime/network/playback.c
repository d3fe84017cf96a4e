/*
 * Playback: a simulation that plays a recording instead of computing spikes.
 *
 * A run of the graph is one host task, which writes the spikes of the run's steps to the history
 * and appends them to those collected; whoever draws or counts sees what a simulation would have
 * brought. Runs happen in order, as each reads and writes the history, and the simulation's steps
 * are set before each submit: so the n-th run finds its last step as the n-th of the queue.
 */
#include "network/playback.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

chx_status
chx__playback_prepare(chx_simulation *simulation)
{
    return chx_buffer_create(simulation->runtime, simulation->info->n_neurons * sizeof(chx_history),
                             NULL, &simulation->history);
}

chx_status
chx__playback_queue(chx_simulation *simulation)
{
    chx__playback *playback = &simulation->playback;
    pthread_mutex_lock(&simulation->mutex);
    if (playback->n_taken == playback->n_queued)
        playback->n_taken = playback->n_queued = 0;
    bool fits = chx__grow(&playback->queue, &playback->capacity, playback->n_queued + 1,
                          sizeof *playback->queue);
    if (fits)
        playback->queue[playback->n_queued++] = simulation->step;
    pthread_mutex_unlock(&simulation->mutex);
    return fits ? CHX_OK : chx__fail_memory("playing recorded spikes");
}

static chx_status
append(chx_simulation *simulation, chx_history *history)
{
    chx__playback *playback = &simulation->playback;
    const chx_recording_info *recording = chx_recording_get(playback->recording);
    uint64_t end =
        playback->n_taken < playback->n_queued ? playback->queue[playback->n_taken++] : 0;
    size_t n = playback->n_played;
    while (n < recording->n_spikes && recording->spikes[n].step < end)
        n++;
    if (!chx__grow(&simulation->spikes, &simulation->spikes_capacity,
                   simulation->n_spikes + n - playback->n_played, sizeof(chx_spike)))
        return chx__fail_memory("playing recorded spikes");
    while (playback->n_played < n) {
        chx_spike spike = recording->spikes[playback->n_played++];
        chx_history *of = &history[spike.neuron];
        of->step[of->count++ % CHX_HISTORY_SPIKES] = spike.step;
        chx__simulation_keep_spike(simulation, spike);
    }
    return CHX_OK;
}

/* Host task: its argument is the history. */
static chx_status
play(void *data, void *const *host)
{
    chx_simulation *simulation = data;
    pthread_mutex_lock(&simulation->mutex);
    chx_status status = append(simulation, host[0]);
    pthread_mutex_unlock(&simulation->mutex);
    return status;
}

chx_status
chx__playback_build(chx_simulation *simulation, chx_graph *graph)
{
    chx_status status = chx_graph_host(
        graph, &(chx_host_task){.name = "play spikes",
                                .run = play,
                                .data = simulation,
                                .args = CHX_ARGS(CHX_READ_WRITE(simulation->history))});
    if (!status)
        simulation->graph = graph;
    return status;
}
