/* The way it is done today: the picture of a network drawn in plain C by threads of the processor.
 *
 * The peer of kernels/render: the same picture without labels, bit for bit, from code of its own.
 * Branches are projected once and sorted into strips of rows, threads take strips as they come
 * free, so nothing is locked; untouched tiles are skipped here too. One thread at a time uses a
 * drawing; its workers sleep in between. */
#ifndef THREADS_DRAW_H
#define THREADS_DRAW_H

#include <stdbool.h>

#include <chronaxie/scene.h>

typedef struct threads_draw threads_draw;

/* Borrows info. n_threads is at least 1, the caller of threads_draw_frame() among them. NULL when
 * memory or threads are out. */
threads_draw *threads_draw_create(const chx_network_info *info, uint32_t width_px,
                                  uint32_t height_px, unsigned n_threads);
/* Accepts NULL. */
void threads_draw_destroy(threads_draw *draw);

/* Looks through the scene's camera; the scene has the picture's size. */
void threads_draw_aim(threads_draw *draw, const chx_scene *scene, const chx_camera *camera);

/* Draws the moment time_ms after the spikes, ordered by step; rgb has 3 x width x height bytes. */
void threads_draw_frame(threads_draw *draw, const chx_spike *spikes, size_t n_spikes,
                        double time_ms, uint8_t *rgb);

#endif
