/* Strokes in q8 of a pixel, y down. Font units are integers, and sizes are rounded to q8 once
 * per text, so that fixed labels made here and texts that kernels lay out from the glyph tables
 * come out the same. A list remembers that memory ran out, so that drawing code need not look
 * after each stroke. */
#include "scene/hershey.h"

#include <hersheyfont.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "scene/letters.h"

void
chx__strokes_add(chx__strokes *strokes, const chx_stroke *stroke)
{
    if (strokes->failed ||
        !chx__grow(&strokes->items, &strokes->capacity, strokes->n + 1, sizeof *stroke)) {
        strokes->failed = true;
        return;
    }
    strokes->items[strokes->n++] = *stroke;
}

void
chx__strokes_finish(chx__strokes *strokes)
{
    free(strokes->items);
    memset(strokes, 0, sizeof *strokes);
}

static int32_t
q8(double px)
{
    return (int32_t)rint(px * 256);
}

void
chx__strokes_box(chx__strokes *strokes, double x0, double y0, double x1, double y1, uint32_t ink,
                 uint32_t flags)
{
    chx_stroke box = {.ink = ink, .flags = flags | CHX_STROKE_SQUARE, .level = 4};
    bool flat = x1 - x0 >= y1 - y0;
    double middle_x = flat ? 0 : (x0 + x1) / 2;
    double middle_y = flat ? (y0 + y1) / 2 : 0;
    box.x0 = q8(flat ? x0 : middle_x);
    box.x1 = q8(flat ? x1 : middle_x);
    box.y0 = q8(flat ? middle_y : y0);
    box.y1 = q8(flat ? middle_y : y1);
    box.radius = q8((flat ? y1 - y0 : x1 - x0) / 2);
    chx__strokes_add(strokes, &box);
}

void
chx__strokes_ground(chx__strokes *strokes, double x0, double y0, double x1, double y1,
                    uint32_t flags)
{
    chx_stroke ground = {.x0 = q8(x0),
                         .y0 = q8((y0 + y1) / 2),
                         .x1 = q8(x1),
                         .y1 = q8((y0 + y1) / 2),
                         .radius = q8((y1 - y0) / 2),
                         .flags = flags | CHX_STROKE_GROUND};
    chx__strokes_add(strokes, &ground);
}

int32_t
chx__font_size(double cap_px)
{
    return q8(cap_px / CHX_CAP_UNITS);
}

int32_t
chx__font_radius(double cap_px)
{
    return q8(fmax(0.45, cap_px * 0.052));
}

static int32_t
width_units(const chx__font *font, const char *text)
{
    int32_t units = 0;
    while (*text)
        units += font->glyphs[chx__letter_next(&text)].advance;
    return units;
}

double
chx__text_width_px(const chx__font *font, const char *text, double cap_px)
{
    return width_units(font, text) * (chx__font_size(cap_px) / 256.0);
}

void
chx__strokes_text(chx__strokes *strokes, const chx__font *font, const chx__style *style, double x,
                  double y, const char *text)
{
    int32_t size = chx__font_size(style->cap_px);
    int32_t total = width_units(font, text);
    int32_t at = style->align == 0 ? 0 : style->align == 1 ? -total / 2 : -total;
    while (*text) {
        const chx_glyph *glyph = &font->glyphs[chx__letter_next(&text)];
        for (uint32_t i = 0; i < glyph->count; i++) {
            const chx_stroke *shape = &font->shapes.items[glyph->first + i];
            int32_t p[4] = {(at + shape->x0) * size, shape->y0 * size, (at + shape->x1) * size,
                            shape->y1 * size};
            chx_stroke stroke = {
                .radius = chx__font_radius(style->cap_px), .ink = style->ink, .level = 8};
            stroke.x0 = q8(x) + (style->upwards ? p[1] : p[0]);
            stroke.y0 = q8(y) + (style->upwards ? -p[0] : p[1]);
            stroke.x1 = q8(x) + (style->upwards ? p[3] : p[2]);
            stroke.y1 = q8(y) + (style->upwards ? -p[2] : p[3]);
            chx__strokes_add(strokes, &stroke);
        }
        at += glyph->advance;
    }
}

static void
add_glyph(chx__font *font, unsigned code, const struct hershey_glyph *glyph)
{
    chx_glyph *into = &font->glyphs[code];
    into->first = (uint32_t)font->shapes.n;
    into->advance = glyph->width;
    for (const struct hershey_path *path = glyph->paths; path; path = path->next)
        for (int i = 1; i < path->nverts; i++) {
            chx_stroke stroke = {.x0 = path->verts[i - 1].x,
                                 .y0 = -path->verts[i - 1].y,
                                 .x1 = path->verts[i].x,
                                 .y1 = -path->verts[i].y};
            chx__strokes_add(&font->shapes, &stroke);
        }
    into->count = (uint32_t)font->shapes.n - into->first;
    if (code < CHX_GLYPHS && into->count > font->most_strokes)
        font->most_strokes = into->count;
}

/* A dot at half height, to set words apart. */
static void
add_dot(chx__font *font)
{
    chx_glyph *into = &font->glyphs[(unsigned char)*CHX__CHAR_DOT];
    into->first = (uint32_t)font->shapes.n;
    into->count = 1;
    into->advance = 12;
    chx__strokes_add(&font->shapes, &(chx_stroke){.x0 = 6, .y0 = -9, .x1 = 6, .y1 = -8});
}

static chx_status
fail_font(const char *name)
{
    return chx__fail(CHX_ERROR_FILE,
                     "the Hershey font \"%s\" that labels are drawn with is missing; install "
                     "hershey-fonts-data or draw without labels",
                     name);
}

chx_status
chx__font_init(chx__font *font)
{
    chx__font made = {0};
    chx_status status = CHX_OK;
    struct hershey_font *latin = hershey_font_load("futural");
    struct hershey_font *greek = hershey_font_load("greeks");
    if (!latin || !greek) {
        status = fail_font(latin ? "greeks" : "futural");
        goto release;
    }
    for (unsigned code = ' '; code < 127; code++)
        add_glyph(&made, code, &latin->glyphs[code]);
    add_glyph(&made, (unsigned char)*CHX__CHAR_MICRO, &greek->glyphs['l']);
    for (unsigned key = 'A'; key <= 'x'; key++)
        if (key <= 'X' || key >= 'a')
            add_glyph(&made, CHX__CHAR_GREEK + key - 'A', &greek->glyphs[key]);
    add_dot(&made);
    if (made.shapes.failed) {
        status = chx__fail_memory("loading the font of the labels");
        chx__font_finish(&made);
        goto release;
    }
    *font = made;
release:
    if (greek)
        hershey_font_free(greek);
    if (latin)
        hershey_font_free(latin);
    return status;
}

void
chx__font_finish(chx__font *font)
{
    chx__strokes_finish(&font->shapes);
    memset(font, 0, sizeof *font);
}
