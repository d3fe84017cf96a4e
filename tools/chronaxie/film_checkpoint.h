/* A film checkpoint: how far a film has come, in a file from which another process goes on. */
#ifndef CHRONAXIE_FILM_CHECKPOINT_H
#define CHRONAXIE_FILM_CHECKPOINT_H

#include "rendering.h"

/* Prepares to save where --checkpoint names a file. Goes on from the one that --resume names: takes
 * the pieces, says which frame is next and restores the simulation, which was made anew. Says what
 * fails; returns the exit code. */
int film_checkpoint_begin(struct rendering *rendering);

/* Saves a film whose reel was cut after so many frames and whose simulation is settled. What fails
 * is kept as frame_error. */
chx_status film_checkpoint_save(struct rendering *rendering, uint64_t n_frames);

/* Removes the file and the pieces of a film that is done. */
void film_checkpoint_remove(const struct rendering *rendering);

/* After a film was stopped: says how to go on, where there is something to go on from. */
void film_checkpoint_remark(const struct rendering *rendering);

#endif
