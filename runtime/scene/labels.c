/* Sizes are in heights of a capital, which follows from the picture's shorter side, so that one
 * layout serves a thumbnail and a poster. Fixed strokes are made once per scene; what changes
 * (time, speed, scale) is three texts of CHX_TEXT_CHARS and a length, as scalars. Grounds dim what
 * lies behind words. What does not fit is counted ("and 12 more") rather than cut or left out in
 * silence.
 *
 * Digits follow the C locale (numerals.h), as a picture must not depend on where it was made. */
#include "scene/labels.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/numerals.h"
#include "scene/connections.h"
#include "scene/palette.h"

/* Sizes that follow from the picture's. */
typedef struct layout {
    double width, height;
    double cap; /* height of a capital */
    double margin;
} layout;

static layout
layout_of(uint32_t width_px, uint32_t height_px)
{
    layout made = {.width = width_px, .height = height_px};
    double side = fmin(height_px, width_px * 0.7);
    made.cap = fmax(side * 0.0155, fmin(8.0, side * 0.06));
    made.margin = fmax(made.cap * 2.4, 4);
    return made;
}

/* The largest of 1, 2, 5 x 10^n that is not above x. */
static double
round_down_125(double x)
{
    double ten = pow(10, floor(log10(x) + 1e-9));
    double lead = x / ten + 1e-9;
    return (lead >= 5 ? 5 : lead >= 2 ? 2 : 1) * ten;
}

#define BETWEEN_TYPES " " CHX__CHAR_DOT " "

/* What the colours of branches mean. */
typedef struct legend {
    const chx_network_info *network;
    chx_colour_by by;
    uint32_t compartments[CHX__N_COMPARTMENTS];
    uint32_t n;
} legend;

static void
add_compartment(legend *to, uint32_t compartment)
{
    for (uint32_t i = 0; i < to->n; i++)
        if (to->compartments[i] == compartment)
            return;
    to->compartments[to->n++] = compartment;
}

static legend
legend_of(const chx_network_info *network, chx_colour_by by)
{
    legend made = {.network = network, .by = by};
    if (by == CHX_COLOUR_BY_ID)
        made.n = network->n_neurons;
    else if (by != CHX_COLOUR_BY_COMPARTMENT)
        made.n = network->n_types;
    if (by == CHX_COLOUR_BY_COMPARTMENT) {
        add_compartment(&made, 0);
        for (uint32_t i = 0; i < network->n_nodes; i++)
            add_compartment(&made, chx__compartment_of(network->nodes[i].kind));
    }
    return made;
}

static const char *
legend_name(const legend *of, uint32_t i)
{
    if (of->by == CHX_COLOUR_BY_COMPARTMENT)
        return chx__compartment_name(of->compartments[i]);
    return of->by == CHX_COLOUR_BY_ID ? of->network->neurons[i].name : of->network->types[i].name;
}

static uint32_t
legend_ink(const legend *of, uint32_t i)
{
    if (of->by == CHX_COLOUR_BY_COMPARTMENT)
        return CHX__INK_TYPES + chx__compartment_hue(of->compartments[i]);
    return CHX__INK_TYPES + i % CHX__N_TINTS;
}

/* What says how many there are where none can be named; neurons are counted in front anyway. */
static void
count_legend(const legend *of, char *text, size_t size)
{
    const char *what = of->by == CHX_COLOUR_BY_COMPARTMENT ? "kind" : "type";
    if (of->by != CHX_COLOUR_BY_ID && of->n > 0)
        snprintf(text, size, BETWEEN_TYPES "%u %s%s", of->n, what, of->n == 1 ? "" : "s");
}

/* How many entries can be named, with `text` for the rest, in most_px. */
static uint32_t
fit_legend(const chx__labels *labels, const legend *of, double cap, double most_px, char *text,
           size_t size)
{
    double used = 0;
    uint32_t n = 0;
    text[0] = 0;
    for (uint32_t i = 0; i < of->n; i++) {
        char rest[32] = "";
        if (i + 1 < of->n)
            snprintf(rest, sizeof rest, BETWEEN_TYPES "and %u more", of->n - i - 1);
        used += chx__text_width_px(&labels->font, BETWEEN_TYPES, cap) +
                chx__text_width_px(&labels->font, legend_name(of, i), cap);
        if (used > most_px)
            break;
        if (used + chx__text_width_px(&labels->font, rest, cap) > most_px)
            continue;
        n = i + 1;
        snprintf(text, size, "%s", rest);
    }
    if (n == 0)
        count_legend(of, text, size);
    return n;
}

/* Keeps a rectangle, with air around it, for labels alone. */
static void
keep_block(chx__labels *labels, double x0, double y0, double x1, double y1, double cap)
{
    if (labels->n_blocks < CHX__MOST_BLOCKS)
        labels->blocks[labels->n_blocks++] = (chx__block){x0 - cap, y0 - cap, x1 + cap, y1 + cap};
}

/* A ground behind a text of a width, baseline at (x, y). */
static void
add_ground(chx__labels *labels, double x, double y, double width, double cap)
{
    chx__strokes_ground(&labels->strokes, x - cap / 3, y - cap * 1.25, x + width + cap / 3,
                        y + cap * 0.35, 0);
    keep_block(labels, x, y - cap, x + width, y, cap);
}

/* Draws a legend from x on, and returns where it ends. */
static double
draw_legend(chx__labels *labels, const legend *of, const layout *at, double x, double y)
{
    double cap = at->cap * 0.86;
    char rest[32];
    chx__style dot = {.cap_px = cap, .ink = CHX__INK_FAINT};
    double gap = chx__text_width_px(&labels->font, BETWEEN_TYPES, cap);
    uint32_t n = fit_legend(labels, of, cap, at->width * 0.62 - x, rest, sizeof rest);
    for (uint32_t i = 0; i < n; i++) {
        chx__style style = {.cap_px = cap, .ink = legend_ink(of, i)};
        chx__strokes_text(&labels->strokes, &labels->font, &dot, x, y, BETWEEN_TYPES);
        chx__strokes_text(&labels->strokes, &labels->font, &style, x + gap, y, legend_name(of, i));
        x += gap + chx__text_width_px(&labels->font, legend_name(of, i), cap);
    }
    chx__strokes_text(&labels->strokes, &labels->font, &dot, x, y, rest);
    return x + chx__text_width_px(&labels->font, rest, cap);
}

/* How many connections there are and are drawn, and what their colours mean. */
static void
draw_connections(chx__labels *labels, const chx_network_info *network, const layout *at, double y)
{
    uint32_t drawn = chx__connections_drawn(network);
    unsigned long long n = network->n_synapses;
    char count[96];
    const char *const names[] = {"excitatory", "inhibitory"};
    snprintf(count, sizeof count,
             drawn < n ? "%llu connections, an even sample of %u drawn"
             : n == 1  ? "%llu connection"
                       : "%llu connections",
             n, drawn);
    chx__style text = {.cap_px = at->cap * 0.86, .ink = CHX__INK_TEXT};
    double x = at->margin;
    for (int i = 0; i < 3; i++) {
        const char *word = i == 0 ? count : names[i - 1];
        if (i > 0 && !chx__connections_have(network, i == 2))
            continue;
        if (i > 0) {
            text.ink = CHX__INK_FAINT;
            chx__strokes_text(&labels->strokes, &labels->font, &text, x, y, BETWEEN_TYPES);
            x += chx__text_width_px(&labels->font, BETWEEN_TYPES, text.cap_px);
            text.ink = CHX__INK_TYPES + chx__connection_hue(i == 2);
        }
        chx__strokes_text(&labels->strokes, &labels->font, &text, x, y, word);
        x += chx__text_width_px(&labels->font, word, text.cap_px);
    }
    add_ground(labels, at->margin, y, x - at->margin, text.cap_px);
}

static void
draw_title(chx__labels *labels, const chx_network_info *network, const legend *colours,
           const layout *at, chx_connections connections)
{
    const char *name = network->name ? network->name : "";
    chx__style title = {.cap_px = at->cap * 1.3, .ink = CHX__INK_TITLE};
    double width = chx__text_width_px(&labels->font, name, title.cap_px);
    double most = at->width * 0.6;
    if (width > most)
        title.cap_px = fmax(title.cap_px * most / width, at->cap * 0.5);
    double y = at->margin + at->cap * 1.3;
    add_ground(labels, at->margin, y, fmin(width, most), title.cap_px);
    chx__strokes_text(&labels->strokes, &labels->font, &title, at->margin, y, name);
    char count[64];
    snprintf(count, sizeof count, "%u neuron%s", network->n_neurons,
             network->n_neurons == 1 ? "" : "s");
    chx__style text = {.cap_px = at->cap * 0.86, .ink = CHX__INK_TEXT};
    y += at->cap * 2.1;
    chx__strokes_text(&labels->strokes, &labels->font, &text, at->margin, y, count);
    double after = at->margin + chx__text_width_px(&labels->font, count, text.cap_px);
    double end = draw_legend(labels, colours, at, after, y);
    add_ground(labels, at->margin, y, end - at->margin, text.cap_px);
    if (chx__connections_shown(network, connections))
        draw_connections(labels, network, at, y + at->cap * 1.9);
}

/* A round range of time for the colour bar, and the steps to cut it into. */
static double
round_range(double most, int *n_steps)
{
    static const double leads[] = {8, 6, 4, 3, 2, 1.5, 1};
    double ten = pow(10, floor(log10(most) + 1e-9));
    for (int i = 0; i < 7; i++)
        if (leads[i] * ten <= most * (1 + 1e-9)) {
            *n_steps = leads[i] == 8 || leads[i] == 4 || leads[i] == 2 || leads[i] == 1 ? 2 : 3;
            return leads[i] * ten;
        }
    *n_steps = 2;
    return ten;
}

static void
draw_ticks(chx__labels *labels, const layout *at, double left, double right, double y,
           double range_ms, int n_steps)
{
    chx__style style = {.cap_px = at->cap * 0.86, .ink = CHX__INK_TEXT, .align = 1};
    for (int i = 0; i <= n_steps; i++) {
        char text[32];
        snprintf(text, sizeof text, "%g", range_ms * i / n_steps);
        double x = left + (right - left) * i / n_steps;
        double pen = fmax(0.5, at->cap * 0.05);
        chx__strokes_box(&labels->strokes, x - pen, y, x + pen, y + at->cap * 0.35, CHX__INK_FAINT,
                         0);
        chx__strokes_text(&labels->strokes, &labels->font, &style, x, y + at->cap * 1.55, text);
    }
}

/* Light by the time since a spike passed, in the colours that branches take. */
static void
draw_colour_bar(chx__labels *labels, const chx_network_info *network, const chx_tables *tables,
                const layout *at)
{
    int n_steps;
    double decay = network->view.decay_ms;
    double range_ms = round_range(decay * 2.7, &n_steps);
    double right = floor(at->width - at->margin - at->cap);
    double left = floor(right - fmax(at->width * 0.16, at->cap * 11));
    double bottom = floor(at->height - at->margin - at->cap * 1.55);
    double top = bottom - fmax(floor(at->cap * 0.62), 2);
    for (double x = left; x < right; x++) {
        double age = (x + 0.5 - left) / (right - left) * range_ms / decay;
        age = fmax(age, CHX__RISE_DECAYS);
        int index = (int)(age * CHX_TICKS_PER_DECAY) >> CHX_LIGHT_SHIFT;
        uint32_t light = index < CHX_LIGHT_COUNT ? tables->light[index] : 0;
        chx__strokes_box(&labels->strokes, x, top, x + 1, bottom, light, CHX_STROKE_LIGHT);
    }
    draw_ticks(labels, at, left, right, bottom, range_ms, n_steps);
    chx__style style = {.cap_px = at->cap * 0.86, .ink = CHX__INK_TEXT, .align = 1};
    chx__strokes_text(&labels->strokes, &labels->font, &style, (left + right) / 2,
                      top - at->cap * 0.75, "time since spike (ms)");
    chx__strokes_ground(&labels->strokes, left - at->cap, top - at->cap * 1.9, right + at->cap,
                        bottom + at->cap * 1.9, 0);
    keep_block(labels, left, top - at->cap * 1.6, right, bottom + at->cap * 1.55, at->cap);
}

static void
draw_scale_bar(chx__labels *labels, const layout *at)
{
    double x = at->margin;
    double y = floor(at->height - at->margin);
    double pen = fmax(1, rint(at->cap * 0.13));
    double tick = at->cap * 0.36;
    chx__strokes_box(&labels->strokes, x, y - pen, x + pen, y, CHX__INK_TITLE, CHX_STROKE_BAR_X1);
    chx__strokes_box(&labels->strokes, x, y - tick, x + pen, y + tick - pen, CHX__INK_TITLE, 0);
    chx__strokes_box(&labels->strokes, x, y - tick, x + pen, y + tick - pen, CHX__INK_TITLE,
                     CHX_STROKE_BAR_X0 | CHX_STROKE_BAR_X1);
    chx__strokes_ground(&labels->strokes, x - tick, y - at->cap, x + tick, y + tick,
                        CHX_STROKE_BAR_X1);
    labels->bar_most_px = fmax(at->width * 0.16, at->cap * 6);
    keep_block(labels, x, y - at->cap * 1.8, x + labels->bar_most_px, y, at->cap);
}

/* The axes of the data above the scale bar; kernels turn them with the camera. */
static void
draw_axes(chx__labels *labels, const layout *at)
{
    static const char *const names[] = {"x", "y", "z"};
    double length = at->cap * 2.6;
    double reach = length * 1.3;
    double x = at->margin + reach;
    double y = at->height - at->margin - at->cap * 3.2 - reach;
    chx__style style = {.cap_px = at->cap * 0.86, .ink = CHX__INK_TITLE, .align = 1};
    for (uint32_t k = 0; k < 3; k++) {
        uint32_t axis = k << CHX_STROKE_AXIS_SHIFT;
        chx_stroke line = {.x0 = (int32_t)(x * 256),
                           .y0 = (int32_t)(y * 256),
                           .x1 = (int32_t)(x * 256),
                           .y1 = (int32_t)(y * 256),
                           .radius = chx__font_radius(at->cap),
                           .ink = CHX__INK_TITLE,
                           .flags = CHX_STROKE_AXIS_1 | axis,
                           .level = 8};
        chx__strokes_add(&labels->strokes, &line);
        size_t first = labels->strokes.n;
        chx__strokes_text(&labels->strokes, &labels->font, &style, x, y + at->cap * 0.35, names[k]);
        for (size_t i = first; i < labels->strokes.n; i++)
            labels->strokes.items[i].flags |=
                CHX_STROKE_AXIS_0 | CHX_STROKE_AXIS_1 | CHX_STROKE_AXIS_NAME | axis;
    }
    chx__strokes_ground(&labels->strokes, x - reach, y - reach, x + reach, y + reach, 0);
    keep_block(labels, x - reach, y - reach, x + reach, y + reach, 0);
    labels->axis_px = length;
    labels->axis_cap_px = at->cap;
}

/* The longest time that is shown, and the speed below it. */
static void
keep_time(chx__labels *labels, const chx_network_info *network, const layout *at)
{
    chx__caption longest;
    chx__caption_time(&longest, network->duration_ms, network->time_step_ms, 0);
    char text[CHX_TEXT_CHARS + 1] = "";
    memcpy(text, longest.time, CHX_TEXT_CHARS);
    double width = chx__text_width_px(&labels->font, text, at->cap * 1.15);
    double right = at->width - at->margin;
    keep_block(labels, right - width, at->margin, right, at->margin + at->cap * 1.3, at->cap);
}

static void
place_lines(chx__labels *labels, const layout *at)
{
    double right = at->width - at->margin;
    chx_line time = {.ink = CHX__INK_TITLE, .align = 2};
    time.x = (int32_t)(right * 256);
    time.y = (int32_t)((at->margin + at->cap * 1.3) * 256);
    time.size = chx__font_size(at->cap * 1.15);
    time.radius = chx__font_radius(at->cap * 1.15);
    chx_line speed = time;
    speed.ink = CHX__INK_FAINT;
    speed.y += (int32_t)(at->cap * 2.1 * 256);
    speed.size = chx__font_size(at->cap * 0.86);
    speed.radius = chx__font_radius(at->cap * 0.86);
    chx_line scale = speed;
    scale.ink = CHX__INK_TEXT;
    scale.align = 1;
    scale.bar_share = 128;
    scale.x = (int32_t)(at->margin * 256);
    scale.y = (int32_t)((at->height - at->margin - at->cap * 0.95) * 256);
    labels->lines[0] = time;
    labels->lines[1] = speed;
    labels->lines[2] = scale;
}

chx_status
chx__labels_init(chx__labels *labels, const chx_network_info *network, const chx_tables *tables,
                 const chx_scene_params *params)
{
    chx__labels made = {0};
    chx_status status = chx__font_init(&made.font);
    if (status)
        return status;
    layout at = layout_of(params->width_px, params->height_px);
    legend colours = legend_of(network, params->colour_by);
    chx__numerals numerals = chx__numerals_begin();
    draw_title(&made, network, &colours, &at, params->connections);
    if (params->colour_by == CHX_COLOUR_BY_SPIKE)
        draw_colour_bar(&made, network, tables, &at);
    if (!network->view.is_layout)
        draw_scale_bar(&made, &at);
    if (params->axes)
        draw_axes(&made, &at);
    place_lines(&made, &at);
    if (params->colour_by == CHX_COLOUR_BY_SPIKE)
        keep_time(&made, network, &at);
    chx__numerals_end(&numerals);
    if (made.strokes.failed) {
        chx__labels_finish(&made);
        return chx__fail_memory("laying out the labels");
    }
    *labels = made;
    return CHX_OK;
}

void
chx__labels_finish(chx__labels *labels)
{
    chx__strokes_finish(&labels->strokes);
    chx__font_finish(&labels->font);
}

static void
set_text(char into[CHX_TEXT_CHARS], const char *text)
{
    size_t length = strlen(text);
    memset(into, 0, CHX_TEXT_CHARS);
    memcpy(into, text, length < CHX_TEXT_CHARS ? length : CHX_TEXT_CHARS);
}

static int
digits_of(double step_ms)
{
    int n = 1;
    for (double scaled = step_ms * 10; n < 4 && fabs(scaled - rint(scaled)) > 1e-6; scaled *= 10)
        n++;
    return n;
}

void
chx__caption_time(chx__caption *caption, double time_ms, double step_ms, double speed)
{
    chx__numerals numerals = chx__numerals_begin();
    char text[64];
    snprintf(text, sizeof text, "t = %.*f ms", digits_of(step_ms), time_ms);
    set_text(caption->time, text);
    if (speed <= 0)
        text[0] = 0;
    else if (speed < 0.9995)
        snprintf(text, sizeof text, "1/%.3g speed", 1 / speed);
    else
        snprintf(text, sizeof text, "%.3g x speed", speed);
    set_text(caption->speed, text);
    chx__numerals_end(&numerals);
}

void
chx__caption_scale(chx__caption *caption, double px_per_um, double most_px)
{
    chx__numerals numerals = chx__numerals_begin();
    char text[64];
    double um = round_down_125(most_px / px_per_um);
    if (um >= 1000)
        snprintf(text, sizeof text, "%g mm", um / 1000);
    else if (um >= 1)
        snprintf(text, sizeof text, "%g " CHX__CHAR_MICRO "m", um);
    else
        snprintf(text, sizeof text, "%g nm", um * 1000);
    chx__numerals_end(&numerals);
    set_text(caption->scale, text);
    caption->bar_q8 = (int32_t)rint(um * px_per_um * 256);
}
