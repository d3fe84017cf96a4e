/* Sizes are in heights of a capital, which follows from the picture's shorter side, so that one
 * layout serves a thumbnail and a poster. Fixed strokes are made once per scene; what changes
 * (time, speed, scale) is three texts of CHX_TEXT_CHARS and a length, as scalars. Grounds dim what
 * lies behind words.
 *
 * Labels claim their places in the order of importance: time, scale bar, colour bar, name, counts
 * and legend, connections, axes, speed. What finds its place taken is shortened, then left out; no
 * label lies over another.
 *
 * Digits follow the C locale (numerals.h), as a picture must not depend on where it was made. */
#include "scene/labels.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/numerals.h"
#include "scene/connections.h"
#include "scene/legend.h"
#include "scene/letters.h"

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

/* Keeps a place where nothing else is written, if it is in the picture and free. */
static bool
claim(chx__labels *labels, const layout *at, double x0, double y0, double x1, double y1)
{
    bool is_free = x0 >= 0 && y0 >= 0 && x1 <= at->width && y1 <= at->height &&
                   labels->n_places < CHX__MOST_BLOCKS;
    for (uint32_t i = 0; i < labels->n_places && is_free; i++) {
        const chx__block *of = &labels->places[i];
        is_free = x0 >= of->x1_px || x1 <= of->x0_px || y0 >= of->y1_px || y1 <= of->y0_px;
    }
    if (is_free)
        labels->places[labels->n_places++] = (chx__block){x0, y0, x1, y1};
    return is_free;
}

/* The same for words of a width, baseline at (x, y). */
static bool
claim_words(chx__labels *labels, const layout *at, double x, double y, double width, double cap)
{
    return claim(labels, at, x, y - cap, x + width, y + cap * 0.35);
}

/* Where words that begin at the left margin on a line must end. */
static double
end_of_line(const chx__labels *labels, const layout *at, double y, double cap)
{
    double end = at->width - at->margin;
    for (uint32_t i = 0; i < labels->n_places; i++) {
        const chx__block *of = &labels->places[i];
        if (of->y0_px < y + cap * 0.35 && of->y1_px > y - cap && of->x0_px - cap < end)
            end = of->x0_px - cap;
    }
    return end;
}

#define MOST_SHORT 512
#define MOST_TAIL 100

/* As much of what is before the tail of a text as has room, dots, and the tail; or nothing. */
static bool
fit_before(const chx__labels *labels, const char *text, const char *tail, double cap,
           double most_px, char shorter[MOST_SHORT])
{
    int fits = 0;
    for (const char *next = text; next < tail && next - text < MOST_SHORT - MOST_TAIL - 8;) {
        chx__letter_next(&next);
        snprintf(shorter, MOST_SHORT, "%.*s...%s", (int)(next - text), text, tail);
        if (chx__text_width_px(&labels->font, shorter, cap) > most_px)
            break;
        fits = (int)(next - text);
    }
    shorter[0] = 0;
    if (fits)
        snprintf(shorter, MOST_SHORT, "%.*s...%s", fits, text, tail);
    return fits;
}

/* A text, or what has room of it; the words in parentheses at its end go last. */
static const char *
shorten(const chx__labels *labels, const char *text, double cap, double most_px,
        char shorter[MOST_SHORT])
{
    if (chx__text_width_px(&labels->font, text, cap) <= most_px)
        return text;
    const char *end = text + strlen(text);
    const char *tail = strstr(text, " (") ? strrchr(text, '(') - 1 : end;
    if (tail < text || end - tail > MOST_TAIL || end[-1] != ')' ||
        !fit_before(labels, text, tail, cap, most_px, shorter))
        fit_before(labels, text, end, cap, most_px, shorter);
    return shorter;
}

/* Draws a legend from x on, and returns where it ends. */
static double
draw_legend(chx__labels *labels, const chx__legend *of, const layout *at, double x, double y,
            double end)
{
    double cap = at->cap * 0.86;
    char rest[32];
    chx__style dot = {.cap_px = cap, .ink = CHX__INK_FAINT};
    double gap = chx__text_width_px(&labels->font, CHX__BETWEEN_NAMES, cap);
    double most = fmin(at->width * 0.62, end) - x;
    uint32_t n = chx__legend_fit(of, &labels->font, cap, most, rest, sizeof rest);
    for (uint32_t i = 0; i < n; i++) {
        const char *name = chx__legend_name(of, i);
        chx__style style = {.cap_px = cap, .ink = chx__legend_ink(of, i)};
        chx__strokes_text(&labels->strokes, &labels->font, &dot, x, y, CHX__BETWEEN_NAMES);
        chx__strokes_text(&labels->strokes, &labels->font, &style, x + gap, y, name);
        x += gap + chx__text_width_px(&labels->font, name, cap);
    }
    double width = chx__text_width_px(&labels->font, rest, cap);
    if (x + width > end)
        return x;
    chx__strokes_text(&labels->strokes, &labels->font, &dot, x, y, rest);
    return x + width;
}

/* How many connections there are and are drawn, as long as has room. */
static void
count_connections(const chx__labels *labels, const chx_network_info *network, double cap,
                  double most_px, char *text, size_t size)
{
    uint32_t drawn = chx__connections_drawn(network);
    unsigned long long n = network->n_synapses;
    if (n == 1)
        snprintf(text, size, "1 connection");
    else if (drawn < n)
        snprintf(text, size, "%llu connections, an even sample of %u drawn", n, drawn);
    if (n == 1 || (drawn < n && chx__text_width_px(&labels->font, text, cap) <= most_px))
        return;
    snprintf(text, size, "%llu connections, %u drawn", n, drawn);
    if (drawn == n || chx__text_width_px(&labels->font, text, cap) > most_px)
        snprintf(text, size, "%llu connections", n);
}

/* What their colours mean, each after a dot. Returns where it ends; draws nothing unless asked. */
static double
draw_signs(chx__labels *labels, const chx_network_info *network, double x, double y, double cap,
           bool drawn)
{
    const char *const names[] = {"excitatory", "inhibitory"};
    for (int i = 0; i < 2; i++) {
        if (!chx__connections_have(network, i == 1))
            continue;
        chx__style dot = {.cap_px = cap, .ink = CHX__INK_FAINT};
        chx__style style = {.cap_px = cap, .ink = CHX__INK_TYPES + chx__connection_hue(i == 1)};
        double gap = chx__text_width_px(&labels->font, CHX__BETWEEN_NAMES, cap);
        if (drawn) {
            chx__strokes_text(&labels->strokes, &labels->font, &dot, x, y, CHX__BETWEEN_NAMES);
            chx__strokes_text(&labels->strokes, &labels->font, &style, x + gap, y, names[i]);
        }
        x += gap + chx__text_width_px(&labels->font, names[i], cap);
    }
    return x;
}

/* Their count, and what their colours mean: all of it or none. */
static void
draw_connections(chx__labels *labels, const chx_network_info *network, const layout *at, double y)
{
    char count[96];
    chx__style text = {.cap_px = at->cap * 0.86, .ink = CHX__INK_TEXT};
    double end = end_of_line(labels, at, y, text.cap_px);
    count_connections(labels, network, text.cap_px, end - at->margin, count, sizeof count);
    double x = at->margin + chx__text_width_px(&labels->font, count, text.cap_px);
    if (x > end)
        return;
    chx__strokes_text(&labels->strokes, &labels->font, &text, at->margin, y, count);
    if (draw_signs(labels, network, x, y, text.cap_px, false) <= end)
        x = draw_signs(labels, network, x, y, text.cap_px, true);
    claim_words(labels, at, at->margin, y, x - at->margin, text.cap_px);
    add_ground(labels, at->margin, y, x - at->margin, text.cap_px);
}

/* Smaller first, then shorter. */
static void
draw_name(chx__labels *labels, const char *name, const layout *at, double y)
{
    chx__style title = {.cap_px = at->cap * 1.3, .ink = CHX__INK_TITLE};
    double end = end_of_line(labels, at, y, title.cap_px);
    double most = fmin(at->width * 0.6, end - at->margin);
    double width = chx__text_width_px(&labels->font, name, title.cap_px);
    char shorter[MOST_SHORT];
    if (width > most)
        title.cap_px = fmax(title.cap_px * most / width, at->cap * 0.86);
    const char *shown = shorten(labels, name, title.cap_px, most, shorter);
    width = chx__text_width_px(&labels->font, shown, title.cap_px);
    claim_words(labels, at, at->margin, y, width, title.cap_px);
    add_ground(labels, at->margin, y, width, title.cap_px);
    chx__strokes_text(&labels->strokes, &labels->font, &title, at->margin, y, shown);
}

static void
draw_title(chx__labels *labels, const chx_network_info *network, const chx__legend *colours,
           const layout *at, chx_connections connections)
{
    double y = at->margin + at->cap * 1.3;
    draw_name(labels, network->name ? network->name : "", at, y);
    char count[64];
    snprintf(count, sizeof count, "%u neuron%s", network->n_neurons,
             network->n_neurons == 1 ? "" : "s");
    chx__style text = {.cap_px = at->cap * 0.86, .ink = CHX__INK_TEXT};
    y += at->cap * 2.1;
    double after = at->margin + chx__text_width_px(&labels->font, count, text.cap_px);
    double last = end_of_line(labels, at, y, text.cap_px);
    if (after <= last) {
        chx__strokes_text(&labels->strokes, &labels->font, &text, at->margin, y, count);
        double end = draw_legend(labels, colours, at, after, y, last);
        claim_words(labels, at, at->margin, y, end - at->margin, text.cap_px);
        add_ground(labels, at->margin, y, end - at->margin, text.cap_px);
    }
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

/* The colour bar's rectangle. */
static chx__block
bar_of(const layout *at)
{
    chx__block made;
    made.x1_px = floor(at->width - at->margin - at->cap);
    made.x0_px = floor(made.x1_px - fmax(at->width * 0.16, at->cap * 11));
    made.y1_px = floor(at->height - at->margin - at->cap * 1.55);
    made.y0_px = made.y1_px - fmax(floor(at->cap * 0.62), 2);
    return made;
}

/* The longest words for the colour bar that have room above it; none where not even "ms" has. */
static const char *
claim_bar(chx__labels *labels, const layout *at)
{
    static const char *const words[] = {"time since spike (ms)", "since spike (ms)", "ms"};
    chx__block bar = bar_of(at);
    double cap = at->cap * 0.86;
    claim(labels, at, bar.x0_px - at->cap, bar.y0_px, bar.x1_px + at->cap,
          bar.y1_px + at->cap * 1.55);
    for (int i = 0; i < 3; i++) {
        double width = chx__text_width_px(&labels->font, words[i], cap);
        double x = (bar.x0_px + bar.x1_px - width) / 2;
        if (claim_words(labels, at, x, bar.y0_px - at->cap * 0.75, width, cap))
            return words[i];
    }
    return "";
}

/* Light by the time since a spike passed, in the colours that branches take. */
static void
draw_colour_bar(chx__labels *labels, const chx_network_info *network, const chx_tables *tables,
                const layout *at, const char *words)
{
    int n_steps;
    double decay = network->view.decay_ms;
    double range_ms = round_range(decay * 2.7, &n_steps);
    chx__block bar = bar_of(at);
    double left = bar.x0_px, right = bar.x1_px, top = bar.y0_px, bottom = bar.y1_px;
    for (double x = left; x < right; x++) {
        double age = (x + 0.5 - left) / (right - left) * range_ms / decay;
        int index = (int)(age * CHX_TICKS_PER_DECAY) >> CHX_LIGHT_SHIFT;
        uint32_t light = index < CHX_LIGHT_COUNT ? tables->light[index] : 0;
        chx__strokes_box(&labels->strokes, x, top, x + 1, bottom, light, CHX_STROKE_LIGHT);
    }
    draw_ticks(labels, at, left, right, bottom, range_ms, n_steps);
    chx__style style = {.cap_px = at->cap * 0.86, .ink = CHX__INK_TEXT, .align = 1};
    chx__strokes_text(&labels->strokes, &labels->font, &style, (left + right) / 2,
                      top - at->cap * 0.75, words);
    chx__strokes_ground(&labels->strokes, left - at->cap, top - at->cap * 1.9, right + at->cap,
                        bottom + at->cap * 1.9, 0);
    keep_block(labels, left, top - at->cap * 1.6, right, bottom + at->cap * 1.55, at->cap);
}

static void
claim_scale(chx__labels *labels, const layout *at)
{
    double y = floor(at->height - at->margin);
    labels->bar_most_px = fmax(at->width * 0.16, at->cap * 6);
    claim(labels, at, at->margin, y - at->cap * 1.85, at->margin + labels->bar_most_px,
          y + at->cap * 0.36);
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
    keep_block(labels, x, y - at->cap * 1.8, x + labels->bar_most_px, y, at->cap);
}

/* How far the axes reach at most; 0 where they have no room between the title and the scale bar. */
static double
claim_axes(chx__labels *labels, const layout *at)
{
    double bottom = at->height - at->margin - at->cap * 3.2;
    for (double reach = at->cap * 2.6 * 1.3; reach > at->cap * 1.8; reach -= at->cap * 0.1)
        if (claim(labels, at, at->margin, bottom - 2 * reach - at->cap, at->margin + 2 * reach,
                  bottom))
            return reach;
    return 0;
}

/* The axes of the data above the scale bar; kernels turn them with the camera. */
static void
draw_axes(chx__labels *labels, const layout *at)
{
    static const char *const names[] = {"x", "y", "z"};
    double reach = claim_axes(labels, at);
    if (reach == 0)
        return;
    double length = reach / 1.3;
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

/* The width of the longest time that is shown. */
static double
time_width(const chx__labels *labels, const chx_network_info *network, const layout *at)
{
    chx__caption longest;
    chx__caption_time(&longest, network->duration_ms, network->time_step_ms, 0);
    char text[CHX_TEXT_CHARS + 1] = "";
    memcpy(text, longest.time, CHX_TEXT_CHARS);
    return chx__text_width_px(&labels->font, text, at->cap * 1.15);
}

static void
claim_time(chx__labels *labels, const chx_network_info *network, const layout *at)
{
    double width = time_width(labels, network, at);
    claim_words(labels, at, at->width - at->margin - width, at->margin + at->cap * 1.3, width,
                at->cap * 1.15);
}

static void
keep_time(chx__labels *labels, const chx_network_info *network, const layout *at)
{
    double width = time_width(labels, network, at);
    double right = at->width - at->margin;
    keep_block(labels, right - width, at->margin, right, at->margin + at->cap * 1.3, at->cap);
}

/* The line below the time on which the speed of a video is free of other words; pictures by
 * themselves are shown at none. */
static double
speed_line(chx__labels *labels, const layout *at, chx_pixel_format format)
{
    double cap = at->cap * 0.86;
    double width = chx__text_width_px(&labels->font, "1/99.9 speed", cap);
    double x = at->width - at->margin - width;
    double y = at->margin + at->cap * 3.4;
    for (int i = 0; i < 3 && format == CHX_PIXELS_YUV420; i++)
        if (claim_words(labels, at, x, y + i * at->cap * 1.9, width, cap))
            return y + i * at->cap * 1.9;
    return y;
}

static void
place_lines(chx__labels *labels, const layout *at, chx_pixel_format format)
{
    double right = at->width - at->margin;
    chx_line time = {.ink = CHX__INK_TITLE, .align = 2};
    time.x = (int32_t)(right * 256);
    time.y = (int32_t)((at->margin + at->cap * 1.3) * 256);
    time.size = chx__font_size(at->cap * 1.15);
    time.radius = chx__font_radius(at->cap * 1.15);
    chx_line speed = time;
    speed.ink = CHX__INK_FAINT;
    speed.y += (int32_t)((speed_line(labels, at, format) - at->margin - at->cap * 1.3) * 256);
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
    chx__legend colours = chx__legend_of(network, params->colour_by);
    bool has_light = params->colour_by == CHX_COLOUR_BY_SPIKE;
    chx__numerals numerals = chx__numerals_begin();
    if (has_light)
        claim_time(&made, network, &at);
    if (!network->view.is_layout)
        claim_scale(&made, &at);
    const char *bar_words = has_light ? claim_bar(&made, &at) : "";
    draw_title(&made, network, &colours, &at, params->connections);
    if (has_light)
        draw_colour_bar(&made, network, tables, &at, bar_words);
    if (!network->view.is_layout)
        draw_scale_bar(&made, &at);
    if (params->axes)
        draw_axes(&made, &at);
    place_lines(&made, &at, params->format);
    if (has_light)
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

/* With as many digits as there is room for: without its unit a time is nothing. */
static void
say_time(char *text, size_t size, double time_ms, int digits)
{
    while (snprintf(text, size, "t = %.*f ms", digits, time_ms) > CHX_TEXT_CHARS && digits > 0)
        digits--;
}

void
chx__caption_time(chx__caption *caption, double time_ms, double step_ms, double speed)
{
    chx__numerals numerals = chx__numerals_begin();
    char text[64];
    say_time(text, sizeof text, time_ms, digits_of(step_ms));
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
