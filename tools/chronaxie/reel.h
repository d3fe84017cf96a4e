/* A reel: where the frames of a film go, one file or pieces that are joined in the end.
 *
 * Pieces lie beside a checkpoint and are whole once they have a name. Where they are cut depends on
 * the number of the frame alone, so that their bits do not depend on when a film was stopped. */
#ifndef CHRONAXIE_REEL_H
#define CHRONAXIE_REEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <chronaxie/picture.h>

struct reel {
    const char *path; /* of the video */
    const char *checkpoint_path; /* pieces are named after it; NULL for no pieces */
    chx_video_params params;
    chx_video *open; /* what is being written */
    uint64_t *digests; /* of the files of pieces that are whole */
    size_t n_pieces;
    uint32_t n_open_frames; /* of the piece that is being written */
};

/* Frames of a piece: whole seconds, so that pieces fit together in every container. */
uint32_t reel_piece_frames(const struct reel *reel);

/* Starts the encoder, unless it runs. */
chx_status reel_open(struct reel *reel);

/* Appends a frame of CHX_PIXELS_YUV420. */
chx_status reel_add(struct reel *reel, const uint8_t *yuv420);

/* Ends the piece that is being written, if one is. */
chx_status reel_cut(struct reel *reel);

/* Takes pieces of another process, whose digests are copied. Names the first that is missing or has
 * changed in *bad, which the caller frees; else that is NULL. False when memory ran out. */
bool reel_take(struct reel *reel, const uint64_t *digests, size_t n_pieces, char **bad);

/* Ends the video and gives it its name. Pieces are still there. */
chx_status reel_finish(struct reel *reel);

/* Removes the pieces. */
void reel_remove(const struct reel *reel);

/* Releases all, and what is not whole. Accepts all zeroes. */
void reel_close(struct reel *reel);

#endif
