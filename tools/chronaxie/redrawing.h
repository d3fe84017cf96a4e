/* A redrawing: what a rendering does once more on another device, to be compared before it is kept.
 * verification.h says who does it and who is right; here is what is done. */
#ifndef CHRONAXIE_REDRAWING_H
#define CHRONAXIE_REDRAWING_H

#include "rendering.h"

/* Advances a verified simulation without drawing, and takes its spikes. Says what fails; returns
 * the exit code. */
int redrawing_simulate(struct rendering *rendering, uint64_t n_steps);

/* Before the first frame of a rendering that is verified. */
chx_status redrawing_begin(struct rendering *rendering);

/* Draws n frames here and on another device, and keeps those that two agree on. */
chx_status redrawing_draw(struct rendering *rendering, uint64_t first, uint32_t n);

/* Puts a rendering on the device chosen, back to what was kept, and to the frame that it stands
 * before. */
chx_status redrawing_rebuild(struct rendering *rendering);

#endif
