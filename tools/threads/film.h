/* Turns painted layers into pixels: bloom, colour, tone, and empty layers for the next picture.
 * Rows are independent within a step, so threads share them; steps follow each other as listed. */
#ifndef THREADS_FILM_H
#define THREADS_FILM_H

#include "paint.h"

#define THREADS_MOST_LEVELS 8

typedef struct threads_level {
    int width, height;
    uint32_t weight;
    uint32_t *cells;
} threads_level;

typedef struct threads_film {
    threads_layers *layers;
    const threads_colours *colours;
    const threads_depth *depth;
    threads_level levels[THREADS_MOST_LEVELS]; /* of bloom; the first is the layers' glow */
    int n_levels, n_tile_rows;
    unsigned char *lit; /* by tile */
} threads_film;

/* Gives the layers their glow. False when memory is out; finish it all the same. */
bool threads_film_init(threads_film *film, threads_layers *layers, const threads_colours *colours,
                       const threads_depth *depth);
void threads_film_finish(threads_film *film);

void threads_film_halve(const threads_film *film, int row); /* rows of levels[1] */
void threads_film_coarse(const threads_film *film);
void threads_film_mark(const threads_film *film, int tile_y);
void threads_film_raise(const threads_film *film, int row); /* rows of levels[0] */
void threads_film_show(const threads_film *film, int tile_y, uint8_t *rgb);
void threads_film_clear(const threads_film *film);

#endif
