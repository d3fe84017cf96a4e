/* What is written on a picture: name, counts, time, speed, scale bar, colour bar. Fixed strokes are
 * made once; three short texts and the bar's length change from frame to frame. */
#ifndef CHX_SCENE_LABELS_H
#define CHX_SCENE_LABELS_H

#include <chronaxie/scene.h>

#include "scene/hershey.h"

/* The texts that change, NUL-padded. */
typedef struct chx__caption {
    char time[CHX_TEXT_CHARS];
    char speed[CHX_TEXT_CHARS];
    char scale[CHX_TEXT_CHARS];
    int32_t bar_q8; /* length of the scale bar */
} chx__caption;

/* A rectangle of the picture that a label takes. */
typedef struct chx__block {
    double x0_px, y0_px, x1_px, y1_px;
} chx__block;

#define CHX__MOST_BLOCKS 10

typedef struct chx__labels {
    chx__font font;
    chx__strokes strokes;
    chx_line lines[CHX_TEXT_LINES];
    double bar_most_px; /* longest scale bar; 0 when there is none */
    chx__block blocks[CHX__MOST_BLOCKS]; /* that branches are kept out of, with air around */
    uint32_t n_blocks;
    chx__block places[CHX__MOST_BLOCKS]; /* that words and bars cover, none over another */
    uint32_t n_places;
    double axis_px, axis_cap_px; /* length of the axes of the data, height of their letters */
} chx__labels;

/* Errors: FILE without the font, MEMORY. tables say which light belongs to which age. */
chx_status chx__labels_init(chx__labels *labels, const chx_network_info *network,
                            const chx_tables *tables, const chx_scene_params *params);
void chx__labels_finish(chx__labels *labels);

/* As many digits after the point as tell steps of the network's time apart, one at least. */
void chx__caption_time(chx__caption *caption, double time_ms, double step_ms, double speed);
/* The longest bar of 1, 2 or 5 times a power of ten um that fits. */
void chx__caption_scale(chx__caption *caption, double px_per_um, double most_px);

#endif
