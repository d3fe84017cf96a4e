/* Text as strokes: the Hershey simplex font (A. V. Hershey, 1967) as glyph tables for the device
 * and as strokes for fixed labels. Beside ASCII there are the codes below. */
#ifndef CHX_SCENE_HERSHEY_H
#define CHX_SCENE_HERSHEY_H

#include <stdbool.h>
#include <stddef.h>

#include <chronaxie/status.h>

#include "render/picture.h"

#define CHX__CHAR_MICRO "\001"
#define CHX__CHAR_DOT "\002"

/* Greek letters, capital alpha first, have codes of their own; texts that change have none. */
#define CHX__CHAR_GREEK 128u
#define CHX__GLYPHS 192

/* A growing list; `failed` is set when memory ran out, so that callers check once. */
typedef struct chx__strokes {
    chx_stroke *items;
    size_t n, capacity;
    bool failed;
} chx__strokes;

typedef struct chx__font {
    chx_glyph glyphs[CHX__GLYPHS]; /* the device has the first CHX_GLYPHS */
    chx__strokes shapes; /* font units, y down, baseline at 0 */
    uint32_t most_strokes; /* of any glyph that the device has */
} chx__font;

/* How a piece of text looks. */
typedef struct chx__style {
    double cap_px; /* height of a capital */
    uint32_t ink;
    uint32_t align; /* 0 left, 1 centre, 2 right of x */
    bool upwards; /* runs from bottom to top */
} chx__style;

/* Reads the font from the folder of hershey-fonts-data. Errors: FILE when it is missing, MEMORY. */
chx_status chx__font_init(chx__font *font);
void chx__font_finish(chx__font *font);

/* Font units in a q8 pixel size, and radius of the pen, for a height of capitals. */
int32_t chx__font_size(double cap_px);
int32_t chx__font_radius(double cap_px);

double chx__text_width_px(const chx__font *font, const char *text, double cap_px);

void chx__strokes_add(chx__strokes *strokes, const chx_stroke *stroke);
/* A rectangle's pixels, q8-exact edges. */
void chx__strokes_box(chx__strokes *strokes, double x0, double y0, double x1, double y1,
                      uint32_t ink, uint32_t flags);
/* A rectangle on which what lies behind is faint, so that letters in it can be read. */
void chx__strokes_ground(chx__strokes *strokes, double x0, double y0, double x1, double y1,
                         uint32_t flags);
/* Baseline at (x, y) px, UTF-8. */
void chx__strokes_text(chx__strokes *strokes, const chx__font *font, const chx__style *style,
                       double x, double y, const char *text);
void chx__strokes_finish(chx__strokes *strokes);

#endif
