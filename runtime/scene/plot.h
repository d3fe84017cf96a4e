/* What is on a raster plot: dots, axes, groups, stimuli and rate, laid out as boxes (paper) and
 * strokes (ink). Knows no device. */
#ifndef CHX_SCENE_PLOT_H
#define CHX_SCENE_PLOT_H

#include <chronaxie/network.h>

#include "scene/hershey.h"

typedef struct chx__boxes {
    chx_box *items;
    size_t n, capacity;
    bool failed;
} chx__boxes;

typedef struct chx__plot {
    chx__boxes boxes;
    chx__strokes strokes;
} chx__plot;

/* Spikes and the picture to lay them out in. */
typedef struct chx__plot_params {
    const chx_network_info *network;
    const chx_spike *spikes;
    size_t n_spikes;
    double duration_ms;
    uint32_t width_px, height_px;
} chx__plot_params;

/* Errors: MEMORY. */
chx_status chx__plot_init(chx__plot *plot, const chx__plot_params *params, const chx__font *font);
void chx__plot_finish(chx__plot *plot);

/* The colours that boxes and strokes name. */
void chx__plot_inks(uint32_t inks[CHX_INKS]);

#endif
