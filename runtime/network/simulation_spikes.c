/* From a record to spikes in order. A run's record has a bit for each step and neuron, so it takes
 * the same room however much they fire; read step by step and partition by partition, bits are in
 * the order of spikes. How many steps there are comes from the device, and is refused when it is
 * more than there is room for, as only one that miscomputes says so.
 *
 * Digests are FNV-1a over spikes in that order: the same whatever the partitions, and comparable
 * with the peers in tools/threads. */
#include "network/simulation_state.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

/* FNV-1a over step and neuron, little-endian. */
static uint64_t
add_to_digest(uint64_t digest, chx_spike spike)
{
    uint64_t word = (uint64_t)spike.neuron << 32 | spike.step;
    for (uint32_t byte = 0; byte < 8; byte++)
        digest = (digest ^ (word >> (8 * byte) & 0xff)) * UINT64_C(0x100000001b3);
    return digest;
}

void
chx__simulation_keep_spike(chx_simulation *simulation, chx_spike spike)
{
    simulation->spikes[simulation->n_spikes++] = spike;
    simulation->digest = add_to_digest(simulation->digest, spike);
}

/* A step's bit sets of one partition. */
static const char *
row_of(const chx_simulation *simulation, const uint32_t *record, uint32_t p, uint32_t step)
{
    const size_t row_bytes =
        (size_t)simulation->parts[p].setup.n_blocks * chx__simulation_bits_bytes(simulation);
    const uint32_t *own = record + (size_t)p * simulation->record_words;
    return (const char *)(own + CHX_POPULATION_LIST_HEADER) + step * row_bytes;
}

static uint32_t
bits_at(const char *row, uint32_t block, uint32_t bytes)
{
    if (bytes == 1)
        return (unsigned char)row[block];
    uint16_t bits;
    memcpy(&bits, row + (size_t)2 * block, sizeof bits);
    return bits;
}

/* The first block from `block` on that may have spikes: silent ones are passed by 64 bytes at a
 * time, which compilers make one comparison of, and then by eight. */
static uint32_t
skip_silent(const char *row, uint32_t block, uint32_t n_blocks, uint32_t bytes)
{
    uint64_t words[8] = {0};
    for (; block + 64 / bytes <= n_blocks; block += 64 / bytes) {
        uint64_t any = 0;
        memcpy(words, row + (size_t)block * bytes, sizeof words);
        for (int i = 0; i < 8; i++)
            any |= words[i];
        if (any)
            break;
    }
    for (; block + 8 / bytes <= n_blocks; block += 8 / bytes) {
        memcpy(words, row + (size_t)block * bytes, sizeof *words);
        if (words[0])
            break;
    }
    return block;
}

/* Keeps the spikes of a step and partition. */
static chx_status
append_row(chx_simulation *simulation, uint32_t p, const char *row, uint32_t step)
{
    const chx__simulation_part *part = &simulation->parts[p];
    const uint32_t width = simulation->tables.width, n_blocks = part->setup.n_blocks;
    const uint32_t bytes = chx__simulation_bits_bytes(simulation);
    for (uint32_t block = skip_silent(row, 0, n_blocks, bytes); block < n_blocks;
         block = skip_silent(row, block + 1, n_blocks, bytes)) {
        uint32_t bits = bits_at(row, block, bytes);
        if (bits && !chx__grow(&simulation->spikes, &simulation->spikes_capacity,
                               simulation->n_spikes + width, sizeof(chx_spike)))
            return chx__fail_memory("keeping the spikes of a run");
        for (uint32_t lane = 0; bits && lane < width; lane++, bits >>= 1) {
            const uint32_t local = block * width + lane;
            if (bits & 1 && local < part->n_neurons)
                chx__simulation_keep_spike(simulation,
                                           (chx_spike){step, part->first_neuron + local});
        }
    }
    return CHX_OK;
}

/* Whether all partitions report the run that follows what the turn says. One that was submitted
 * after a failure nobody had been told of does not: it advanced what that left. */
static chx_status
check_record(const chx_simulation *simulation, const uint32_t *record, uint32_t turn)
{
    const uint32_t n_steps = record[0], run_step = record[1];
    for (uint32_t p = 0; p < simulation->tables.n_partitions; p++) {
        const uint32_t *own = record + (size_t)p * simulation->record_words;
        if (own[0] > simulation->max_steps || own[0] != n_steps || own[1] != run_step)
            return chx__fail(CHX_ERROR_DEVICE,
                             "partition %u reports %u steps from step %u on, which no run had; its "
                             "device miscomputes, exclude it",
                             p, own[0], own[1]);
    }
    if (n_steps > 0 && run_step != turn)
        return chx__fail(CHX_ERROR_DEVICE,
                         "a run before this one failed, so its steps from %u on follow none; "
                         "make the simulation anew, and restore what was saved of it",
                         run_step);
    return CHX_OK;
}

static chx_status
append(chx_simulation *simulation, const uint32_t *record, void *const *samples)
{
    const uint32_t n_partitions = simulation->tables.n_partitions;
    const uint32_t n_steps = record[0], run_step = record[1];
    chx_status status = CHX_OK;
    for (uint32_t step = 0; step < n_steps; step++)
        for (uint32_t p = 0; p < n_partitions && !status; p++)
            status =
                append_row(simulation, p, row_of(simulation, record, p, step), run_step + step);
    if (status)
        return status;
    simulation->collected_step = run_step + n_steps;
    return chx__simulation_keep_samples(simulation, samples, run_step, n_steps);
}

/* A run that is repeated after a device has failed (chx_plan_params.recovers) finds the turn as it
 * was, and brings nothing new. */
chx_status
chx__simulation_collect(void *data, void *const *host)
{
    chx_simulation *simulation = data;
    const uint32_t *record = host[0];
    uint32_t *turn = host[1];
    pthread_mutex_lock(&simulation->mutex);
    chx_status status = check_record(simulation, record, *turn);
    if (!status)
        *turn += record[0];
    if (!status && *turn > simulation->collected_step)
        status = append(simulation, record, host + 2);
    pthread_mutex_unlock(&simulation->mutex);
    return status;
}

chx_status
chx_simulation_spikes(chx_simulation *simulation, const chx_spike **spikes, size_t *n_spikes)
{
    CHX__REQUIRE(simulation && spikes && n_spikes);
    pthread_mutex_lock(&simulation->mutex);
    *spikes = simulation->spikes;
    *n_spikes = simulation->n_spikes;
    pthread_mutex_unlock(&simulation->mutex);
    return CHX_OK;
}

chx_status
chx_simulation_take_spikes(chx_simulation *simulation, chx_spike **spikes, size_t *n_spikes)
{
    CHX__REQUIRE(simulation && spikes && n_spikes);
    pthread_mutex_lock(&simulation->mutex);
    *spikes = simulation->spikes;
    *n_spikes = simulation->n_spikes;
    simulation->spikes = NULL;
    simulation->n_spikes = simulation->spikes_capacity = 0;
    pthread_mutex_unlock(&simulation->mutex);
    return CHX_OK;
}

chx_status
chx_simulation_forget(chx_simulation *simulation, size_t n_spikes)
{
    CHX__REQUIRE(simulation);
    pthread_mutex_lock(&simulation->mutex);
    bool has_them = n_spikes <= simulation->n_spikes;
    if (has_them) {
        simulation->n_spikes -= n_spikes;
        if (simulation->n_spikes > 0)
            memmove(simulation->spikes, simulation->spikes + n_spikes,
                    simulation->n_spikes * sizeof *simulation->spikes);
    }
    pthread_mutex_unlock(&simulation->mutex);
    CHX__REQUIRE(has_them);
    return CHX_OK;
}

chx_status
chx_simulation_digest(chx_simulation *simulation, uint64_t *digest)
{
    CHX__REQUIRE(simulation && digest);
    pthread_mutex_lock(&simulation->mutex);
    *digest = simulation->digest;
    pthread_mutex_unlock(&simulation->mutex);
    return CHX_OK;
}
