/* From a record to spikes in order. The count of a partition's record runs on modulo 2^32 from the
 * first run, so new entries are the difference to what was seen; they wrap around in 2^k places,
 * which hold all that one run can bring. A larger count can only come from a device that
 * miscomputes and is refused, as it would be used as an index.
 *
 * Keys are step << 32 | neuron, unique, and sorted by bytes in which any of them differ. Digests
 * are FNV-1a over spikes in that order: the same whatever the partitions, and comparable with
 * the peers in tools/threads. */
#include "network/simulation_state.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

#define RADIX_BITS 8
#define RADIX (1u << RADIX_BITS)

/* Sorts keys[0 .. n) with keys[n .. 2n) as scratch: least significant digit first, skipping
 * digits in which all keys agree. */
static void
sort_keys(uint64_t *keys, size_t n)
{
    uint64_t *from = keys, *to = keys + n, differ = 0;
    if (n < 2)
        return;
    for (size_t i = 1; i < n; i++)
        differ |= keys[i] ^ keys[0];
    for (uint32_t shift = 0; shift < 64; shift += RADIX_BITS) {
        if (!(differ >> shift & (RADIX - 1)))
            continue;
        size_t begin[RADIX] = {0}, sum = 0;
        for (size_t i = 0; i < n; i++)
            begin[from[i] >> shift & (RADIX - 1)]++;
        for (uint32_t digit = 0; digit < RADIX; digit++) {
            size_t count = begin[digit];
            begin[digit] = sum;
            sum += count;
        }
        for (size_t i = 0; i < n; i++)
            to[begin[from[i] >> shift & (RADIX - 1)]++] = from[i];
        uint64_t *other = from;
        from = to;
        to = other;
    }
    if (from != keys)
        memcpy(keys, from, n * sizeof *keys);
}

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

/* Unpacks the entries of one partition that are new since `seen`. */
static size_t
unpack(const chx__simulation_part *part, const uint32_t *record, uint32_t n_new, uint64_t *keys)
{
    uint32_t neuron_bits = part->setup.neuron_bits;
    uint32_t neuron_mask = (uint32_t)((UINT64_C(1) << neuron_bits) - 1);
    for (uint32_t i = 0; i < n_new; i++) {
        uint32_t place = (part->seen + i) & part->setup.record_mask;
        uint32_t entry = record[CHX_POPULATION_LIST_HEADER + place];
        uint64_t step = (uint64_t)record[1] + (uint32_t)((uint64_t)entry >> neuron_bits);
        keys[i] = step << 32 | (part->first_neuron + (entry & neuron_mask));
    }
    return n_new;
}

static chx_status
append(chx_simulation *simulation, const uint32_t *record)
{
    const uint32_t n_partitions = simulation->tables.n_partitions;
    size_t n_new = 0;
    for (uint32_t p = 0; p < n_partitions; p++) {
        const chx__simulation_part *part = &simulation->parts[p];
        uint32_t count = record[(size_t)p * simulation->record_words] - part->seen;
        if (count > part->setup.record_mask + 1)
            return chx__fail(CHX_ERROR_DEVICE,
                             "partition %u reports %u spikes in one run, more than it can fire; "
                             "its device miscomputes, exclude it",
                             p, count);
        n_new += count;
    }
    if (!chx__grow(&simulation->keys, &simulation->keys_capacity, 2 * n_new, sizeof(uint64_t)) ||
        !chx__grow(&simulation->spikes, &simulation->spikes_capacity, simulation->n_spikes + n_new,
                   sizeof(chx_spike)))
        return chx__fail_memory("keeping the spikes of a run");
    size_t n = 0;
    for (uint32_t p = 0; p < n_partitions; p++) {
        chx__simulation_part *part = &simulation->parts[p];
        const uint32_t *own = record + (size_t)p * simulation->record_words;
        n += unpack(part, own, own[0] - part->seen, simulation->keys + n);
        part->seen = own[0];
    }
    sort_keys(simulation->keys, n);
    for (size_t i = 0; i < n; i++) {
        chx_spike spike = {.step = (uint32_t)(simulation->keys[i] >> 32),
                           .neuron = (uint32_t)simulation->keys[i]};
        chx__simulation_keep_spike(simulation, spike);
    }
    return CHX_OK;
}

chx_status
chx__simulation_collect(void *data, void *const *host)
{
    chx_simulation *simulation = data;
    pthread_mutex_lock(&simulation->mutex);
    chx_status status = append(simulation, host[0]);
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
