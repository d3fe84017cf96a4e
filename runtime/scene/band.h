/* A band: some rows of the picture with layers of their own, drawn by a chain of tasks of its own.
 *
 * Its layers hold more rows than it shows, so that light from outside blooms into it as it would in
 * the whole picture. */
#ifndef CHX_SCENE_BAND_H
#define CHX_SCENE_BAND_H

#include <chronaxie/scene.h>

#include "scene/camera.h"

#define CHX__MAX_BANDS 8
#define CHX__MAX_LEVELS 8

/* Rows of the picture. */
typedef struct chx__rows_px {
    uint32_t begin, end;
} chx__rows_px;

typedef struct chx__band {
    chx__rows_px own; /* shown */
    chx__rows_px held; /* drawn */
    chx_buffer *fibre, *light, *ink, *body, *halo, *dirty, *marks, *queue;
    chx_buffer *levels[CHX__MAX_LEVELS]; /* of the bloom pyramid; the first at half resolution */
    uint32_t n_levels;
    uint32_t n_places; /* of the queue */
    uint32_t width_px, height_px; /* of the picture */
    /* Tasks whose scalars follow the camera and the captions. */
    chx_task labels, branches, branches_second, cones, cones_second, resolve;
} chx__band;

/* Levels of bloom for a picture, and rows that bands begin at multiples of. */
uint32_t chx__bloom_levels(uint32_t height_px);
uint32_t chx__band_step(uint32_t height_px);

/* Buffers of band `index` of n_bands. Errors: MEMORY, LIMIT. */
chx_status chx__band_init(chx__band *band, chx_runtime *runtime, uint32_t width_px,
                          uint32_t height_px, uint32_t index, uint32_t n_bands,
                          uint32_t n_branches);
void chx__band_finish(chx__band *band);

/* What all bands of a scene share. */
typedef struct chx__band_inputs {
    chx_program *program; /* render/frame.cl */
    chx_buffer *branches, *ages, *tables, *strokes, *lines, *glyphs, *shapes, *picture;
    uint32_t n_branches, n_strokes, strokes_per_glyph;
    bool int64_atomics;
    chx_pixel_format format;
    uint32_t cone_shares; /* work-items that share the queue of big bodies, per block */
} chx__band_inputs;

/* Appends the band's tasks. */
chx_status chx__band_build(chx__band *band, chx_graph *graph, const chx__band_inputs *inputs);

/* Sets the scalars of the tasks that follow the camera. */
chx_status chx__band_aim(const chx__band *band, chx_graph *graph, bool int64_atomics,
                         const chx__projection *projection);

#endif
