/* The file: a head, the digests of the pieces, the spikes so far, the simulation's state, and a
 * digest of all this. Light needs no more than the state, in which each neuron's last spikes are;
 * the others are there for the plots of the end. A recording has no state and is played again from
 * its beginning.
 *
 * A new file replaces the old one when it is whole. It names only pieces that are whole, and who
 * goes on from it writes none of those again. */
#include "film_checkpoint.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "outcome.h"
#include "stopwatch.h"

#define VERSION 1

typedef struct head {
    char magic[8];
    uint32_t byte_order, version;
    uint64_t asked; /* digest of all that decides what is drawn */
    uint64_t n_frames, digest; /* so far */
    uint64_t n_pieces, n_spikes, state_bytes;
} head;

static const head first_head = {.magic = {'C', 'H', 'X', 'V', 'I', 'D', 'E', 'O'},
                                .byte_order = 0x01020304,
                                .version = VERSION};

/* The parts of a file, borrowed. */
typedef struct content {
    head head;
    const uint64_t *pieces;
    const chx_spike *earlier, *spikes; /* of other processes, and of this one */
    size_t n_earlier, n_spikes;
    const void *state;
} content;

static void
hash_text(XXH3_state_t *hash, const char *text)
{
    XXH3_64bits_update(hash, text ? text : "", text ? strlen(text) + 1 : 1);
}

/* Shapes and names; what a simulation computes is in its state's own digest. */
static void
hash_network(XXH3_state_t *hash, const chx_network_info *info)
{
    const size_t from = offsetof(chx_neuron, type);
    const size_t to = offsetof(chx_neuron, shift_um) + sizeof info->neurons->shift_um;
    hash_text(hash, info->name);
    for (uint32_t t = 0; t < info->n_types; t++)
        hash_text(hash, info->types[t].name);
    for (uint32_t n = 0; n < info->n_neurons; n++) {
        hash_text(hash, info->neurons[n].name);
        XXH3_64bits_update(hash, (const char *)&info->neurons[n] + from, to - from);
    }
    for (uint32_t i = 0; i < info->n_nodes; i++)
        XXH3_64bits_update(hash, &info->nodes[i], offsetof(chx_node, kind) + 1);
    XXH3_64bits_update(hash, info->synapses, info->n_synapses * sizeof *info->synapses);
}

static void
hash_options(XXH3_state_t *hash, const struct rendering *r)
{
    const chx_scene_params *scene = &r->scene_params;
    const chx_network_info *info = r->session.info;
    const chx_view *view = &info->view;
    const double numbers[] = {r->size_px[0],
                              r->size_px[1],
                              r->fps,
                              r->quality,
                              r->speed,
                              r->start_ms,
                              (double)r->n_frames,
                              r->orbit_deg,
                              r->has_zoom,
                              r->zoom,
                              r->has_azimuth,
                              r->azimuth_deg,
                              r->has_elevation,
                              r->elevation_deg,
                              r->has_roll,
                              r->roll_deg,
                              scene->colour_map,
                              scene->colour_by,
                              scene->background,
                              scene->connections,
                              scene->axes,
                              scene->no_labels,
                              scene->has_plane,
                              scene->plane,
                              view->plane,
                              view->is_layout,
                              view->azimuth_deg,
                              view->elevation_deg,
                              view->roll_deg,
                              view->zoom,
                              view->conduction_um_per_ms,
                              view->decay_ms,
                              info->time_step_ms};
    const chx_simulation_params *simulation = &r->params.simulation;
    const uint64_t seed = simulation->has_seed ? simulation->seed : info->seed;
    XXH3_64bits_update(hash, numbers, sizeof numbers);
    XXH3_64bits_update(hash, &seed, sizeof seed);
    hash_text(hash, strrchr(r->output, '.'));
    hash_text(hash, r->centre);
}

/* Devices, and how the work is cut, do not count. */
static int
digest_asked(struct rendering *r)
{
    const chx_network_info *info = chx_network_get(r->session.network);
    XXH3_state_t *hash = info ? XXH3_createState() : NULL;
    if (!hash)
        return outcome_say(OUTCOME_MEMORY, "memory ran out before the first frame");
    XXH3_64bits_reset(hash);
    hash_options(hash, r);
    hash_network(hash, info);
    if (r->session.recording) {
        const chx_recording_info *played = chx_recording_get(r->session.recording);
        XXH3_64bits_update(hash, played->spikes, played->n_spikes * sizeof *played->spikes);
    }
    r->asked = XXH3_64bits_digest(hash);
    XXH3_freeState(hash);
    return OUTCOME_OK;
}

/* Keeps why the file could not be written. */
static chx_status
fail_to_write(struct rendering *r)
{
    r->frame_error = (chx_error){.status = CHX_ERROR_FILE};
    snprintf(r->frame_error.message, sizeof r->frame_error.message, "%s: cannot write: %s",
             r->checkpoint.path, strerror(errno));
    return CHX_ERROR_FILE;
}

static bool
put(FILE *file, XXH3_state_t *hash, const void *bytes, size_t size)
{
    XXH3_64bits_update(hash, bytes, size);
    return fwrite(bytes, 1, size, file) == size;
}

static bool
put_all(FILE *file, XXH3_state_t *hash, const content *all)
{
    const head *own = &all->head;
    XXH3_64bits_reset(hash);
    if (!put(file, hash, own, sizeof *own) ||
        !put(file, hash, all->pieces, own->n_pieces * sizeof *all->pieces) ||
        !put(file, hash, all->earlier, all->n_earlier * sizeof *all->earlier) ||
        !put(file, hash, all->spikes, all->n_spikes * sizeof *all->spikes) ||
        !put(file, hash, all->state, own->state_bytes))
        return false;
    const uint64_t digest = XXH3_64bits_digest(hash);
    return fwrite(&digest, sizeof digest, 1, file) == 1;
}

static chx_status
write_file(struct rendering *r, const content *all)
{
    const char *path = r->checkpoint.path;
    XXH3_state_t *hash = XXH3_createState();
    char *part;
    if (asprintf(&part, "%s.part", path) < 0)
        part = NULL;
    if (!hash || !part) {
        XXH3_freeState(hash);
        free(part);
        return rendering_keep_error(r, CHX_ERROR_MEMORY);
    }
    FILE *file = fopen(part, "wb");
    bool done = file && put_all(file, hash, all);
    done = file && fclose(file) == 0 && done;
    done = done && rename(part, path) == 0;
    const chx_status status = done ? CHX_OK : fail_to_write(r);
    if (!done)
        unlink(part);
    XXH3_freeState(hash);
    free(part);
    return status;
}

chx_status
film_checkpoint_save(struct rendering *r, uint64_t n_frames)
{
    chx_simulation *simulation = r->session.simulation;
    void *state = NULL;
    size_t state_bytes = 0;
    content all = {.head = first_head, .pieces = r->reel.digests};
    chx_status status = CHX_OK;
    if (!r->session.recording)
        status = chx_simulation_save_memory(simulation, &state, &state_bytes);
    if (status == CHX_OK && !r->session.recording)
        status = chx_simulation_spikes(simulation, &all.spikes, &all.n_spikes);
    rendering_keep_error(r, status);
    if (status == CHX_OK) {
        all.earlier = r->earlier;
        all.n_earlier = r->n_earlier;
        all.state = state;
        all.head.asked = r->asked;
        all.head.n_frames = n_frames;
        all.head.digest = r->digest;
        all.head.n_pieces = r->reel.n_pieces;
        all.head.n_spikes = all.n_earlier + all.n_spikes;
        all.head.state_bytes = state_bytes;
        status = write_file(r, &all);
    }
    free(state);
    if (status != CHX_OK)
        return status;
    r->checkpoint.saved_ns = stopwatch_now_ns();
    r->has_saved = true;
    r->n_saved = n_frames;
    return CHX_OK;
}

/* Reads a whole file; NULL with errno. */
static char *
read_file(const char *path, size_t *size)
{
    struct stat found;
    FILE *file = fopen(path, "rb");
    char *bytes = NULL;
    if (file && fstat(fileno(file), &found) == 0 && S_ISREG(found.st_mode))
        bytes = malloc((size_t)found.st_size + 1);
    else if (file)
        errno = EINVAL;
    if (bytes)
        *size = fread(bytes, 1, (size_t)found.st_size, file);
    if (file)
        fclose(file);
    return bytes;
}

/* Whether the parts fill the bytes between head and digest. */
static bool
fits(const head *own, size_t size)
{
    size_t left = size - sizeof *own - sizeof(uint64_t);
    if (own->n_pieces > left / sizeof(uint64_t))
        return false;
    left -= own->n_pieces * sizeof(uint64_t);
    if (own->n_spikes > left / sizeof(chx_spike))
        return false;
    return left - own->n_spikes * sizeof(chx_spike) == own->state_bytes;
}

static int
check_file(const struct rendering *r, const char *bytes, size_t size)
{
    const char *path = r->checkpoint.resume_path;
    uint64_t digest;
    head own;
    if (size < sizeof own + sizeof digest || memcmp(bytes, first_head.magic, 8) != 0)
        return outcome_say(OUTCOME_INPUT, "%s: is no saved video", path);
    memcpy(&own, bytes, sizeof own);
    memcpy(&digest, bytes + size - sizeof digest, sizeof digest);
    if (own.byte_order != first_head.byte_order || own.version != VERSION)
        return outcome_say(OUTCOME_INPUT,
                           "%s: was saved by another version, or on another kind of machine; begin "
                           "the video anew",
                           path);
    if (digest != XXH3_64bits(bytes, size - sizeof digest) || !fits(&own, size))
        return outcome_say(OUTCOME_INPUT, "%s: is damaged; begin the video anew", path);
    if (r->asked != own.asked)
        return outcome_say(OUTCOME_INPUT,
                           "%s: is of another video; give the network and the options that it was "
                           "begun with",
                           path);
    return OUTCOME_OK;
}

/* Takes what the file says. */
static int
take_up(struct rendering *r, const char *bytes)
{
    const char *path = r->checkpoint.resume_path;
    head own;
    char *bad;
    memcpy(&own, bytes, sizeof own);
    const char *pieces = bytes + sizeof own;
    const char *spikes = pieces + own.n_pieces * sizeof(uint64_t);
    const char *state = spikes + own.n_spikes * sizeof(chx_spike);
    r->earlier = malloc((own.n_spikes + 1) * sizeof *r->earlier);
    if (!r->earlier || !reel_take(&r->reel, (const uint64_t *)pieces, own.n_pieces, &bad))
        return outcome_say(OUTCOME_MEMORY, "memory ran out while reading %s", path);
    if (bad) {
        outcome_say(OUTCOME_INPUT, "%s: is missing or damaged; begin the video anew", bad);
        free(bad);
        return OUTCOME_INPUT;
    }
    memcpy(r->earlier, spikes, own.n_spikes * sizeof *r->earlier);
    r->n_earlier = own.n_spikes;
    r->digest = own.digest;
    r->first_frame = own.n_frames;
    if (!r->session.recording &&
        chx_simulation_restore_memory(r->session.simulation, state, own.state_bytes) != CHX_OK)
        return outcome_say(OUTCOME_INPUT, "%s: %s", path, chx_last_error()->message);
    r->n_saved = own.n_frames;
    r->has_saved = true;
    return OUTCOME_OK;
}

static int
resume(struct rendering *r, const char *path)
{
    size_t size;
    char *bytes = read_file(path, &size);
    if (!bytes)
        return outcome_say(OUTCOME_INPUT, "%s: cannot read: %s", path, strerror(errno));
    int code = check_file(r, bytes, size);
    if (code == OUTCOME_OK)
        code = take_up(r, bytes);
    free(bytes);
    return code;
}

int
film_checkpoint_begin(struct rendering *r)
{
    const char *path = r->checkpoint.path;
    struct stat found;
    if (!path)
        return OUTCOME_OK;
    /* A device or a pipe would be replaced. */
    if (stat(path, &found) == 0 && !S_ISREG(found.st_mode))
        return outcome_say(OUTCOME_OUTPUT, "%s: not a regular file; give another name", path);
    const int code = digest_asked(r);
    return code == OUTCOME_OK && r->checkpoint.resume_path ? resume(r, r->checkpoint.resume_path)
                                                           : code;
}

void
film_checkpoint_remove(const struct rendering *r)
{
    if (!r->checkpoint.path)
        return;
    unlink(r->checkpoint.path);
    reel_remove(&r->reel);
}

void
film_checkpoint_remark(const struct rendering *r)
{
    if (r->has_saved)
        outcome_remark("%s has %llu of %llu frames; go on with the same options and --resume %s",
                       r->checkpoint.path, (unsigned long long)r->n_saved,
                       (unsigned long long)r->n_frames, r->checkpoint.path);
}
