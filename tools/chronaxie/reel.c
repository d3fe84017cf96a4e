/* Each piece is a video of its own, encoded by a process of its own. It is hashed as it lies on the
 * disk, which is what will be joined. */
#include "reel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xxhash.h>

#define LEAST_PIECE_FRAMES 60

uint32_t
reel_piece_frames(const struct reel *reel)
{
    const uint32_t fps = reel->params.fps;
    return (LEAST_PIECE_FRAMES + fps - 1) / fps * fps;
}

static char *
piece_path(const struct reel *reel, size_t piece)
{
    char *path;
    const int n =
        asprintf(&path, "%s.%zu%s", reel->checkpoint_path, piece, strrchr(reel->path, '.'));
    return n < 0 ? NULL : path;
}

static bool
hash_file(const char *path, uint64_t *digest)
{
    char bytes[1 << 16];
    size_t n;
    FILE *file = fopen(path, "rb");
    XXH3_state_t *hash = XXH3_createState();
    bool done = file && hash;
    if (done)
        XXH3_64bits_reset(hash);
    while (done && (n = fread(bytes, 1, sizeof bytes, file)) > 0)
        XXH3_64bits_update(hash, bytes, n);
    done = done && !ferror(file);
    if (done)
        *digest = XXH3_64bits_digest(hash);
    if (file)
        fclose(file);
    XXH3_freeState(hash);
    return done;
}

chx_status
reel_open(struct reel *reel)
{
    if (reel->open)
        return CHX_OK;
    if (!reel->checkpoint_path)
        return chx_video_create(reel->path, &reel->params, &reel->open);
    char *path = piece_path(reel, reel->n_pieces);
    chx_status status =
        path ? chx_video_create(path, &reel->params, &reel->open) : CHX_ERROR_MEMORY;
    free(path);
    reel->n_open_frames = 0;
    return status;
}

chx_status
reel_add(struct reel *reel, const uint8_t *yuv420)
{
    chx_status status = reel_open(reel);
    if (status == CHX_OK)
        status = chx_video_add(reel->open, yuv420);
    if (status == CHX_OK && reel->checkpoint_path &&
        ++reel->n_open_frames == reel_piece_frames(reel))
        status = reel_cut(reel);
    return status;
}

chx_status
reel_cut(struct reel *reel)
{
    if (!reel->open)
        return CHX_OK;
    uint64_t *grown = realloc(reel->digests, (reel->n_pieces + 1) * sizeof *grown);
    if (!grown)
        return CHX_ERROR_MEMORY;
    reel->digests = grown;
    chx_status status = chx_video_finish(reel->open);
    if (status != CHX_OK)
        return status;
    chx_video_destroy(&reel->open);
    char *path = piece_path(reel, reel->n_pieces);
    if (!path)
        return CHX_ERROR_MEMORY;
    status = hash_file(path, &grown[reel->n_pieces]) ? CHX_OK : CHX_ERROR_FILE;
    free(path);
    reel->n_pieces += status == CHX_OK;
    return status;
}

bool
reel_take(struct reel *reel, const uint64_t *digests, size_t n_pieces, char **bad)
{
    *bad = NULL;
    reel->digests = malloc((n_pieces + 1) * sizeof *digests);
    if (!reel->digests)
        return false;
    memcpy(reel->digests, digests, n_pieces * sizeof *digests);
    for (size_t i = 0; i < n_pieces; i++) {
        uint64_t found;
        char *path = piece_path(reel, i);
        if (!path)
            return false;
        if (!hash_file(path, &found) || found != digests[i]) {
            *bad = path;
            return true;
        }
        free(path);
    }
    reel->n_pieces = n_pieces;
    return true;
}

static chx_status
join(const struct reel *reel)
{
    char **paths = calloc(reel->n_pieces, sizeof *paths);
    bool done = paths != NULL;
    for (size_t i = 0; i < reel->n_pieces && done; i++)
        done = (paths[i] = piece_path(reel, i)) != NULL;
    const chx_status status =
        done ? chx_video_join(reel->path, (const char *const *)paths, reel->n_pieces)
             : CHX_ERROR_MEMORY;
    for (size_t i = 0; i < reel->n_pieces && paths; i++)
        free(paths[i]);
    free(paths);
    return status;
}

chx_status
reel_finish(struct reel *reel)
{
    return reel->checkpoint_path ? join(reel) : chx_video_finish(reel->open);
}

void
reel_remove(const struct reel *reel)
{
    for (size_t i = 0; i < reel->n_pieces; i++) {
        char *path = piece_path(reel, i);
        if (path)
            unlink(path);
        free(path);
    }
}

void
reel_close(struct reel *reel)
{
    chx_video_destroy(&reel->open);
    free(reel->digests);
    *reel = (struct reel){0};
}
