/* The state of a simulation as a file, in an order that knows nothing of partitions, groups, blocks
 * and devices: neuron by neuron, then synapse by synapse and source by source. So what one set of
 * devices has saved another goes on with, to the same bits.
 *
 * One walk serves both directions: exchange() copies between a buffer's copy and the file. What
 * neurons get and what their targets' spikes have yet to do is there only as far as it can still
 * matter; before, all that can be done is done (chx__simulation_settle()). Potentials that gap
 * junctions act by are those of the state. */
#include "network/simulation_copies.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "network/graded.h"
#include "network/own_model.h"

#define VERSION 1

typedef struct head {
    char magic[8];
    uint32_t byte_order, version;
    chx__digest network;
    uint64_t step, digest;
    int32_t unit_exponent;
    uint32_t slot_bits;
} head;

static const head first_head = {.magic = {'C', 'H', 'X', 'S', 'T', 'A', 'T', 'E'},
                                .byte_order = 0x01020304,
                                .version = VERSION};

/* The bytes of a file on their way in or out. */
typedef struct stream {
    char *bytes;
    size_t size, capacity, at;
    bool is_restoring, has_failed; /* memory, or the end of the file, was reached */
} stream;

static void
exchange(stream *file, void *own, size_t size)
{
    if (file->is_restoring && file->size - file->at < size)
        file->has_failed = true;
    if (!file->is_restoring && !chx__grow(&file->bytes, &file->capacity, file->at + size, 1))
        file->has_failed = true;
    if (file->has_failed || size == 0)
        return;
    if (file->is_restoring)
        memcpy(own, file->bytes + file->at, size);
    else
        memcpy(file->bytes + file->at, own, size);
    file->at += size;
}

/* All that decides what a simulation computes. */
static chx__digest
digest_network(const chx_simulation *simulation)
{
    const chx_network_info *info = simulation->info;
    const chx__simulation_tables *tables = &simulation->tables;
    chx__hasher *hasher = chx__hasher_create();
    chx__hasher_add(hasher, &info->time_step_ms, sizeof info->time_step_ms);
    chx__hasher_add(hasher, &tables->seed, sizeof tables->seed);
    for (uint32_t t = 0; t < info->n_types; t++) {
        const chx__type_row *row = &tables->types[t];
        chx__hasher_add_text(hasher, row->model->name);
        if (row->model->own)
            chx__hasher_add_text(hasher, row->model->own->text);
        chx__hasher_add(hasher, &row->refractory_steps, sizeof row->refractory_steps);
        chx__hasher_add(hasher, &row->prepared.bias_pa, sizeof row->prepared.bias_pa);
        chx__hasher_add(hasher, row->prepared.constants, row->model->n_constants * sizeof(float));
    }
    for (uint32_t n = 0; n < info->n_neurons; n++)
        chx__hasher_add(hasher, &info->neurons[n].type, sizeof info->neurons[n].type);
    for (uint32_t i = 0; i < info->n_parameters; i++) {
        chx__hasher_add_text(hasher, info->parameters[i].name);
        chx__hasher_add(hasher, info->parameters[i].values, info->n_neurons * sizeof(double));
    }
    chx__hasher_add(hasher, info->synapses, info->n_synapses * sizeof *info->synapses);
    chx__hasher_add(hasher, info->gaps, info->n_gaps * sizeof *info->gaps);
    chx__hasher_add(hasher, info->graded, info->n_graded * sizeof *info->graded);
    for (uint32_t t = 0; t < info->n_types && chx__is_coupled(info); t++)
        chx__hasher_add(hasher, &tables->types[t].prepared.origin_mv, sizeof(double));
    chx__hasher_add(hasher, tables->stimuli,
                    tables->first_row[info->n_stimuli] * sizeof *tables->stimuli);
    chx__hasher_add(hasher, tables->chances,
                    tables->first_chance[info->n_stimuli] * sizeof *tables->chances);
    for (uint32_t k = 0; k < info->n_stimuli; k++) {
        const chx_stimulus *stimulus = &info->stimuli[k];
        chx__hasher_add(hasher, stimulus->neurons, stimulus->n_neurons * sizeof(uint32_t));
        chx__hasher_add(hasher, stimulus->spikes, stimulus->n_spikes * sizeof(chx_spike));
    }
    for (uint32_t i = 0; i < info->n_plasticities; i++)
        chx__hasher_add(hasher, &tables->plasticities[i], sizeof *tables->plasticities);
    for (uint32_t t = 0; t < info->n_types && tables->plasticity_map.from; t++) {
        chx__hasher_add(hasher, &tables->plasticity_map.from[t], sizeof(uint32_t));
        chx__hasher_add(hasher, &tables->plasticity_map.to[t], sizeof(uint32_t));
    }
    chx__port_map_hash(&tables->port_map, info, hasher);
    return chx__hasher_end(hasher);
}

/* Copies of a partition's buffers. */
typedef struct part_copy {
    uint32_t *state, *ring, *resources, *posts, *synapses, *sources;
} part_copy;

static void
finish_copy(part_copy *copy)
{
    free(copy->state);
    free(copy->ring);
    free(copy->resources);
    free(copy->posts);
    free(copy->synapses);
    free(copy->sources);
}

/* Reads or writes all of them. */
static chx_status
move_part(chx__simulation_part *part, part_copy *copy, bool is_writing)
{
    const bool is_learning = part->setup.n_learning > 0;
    const struct {
        chx_buffer *buffer;
        uint32_t **words;
        bool is_there;
    } all[] = {
        {part->state, &copy->state, true},
        {part->ring, &copy->ring, true},
        {part->resources, &copy->resources, part->setup.n_short_term > 0},
        {part->posts, &copy->posts, is_learning},
        {part->synapses, &copy->synapses, is_learning},
        {part->sources, &copy->sources, is_learning},
    };
    chx_status status = CHX_OK;
    for (size_t i = 0; i < sizeof all / sizeof *all && !status; i++)
        if (all[i].is_there)
            status = is_writing ? chx_buffer_write(all[i].buffer, 0, chx_buffer_size(all[i].buffer),
                                                   *all[i].words)
                                : chx__simulation_read(all[i].buffer, all[i].words);
    return status;
}

/* Fields of a block, each of them a word for each lane. */
static void
exchange_fields(stream *file, uint32_t *words, size_t n_fields, uint32_t width, uint32_t neuron)
{
    uint32_t *field = words + neuron / width * n_fields * width + neuron % width;
    for (size_t i = 0; i < n_fields; i++)
        exchange(file, field + i * width, sizeof *field);
}

/* What arrives from the current step on. */
static void
exchange_ring(stream *file, uint32_t *ring, const chx_simulation *simulation,
              const chx__simulation_part *part, uint32_t neuron)
{
    const uint32_t width = simulation->tables.width;
    const uint64_t n_slots = UINT64_C(1) << part->setup.slot_bits;
    const size_t lanes = (size_t)part->setup.n_blocks * width;
    for (size_t port = 0; port < part->setup.ring_blocks / part->setup.n_blocks; port++)
        for (uint64_t k = 0; k < n_slots; k++) {
            const uint64_t slot = (simulation->step + k) % n_slots;
            const size_t place = slot * part->setup.ring_blocks * width + port * lanes + neuron;
            exchange(file, ring + place, sizeof *ring);
        }
}

/* The spikes that synapses may have yet to learn of; rings may differ in their room. */
static void
exchange_posts(stream *file, uint32_t *posts, const chx__simulation_part *part, uint32_t neuron)
{
    const uint32_t places = part->setup.post_places, n_rings = 1 + part->setup.n_learning;
    uint32_t *own = posts + neuron * (1 + (size_t)places * n_rings);
    uint32_t kept = own[0] < places ? own[0] : places;
    exchange(file, &own[0], sizeof own[0]);
    exchange(file, &kept, sizeof kept);
    if (kept > own[0])
        file->has_failed = true;
    for (uint32_t i = 0; i < kept && !file->has_failed; i++) {
        const uint32_t place = (own[0] - kept + i) % places;
        for (uint32_t ring = 0; ring < n_rings; ring++)
            exchange(file, own + 1 + ring * (size_t)places + place, sizeof *own);
    }
}

static void
exchange_neurons(stream *file, const chx_simulation *simulation, uint32_t p, part_copy *copy)
{
    const chx__simulation_part *part = &simulation->parts[p];
    const uint32_t width = simulation->tables.width;
    const size_t n_fields = CHX_POPULATION_STATE_HEADER + simulation->tables.models[p]->n_states;
    for (uint32_t n = 0; n < part->n_neurons && !file->has_failed; n++) {
        exchange_fields(file, copy->state, n_fields, width, n);
        exchange_ring(file, copy->ring, simulation, part, n);
        if (part->setup.n_short_term > 0)
            exchange_fields(file, copy->resources,
                            (size_t)part->setup.n_short_term * CHX_POPULATION_RESOURCES, width, n);
        if (part->setup.n_learning > 0)
            exchange_posts(file, copy->posts, part, n);
    }
}

/* Weights that learn, in the network's order. Each is in one partition, which its target says. */
static chx_status
exchange_weights(stream *file, const chx_simulation *simulation, part_copy *copies)
{
    const uint32_t n_parts = simulation->tables.n_partitions;
    chx__synapse_walk walks[CHX__MAX_PARTITIONS] = {{0}};
    chx_status status = CHX_OK;
    for (uint32_t p = 0; p < n_parts && !status; p++)
        status = chx__synapse_walk_begin(&walks[p], &simulation->parts[p]);
    for (uint64_t s = 0; s < simulation->info->n_synapses && !status; s++)
        for (uint32_t p = 0; p < n_parts; p++) {
            const size_t place =
                chx__synapse_walk_to(&walks[p], simulation, &simulation->parts[p], s);
            if (place != SIZE_MAX && chx__synapse_learns(simulation, s))
                exchange(file, &copies[p].synapses[2 * place + 1], sizeof(uint32_t));
        }
    for (uint32_t p = 0; p < n_parts; p++)
        chx__synapse_walk_finish(&walks[p]);
    return status;
}

/* What synapses remember of their sources is the same in all groups. */
static void
exchange_sources(stream *file, const chx_simulation *simulation, part_copy *copies)
{
    const size_t words = simulation->info->n_neurons * (2 + (size_t)simulation->tables.n_learning);
    exchange(file, copies[0].sources, words * sizeof(uint32_t));
    for (uint32_t p = 0; p < simulation->tables.n_partitions && file->is_restoring; p++)
        for (uint32_t g = 0; g < simulation->parts[p].n_groups; g++)
            if (p > 0 || g > 0)
                memcpy(copies[p].sources + g * words, copies[0].sources, words * sizeof(uint32_t));
}

/* Marks all slots, since it is not known which of them hold input. */
static void
mark_rings(const chx_simulation *simulation, part_copy *copies)
{
    for (uint32_t p = 0; p < simulation->tables.n_partitions; p++) {
        const chx__simulation_part *part = &simulation->parts[p];
        const size_t n_words = chx_buffer_size(part->ring) / sizeof(uint32_t);
        const size_t n_slots = (size_t)1 << part->setup.slot_bits;
        const size_t begin = part->setup.ring_blocks * n_slots * simulation->tables.width;
        memset(copies[p].ring + begin, 0xff, (n_words - begin) * sizeof(uint32_t));
    }
}

/* Tells at every turn what the state says, so that the next step finds it at its own. */
static chx_status
tell_potentials(const chx_simulation *simulation, const part_copy *copies)
{
    const uint32_t width = simulation->tables.width;
    const uint32_t n_told = chx__simulation_n_told(&simulation->tables);
    const size_t turn_size = (size_t)simulation->info->n_neurons * n_told;
    if (!simulation->potentials)
        return CHX_OK;
    uint32_t *told = chx__alloc(turn_size, CHX_POPULATION_TURNS * sizeof *told);
    if (!told)
        return chx__fail_memory("restoring a simulation");
    for (uint32_t p = 0; p < simulation->tables.n_partitions; p++) {
        const chx__simulation_part *part = &simulation->parts[p];
        const chx__model *model = simulation->tables.models[p];
        const size_t n_fields = CHX_POPULATION_STATE_HEADER + model->n_states;
        for (uint32_t n = 0; n < part->n_neurons; n++) {
            const size_t field = n / width * n_fields + CHX_POPULATION_STATE_HEADER;
            uint32_t *own = told + (size_t)(part->first_neuron + n) * n_told;
            own[0] = copies[p].state[field * width + n % width];
            if (n_told == 2 && model->release > 0)
                own[1] = copies[p].state[(field + model->release) * width + n % width];
        }
    }
    for (size_t turn = 1; turn < CHX_POPULATION_TURNS; turn++)
        memcpy(told + turn * turn_size, told, turn_size * sizeof *told);
    chx_status status =
        chx_buffer_write(simulation->potentials, 0, chx_buffer_size(simulation->potentials), told);
    free(told);
    return status;
}

/* Makes the lists those of a batch that nobody fired in and that ended here. */
static chx_status
empty_lists(chx_simulation *simulation)
{
    uint32_t *words = NULL;
    chx_status status = chx__simulation_read(simulation->lists, &words);
    const size_t n_lists = (size_t)CHX_POPULATION_TURNS * simulation->tables.n_partitions;
    for (size_t i = 0; i < n_lists && !status; i++) {
        uint32_t *list = words + i * simulation->list_words;
        list[0] = 0;
        list[2] = list[3] = (uint32_t)simulation->step;
    }
    if (!status)
        status = chx_buffer_write(simulation->lists, 0, chx_buffer_size(simulation->lists), words);
    free(words);
    return status;
}

/* Everything but the head, between the file and the buffers. */
static chx_status
exchange_all(stream *file, chx_simulation *simulation)
{
    const uint32_t n_parts = simulation->tables.n_partitions;
    const bool is_learning = simulation->tables.n_learning > 0;
    part_copy copies[CHX__MAX_PARTITIONS] = {{0}};
    uint32_t *history = NULL;
    chx_status status = chx__simulation_read(simulation->history, &history);
    for (uint32_t p = 0; p < n_parts && !status; p++)
        status = move_part(&simulation->parts[p], &copies[p], false);
    if (!status)
        exchange(file, history, chx_buffer_size(simulation->history));
    for (uint32_t p = 0; p < n_parts && !status; p++)
        exchange_neurons(file, simulation, p, &copies[p]);
    if (!status && is_learning)
        status = exchange_weights(file, simulation, copies);
    if (!status && is_learning)
        exchange_sources(file, simulation, copies);
    if (!status && file->is_restoring && !file->has_failed) {
        mark_rings(simulation, copies);
        for (uint32_t p = 0; p < n_parts && !status; p++)
            status = move_part(&simulation->parts[p], &copies[p], true);
        if (!status)
            status = tell_potentials(simulation, copies);
        if (!status)
            status = chx_buffer_write(simulation->history, 0, chx_buffer_size(simulation->history),
                                      history);
    }
    for (uint32_t p = 0; p < n_parts; p++)
        finish_copy(&copies[p]);
    free(history);
    return status;
}

/* What the network's digest is: its synapses take a while to list and to read. */
static chx_status
find_network(chx_simulation *simulation, chx__digest *network)
{
    if (chx__digest_is_none(simulation->network_digest)) {
        if (!chx_network_get(simulation->network))
            return chx__fail_memory("listing synapses");
        simulation->network_digest = digest_network(simulation);
    }
    *network = simulation->network_digest;
    return chx__digest_is_none(*network) ? chx__fail_memory("looking through a network") : CHX_OK;
}

chx_status
chx_simulation_save_memory(chx_simulation *simulation, void **state, size_t *size_bytes)
{
    CHX__REQUIRE(simulation && state && size_bytes && !simulation->playback.recording);
    stream file = {0};
    head own = first_head;
    chx_status status = find_network(simulation, &own.network);
    if (!status)
        status = chx__simulation_settle(simulation);
    own.step = simulation->step;
    own.unit_exponent = simulation->tables.unit_exponent;
    own.slot_bits = simulation->tables.slot_bits;
    if (!status)
        status = chx_simulation_digest(simulation, &own.digest);
    exchange(&file, &own, sizeof own);
    if (!status)
        status = exchange_all(&file, simulation);
    chx__digest digest = chx__hash(file.bytes, file.at);
    exchange(&file, &digest, sizeof digest);
    if (!status && file.has_failed)
        status = chx__fail_memory("saving a simulation");
    if (status) {
        free(file.bytes);
        return status;
    }
    *state = file.bytes;
    *size_bytes = file.at;
    return CHX_OK;
}

chx_status
chx_simulation_save(chx_simulation *simulation, const char *path)
{
    CHX__REQUIRE(simulation && path && !simulation->playback.recording);
    void *state = NULL;
    size_t size_bytes = 0;
    chx_status status = chx_simulation_save_memory(simulation, &state, &size_bytes);
    if (!status)
        status = chx__file_write(path, state, size_bytes);
    free(state);
    return status;
}

static chx_status
check_head(const stream *file, const head *own, chx_simulation *simulation, const char *path)
{
    chx__digest digest;
    if (file->size < sizeof *own + sizeof digest || memcmp(own->magic, first_head.magic, 8) != 0)
        return chx__fail(CHX_ERROR_FORMAT, "%s: is no saved simulation", path);
    if (own->byte_order != first_head.byte_order || own->version != VERSION)
        return chx__fail(CHX_ERROR_FORMAT,
                         "%s: was saved by another version, or on another kind of machine; "
                         "simulate anew",
                         path);
    memcpy(&digest, file->bytes + file->size - sizeof digest, sizeof digest);
    if (!chx__digest_equal(digest, chx__hash(file->bytes, file->size - sizeof digest)))
        return chx__fail(CHX_ERROR_FORMAT, "%s: is damaged; simulate anew", path);
    chx__digest network;
    chx_status status = find_network(simulation, &network);
    if (status)
        return status;
    if (!chx__digest_equal(own->network, network) ||
        own->unit_exponent != simulation->tables.unit_exponent ||
        own->slot_bits != simulation->tables.slot_bits)
        return chx__fail(CHX_ERROR_FORMAT,
                         "%s: is of another network than %s as it is now, or of another seed", path,
                         simulation->info->name);
    return CHX_OK;
}

/* Makes what simulations know beside the buffers what it was. */
static void
take_up(chx_simulation *simulation, const head *own)
{
    pthread_mutex_lock(&simulation->mutex);
    simulation->n_spikes = 0;
    simulation->digest = own->digest;
    simulation->collected_step = (uint32_t)own->step;
    for (uint32_t i = 0; i < simulation->n_probes; i++) {
        chx__probe *probe = &simulation->probes[i];
        probe->n_rows = 0;
        probe->n_taken = (own->step + probe->every - 1) / probe->every;
    }
    pthread_mutex_unlock(&simulation->mutex);
}

/* From a stream, of which sentences speak by its name. */
static chx_status
restore(chx_simulation *simulation, stream *file, const char *name)
{
    head own = {.magic = ""};
    exchange(file, &own, sizeof own);
    chx_status status = check_head(file, &own, simulation, name);
    const uint64_t before = simulation->step;
    if (!status) {
        simulation->step = own.step;
        status = exchange_all(file, simulation);
    }
    if (!status && file->has_failed)
        status = chx__fail(CHX_ERROR_FORMAT, "%s: ends too early; simulate anew", name);
    if (!status)
        status = empty_lists(simulation);
    const uint32_t turn = (uint32_t)own.step;
    if (!status && simulation->turn)
        status = chx_buffer_write(simulation->turn, 0, sizeof turn, &turn);
    if (status)
        simulation->step = before;
    else
        take_up(simulation, &own);
    return status;
}

chx_status
chx_simulation_restore(chx_simulation *simulation, const char *path)
{
    CHX__REQUIRE(simulation && path && !simulation->playback.recording);
    stream file = {.is_restoring = true};
    chx_status status = chx__file_read(path, SIZE_MAX / 2, &file.bytes, &file.size);
    if (!status)
        status = restore(simulation, &file, path);
    free(file.bytes);
    return status;
}

chx_status
chx_simulation_restore_memory(chx_simulation *simulation, const void *state, size_t size_bytes)
{
    CHX__REQUIRE(simulation && state && !simulation->playback.recording);
    /* Only read while it is restoring. */
    stream file = {.bytes = (char *)state, .size = size_bytes, .is_restoring = true};
    return restore(simulation, &file, "the state");
}
