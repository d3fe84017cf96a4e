/*
 * Playback: a simulation that plays a recording instead of computing spikes.
 *
 * A run of the graph is one host task, which writes the spikes of the run's steps to the history
 * and appends them to those collected; whoever draws or counts sees what a simulation would have
 * brought. Runs happen in order, as each reads and writes the history, and the simulation's steps
 * are set before each submit: so the n-th run finds its last step as the n-th of the queue. Which
 * it is the turn says, since a run may be repeated from what the buffers were some runs before
 * (chx_plan_params.recovers); spikes are appended once.
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
    bool fits = chx__grow(&playback->queue, &playback->capacity, playback->n_queued + 1,
                          sizeof *playback->queue);
    if (fits)
        playback->queue[playback->n_queued++] = simulation->step;
    pthread_mutex_unlock(&simulation->mutex);
    return fits ? CHX_OK : chx__fail_memory("playing recorded spikes");
}

/* Spikes before a step. */
static size_t
count_before(const chx_recording_info *recording, uint64_t step)
{
    size_t low = 0, high = recording->n_spikes;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (recording->spikes[middle].step < step)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static chx_status
append(chx_simulation *simulation, chx_history *history, uint32_t *turn)
{
    chx__playback *playback = &simulation->playback;
    const chx_recording_info *recording = chx_recording_get(playback->recording);
    const uint64_t begin = *turn > 0 ? playback->queue[*turn - 1] : 0;
    const uint64_t end = *turn < playback->n_queued ? playback->queue[(*turn)++] : begin;
    const size_t n = count_before(recording, end);
    if (n > playback->n_played &&
        !chx__grow(&simulation->spikes, &simulation->spikes_capacity,
                   simulation->n_spikes + n - playback->n_played, sizeof(chx_spike)))
        return chx__fail_memory("playing recorded spikes");
    for (size_t i = count_before(recording, begin); i < n; i++) {
        chx_spike spike = recording->spikes[i];
        chx_history *of = &history[spike.neuron];
        of->step[of->count++ % CHX_HISTORY_SPIKES] = spike.step;
        if (i < playback->n_played)
            continue;
        chx__simulation_keep_spike(simulation, spike);
        playback->n_played++;
    }
    return CHX_OK;
}

/* Host task: its arguments are the history and the turn. */
static chx_status
play(void *data, void *const *host)
{
    chx_simulation *simulation = data;
    pthread_mutex_lock(&simulation->mutex);
    chx_status status = append(simulation, host[0], host[1]);
    pthread_mutex_unlock(&simulation->mutex);
    return status;
}

chx_status
chx__playback_enter(chx_simulation *simulation, chx_graph *graph)
{
    const uint32_t turn = (uint32_t)simulation->playback.n_queued;
    chx_status status =
        chx_buffer_create(simulation->runtime, sizeof turn, &turn, &simulation->turn);
    if (!status)
        simulation->graph = graph;
    return status;
}

chx_status
chx__playback_build(chx_simulation *simulation)
{
    chx_status status = chx_graph_host(
        simulation->graph, &(chx_host_task){.name = "play spikes",
                                            .run = play,
                                            .data = simulation,
                                            .args = CHX_ARGS(CHX_READ_WRITE(simulation->history),
                                                             CHX_READ_WRITE(simulation->turn))});
    simulation->n_stretches += !status;
    return status;
}
