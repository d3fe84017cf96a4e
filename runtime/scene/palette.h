/* Colours: the tables that kernels look everything up in, and the colours of types and labels. */
#ifndef CHX_SCENE_PALETTE_H
#define CHX_SCENE_PALETTE_H

#include <stdbool.h>

#include <chronaxie/scene.h>

#include "render/picture.h"

/* Indices of label colours in chx_tables.ink; the tints of types follow from INK_TYPES. */
enum {
    CHX__INK_TITLE = 1,
    CHX__INK_TEXT,
    CHX__INK_FAINT,
    CHX__INK_TYPES = 8,
};

/* Types beyond these take the colours from the first on again. */
#define CHX__N_TINTS (CHX_HUES - 1)

/* The colours of types, CHX__N_TINTS of 0xrrggbb, as they are on black or on paper. */
void chx__palette_types(uint32_t *inks, bool on_paper);

/* Parts of a neuron that are told apart, by SWC kind; their names, and hues as of types. */
#define CHX__N_COMPARTMENTS 5
uint32_t chx__compartment_of(uint32_t swc_kind);
const char *chx__compartment_name(uint32_t compartment);
uint32_t chx__compartment_hue(uint32_t compartment);

void chx__tables_fill(chx_tables *tables, const chx_scene_params *params);

#endif
