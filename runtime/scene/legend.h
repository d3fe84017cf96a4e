/* The legend: what the colours of branches mean, by name, or by number where there is no room. */
#ifndef CHX_SCENE_LEGEND_H
#define CHX_SCENE_LEGEND_H

#include <chronaxie/scene.h>

#include "scene/hershey.h"
#include "scene/palette.h"

/* Sets one name apart from the next. */
#define CHX__BETWEEN_NAMES " " CHX__CHAR_DOT " "

typedef struct chx__legend {
    const chx_network_info *network;
    chx_colour_by by;
    uint32_t compartments[CHX__N_COMPARTMENTS];
    uint32_t n;
} chx__legend;

chx__legend chx__legend_of(const chx_network_info *network, chx_colour_by by);
const char *chx__legend_name(const chx__legend *of, uint32_t i);
uint32_t chx__legend_ink(const chx__legend *of, uint32_t i);

/* How many names have room in most_px, with `text` for the rest; that too is empty where it has
 * none. */
uint32_t chx__legend_fit(const chx__legend *of, const chx__font *font, double cap_px,
                         double most_px, char *text, size_t size);

#endif
