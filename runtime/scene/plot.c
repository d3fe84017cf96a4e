/* Rows are types in their order, and within a type neurons along the network's longest side, so
 * that waves of activity show as slopes. Neurons have equal height, but where that is less than a
 * pixel: then types of few have up to a pixel each, lest their bands vanish. Names stand beside
 * their band or nowhere, the largest first; the rest are counted. Boxes have levels, the higher one
 * wins; strokes add up as coverage. All rounding to pixels is done here, so the kernels draw the
 * same plot everywhere. */
#include "scene/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/numerals.h"
#include "scene/palette.h"

enum {
    INK_PAPER,
    INK_TEXT,
    INK_AXIS,
    INK_GRID,
    INK_STIMULUS,
    INK_STIMULUS_TEXT,
    INK_RATE,
    INK_STRIPE,
    INK_TYPES = 16,
};

enum { LEVEL_STRIPE = 1, LEVEL_STIMULUS, LEVEL_GRID, LEVEL_RATE, LEVEL_AXIS };

void
chx__plot_inks(uint32_t inks[CHX_INKS])
{
    memset(inks, 0, CHX_INKS * sizeof *inks);
    inks[INK_PAPER] = 0xffffff;
    inks[INK_TEXT] = 0x1f2430;
    inks[INK_AXIS] = 0x4a5160;
    inks[INK_GRID] = 0xe3e6eb;
    inks[INK_STIMULUS] = 0xfdf4df;
    inks[INK_STIMULUS_TEXT] = 0x9a7424;
    inks[INK_RATE] = 0x5b6b86;
    inks[INK_STRIPE] = 0xf7f8fa;
    chx__palette_types(&inks[INK_TYPES], true);
}

/* Neurons of one type, next to each other on the plot. */
typedef struct group {
    uint32_t n_rows;
    double begin, share; /* of the panel's height */
    bool named; /* there is room for its name */
} group;

typedef struct layout {
    chx__plot *plot;
    const chx__plot_params *params;
    const chx__font *font;
    double cap;
    int left, right, top, bottom; /* raster panel */
    int rate_top, rate_bottom;
    uint32_t *rows; /* of its group, by neuron */
    group *groups; /* by type */
    uint32_t n_unnamed; /* groups with rows */
} layout;

static void
add_box(layout *at, double x0, double y0, double x1, double y1, uint32_t ink, uint32_t level)
{
    chx__boxes *boxes = &at->plot->boxes;
    if (boxes->failed ||
        !chx__grow(&boxes->items, &boxes->capacity, boxes->n + 1, sizeof(chx_box))) {
        boxes->failed = true;
        return;
    }
    boxes->items[boxes->n++] = (chx_box){.x0 = (int32_t)rint(x0),
                                         .y0 = (int32_t)rint(y0),
                                         .x1 = (int32_t)rint(x1),
                                         .y1 = (int32_t)rint(y1),
                                         .ink = ink,
                                         .level = level};
}

static void
add_text(layout *at, const chx__style *style, double x, double y, const char *text)
{
    chx__strokes_text(&at->plot->strokes, at->font, style, x, y, text);
}

static double
x_of(const layout *at, double ms)
{
    return at->left + ms / at->params->duration_ms * (at->right - at->left);
}

static double
y_of(const layout *at, const group *of, double row)
{
    return at->top + (of->begin + of->share * (row + 0.5) / of->n_rows) * (at->bottom - at->top);
}

/* The least of 1, 2, 5 x 10^n that is at least x. */
static double
round_up_125(double x)
{
    double ten = pow(10, floor(log10(x) + 1e-9));
    double lead = x / ten - 1e-9;
    return (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10) * ten;
}

/* Types in their order; within a type along the network's longest side. */
typedef struct place {
    uint32_t neuron, type;
    float along;
} place;

static int
compare_places(const void *a, const void *b)
{
    const place *one = a;
    const place *two = b;
    if (one->type != two->type)
        return one->type < two->type ? -1 : 1;
    if (one->along != two->along)
        return one->along < two->along ? -1 : 1;
    return one->neuron < two->neuron ? -1 : one->neuron > two->neuron;
}

static int
longest_side(const chx_network_info *network)
{
    double size[3] = {0};
    for (int k = 0; k < 3; k++) {
        double low = INFINITY;
        double high = -INFINITY;
        for (uint32_t i = 0; i < network->n_neurons; i++) {
            low = fmin(low, network->neurons[i].position_um[k]);
            high = fmax(high, network->neurons[i].position_um[k]);
        }
        size[k] = high - low;
    }
    return size[0] >= size[1] && size[0] >= size[2] ? 0 : size[1] >= size[2] ? 1 : 2;
}

#define SMALL_BAND 0.03 /* of the panel's height, up to which a band is made larger */
#define PANEL 0.6 /* about so much of the plot's height the panel has */

/* What a group of few has instead of an even share, or 0. */
static double
small_share(const layout *at, const group *of)
{
    const chx_network_info *network = at->params->network;
    const double most = fmin(SMALL_BAND, 0.5 / network->n_types);
    const double share = fmin(of->n_rows / (PANEL * at->params->height_px), most);
    return share > (double)of->n_rows / network->n_neurons ? share : 0;
}

static void
share_height(layout *at)
{
    const chx_network_info *network = at->params->network;
    double left = 1, begin = 0;
    uint32_t n_left = network->n_neurons;
    for (uint32_t i = 0; i < network->n_types; i++) {
        group *one = &at->groups[i];
        one->share = small_share(at, one);
        left -= one->share;
        n_left -= one->share > 0 ? one->n_rows : 0;
    }
    for (uint32_t i = 0; i < network->n_types; i++) {
        group *one = &at->groups[i];
        if (one->share == 0 && one->n_rows > 0)
            one->share = left * one->n_rows / n_left;
        one->begin = begin;
        begin += one->share;
    }
}

static chx_status
order_rows(layout *at)
{
    const chx_network_info *network = at->params->network;
    at->rows = chx__alloc((size_t)network->n_neurons + 1, sizeof *at->rows);
    at->groups = chx__alloc((size_t)network->n_types + 1, sizeof *at->groups);
    place *places = chx__alloc((size_t)network->n_neurons + 1, sizeof *places);
    if (!at->rows || !at->groups || !places) {
        free(places);
        return chx__fail_memory("ordering the neurons of a raster plot");
    }
    int side = longest_side(network);
    for (uint32_t i = 0; i < network->n_neurons; i++)
        places[i] = (place){.neuron = i,
                            .type = network->neurons[i].type,
                            .along = network->neurons[i].position_um[side]};
    qsort(places, network->n_neurons, sizeof *places, compare_places);
    for (uint32_t row = 0; row < network->n_neurons; row++)
        at->rows[places[row].neuron] = at->groups[places[row].type].n_rows++;
    free(places);
    share_height(at);
    return CHX_OK;
}

static uint32_t
type_ink(uint32_t type)
{
    return INK_TYPES + type % CHX__N_TINTS;
}

/* Height of a name with the space around it, in capitals. */
#define NAME_CAPS 1.5

static double
middle_of(const layout *at, const group *of)
{
    return y_of(at, of, (of->n_rows - 1) / 2.0);
}

/* Of the groups without a name, the largest whose name would touch no other and stay above y. */
static group *
next_named(const layout *at, double y)
{
    group *best = NULL;
    for (uint32_t i = 0; i < at->params->network->n_types; i++) {
        group *one = &at->groups[i];
        bool fits = !one->named && one->n_rows > 0 && (!best || one->n_rows > best->n_rows) &&
                    middle_of(at, one) + at->cap * NAME_CAPS / 2 <= y;
        for (uint32_t k = 0; k < at->params->network->n_types && fits; k++)
            fits = !at->groups[k].named ||
                   fabs(middle_of(at, &at->groups[k]) - middle_of(at, one)) >= at->cap * NAME_CAPS;
        best = fits ? one : best;
    }
    return best;
}

/* Names stand beside their own bands or nowhere, the largest first; the rest are counted below. */
static void
choose_names(layout *at)
{
    uint32_t n_types = at->params->network->n_types;
    double lowest = at->bottom + at->cap;
    for (int round = 0; round < 2; round++) {
        at->n_unnamed = 0;
        for (uint32_t i = 0; i < n_types; i++) {
            at->groups[i].named = false;
            at->n_unnamed += at->groups[i].n_rows > 0;
        }
        for (group *next; (next = next_named(at, lowest)); at->n_unnamed--)
            next->named = true;
        if (at->n_unnamed == 0)
            return;
        at->bottom = (int)(at->rate_top - at->cap * 2.6);
        lowest = at->bottom + at->cap * 0.75;
    }
}

static void
text_of_rest(const layout *at, char *text, size_t size)
{
    snprintf(text, size, "and %u more", at->n_unnamed);
}

static double
widest_name(const layout *at)
{
    const chx_network_info *network = at->params->network;
    double widest = 0;
    for (uint32_t i = 0; i < network->n_types; i++)
        widest = fmax(widest, chx__text_width_px(at->font, network->types[i].name, at->cap));
    if (at->n_unnamed > 0) {
        char text[32];
        text_of_rest(at, text, sizeof text);
        widest = fmax(widest, chx__text_width_px(at->font, text, at->cap * 0.8));
    }
    return fmin(widest, at->params->width_px * 0.25);
}

static void
place_panels(layout *at)
{
    double width = at->params->width_px;
    double height = at->params->height_px;
    at->cap = fmax(7, fmin(height, width * 0.75) * 0.0155);
    at->top = (int)(at->cap * 7.4);
    at->rate_bottom = (int)(height - at->cap * 5);
    at->rate_top = (int)(at->rate_bottom - (height - at->cap * 12.4) * 0.2);
    at->bottom = (int)(at->rate_top - at->cap * 1.8);
    choose_names(at);
    at->left = (int)(at->cap * 4.2 + fmax(widest_name(at), at->cap * 4));
    at->right = (int)(width - at->cap * 3);
}

static void
draw_name(layout *at, uint32_t type)
{
    const group *mine = &at->groups[type];
    double y = middle_of(at, mine) + at->cap / 2;
    double x = at->left - at->cap * 1.25;
    const char *name = at->params->network->types[type].name;
    double most = at->left - at->cap * 4.0;
    double width = chx__text_width_px(at->font, name, at->cap);
    chx__style style = {
        .cap_px = at->cap * fmin(1, most / fmax(width, 1)), .ink = type_ink(type), .align = 2};
    add_text(at, &style, x, y, name);
    if (mine->share * (at->bottom - at->top) < at->cap * 5)
        return;
    char count[32];
    snprintf(count, sizeof count, "%u", mine->n_rows);
    chx__style small = {.cap_px = at->cap * 0.82, .ink = INK_AXIS, .align = 2};
    add_text(at, &small, x, y + at->cap * 1.7, count);
}

static void
draw_group(layout *at, uint32_t type)
{
    const group *mine = &at->groups[type];
    if (mine->n_rows == 0)
        return;
    double top = y_of(at, mine, -0.5);
    double bottom = y_of(at, mine, mine->n_rows - 0.5);
    if (mine->begin > 0)
        add_box(at, at->left, top, at->right, top + 1, INK_GRID, LEVEL_GRID);
    double pen = fmax(2, rint(at->cap * 0.22));
    double x = at->left - at->cap * 0.75;
    add_box(at, x, top + 1, x + pen, fmax(bottom - 1, top + 2), type_ink(type), LEVEL_AXIS);
    if (mine->named)
        draw_name(at, type);
}

static void
draw_groups(layout *at)
{
    for (uint32_t type = 0; type < at->params->network->n_types; type++)
        draw_group(at, type);
    if (at->n_unnamed == 0)
        return;
    char text[32];
    text_of_rest(at, text, sizeof text);
    chx__style small = {.cap_px = at->cap * 0.8, .ink = INK_AXIS, .align = 2};
    add_text(at, &small, at->left - at->cap * 1.25, at->bottom + at->cap * 1.5, text);
}

static void
draw_frame(layout *at, double top, double bottom)
{
    double pen = fmax(1, rint(at->cap * 0.09));
    add_box(at, at->left - pen, top, at->left, bottom + pen, INK_AXIS, LEVEL_AXIS);
    add_box(at, at->left, bottom, at->right, bottom + pen, INK_AXIS, LEVEL_AXIS);
}

static void
draw_time_axis(layout *at)
{
    double duration = at->params->duration_ms;
    double step = round_up_125(duration / fmax(2, (at->right - at->left) / (at->cap * 9)));
    double pen = fmax(1, rint(at->cap * 0.09));
    chx__style style = {.cap_px = at->cap * 0.9, .ink = INK_TEXT, .align = 1};
    for (int i = 0; i * step <= duration * (1 + 1e-9); i++) {
        char text[32];
        snprintf(text, sizeof text, "%g", i * step);
        double x = rint(x_of(at, i * step));
        add_box(at, x, at->rate_bottom, x + pen, at->rate_bottom + at->cap * 0.5, INK_AXIS,
                LEVEL_AXIS);
        if (i > 0)
            add_box(at, x, at->top, x + 1, at->rate_bottom, INK_GRID, LEVEL_GRID);
        add_text(at, &style, x, at->rate_bottom + at->cap * 1.9, text);
    }
    style.cap_px = at->cap;
    add_text(at, &style, (at->left + at->right) / 2.0, at->rate_bottom + at->cap * 3.8,
             "time (ms)");
}

static bool
is_alike(const chx_stimulus *a, const chx_stimulus *b)
{
    return a->kind == b->kind && a->start_ms == b->start_ms && a->stop_ms == b->stop_ms;
}

/* Neurons that a stimulus and those like it reach, each once; 0 when one before it is like it. */
static uint32_t
count_reached(const chx_network_info *network, uint32_t first, bool *is_reached)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < first; i++)
        if (is_alike(&network->stimuli[i], &network->stimuli[first]))
            return 0;
    memset(is_reached, 0, network->n_neurons);
    for (uint32_t i = first; i < network->n_stimuli; i++) {
        const chx_stimulus *stimulus = &network->stimuli[i];
        for (uint32_t k = 0;
             is_alike(stimulus, &network->stimuli[first]) && k < stimulus->n_neurons; k++) {
            n += !is_reached[stimulus->neurons[k]];
            is_reached[stimulus->neurons[k]] = true;
        }
    }
    return n;
}

/* A ground where a stimulus acts, unless that is everywhere, and whom it reaches. */
static void
draw_stimuli(layout *at)
{
    const chx_network_info *network = at->params->network;
    static const char *const kinds[] = {[CHX_STIMULUS_STEP] = "current",
                                        [CHX_STIMULUS_POISSON] = "random input",
                                        [CHX_STIMULUS_SPIKE_TRAIN] = "spikes"};
    double free_from = 0;
    bool *is_reached = chx__alloc(network->n_neurons, sizeof *is_reached);
    at->plot->boxes.failed = at->plot->boxes.failed || !is_reached;
    for (uint32_t i = 0; is_reached && i < network->n_stimuli; i++) {
        const chx_stimulus *stimulus = &network->stimuli[i];
        const uint32_t n_neurons = count_reached(network, i, is_reached);
        double x0 = x_of(at, fmax(0, stimulus->start_ms));
        double x1 = x_of(at, fmin(at->params->duration_ms, stimulus->stop_ms));
        if (x1 <= x0 || n_neurons == 0)
            continue;
        if (x0 > at->left || x1 < at->right)
            add_box(at, x0, at->top, fmax(x1, x0 + 1), at->rate_bottom, INK_STIMULUS,
                    LEVEL_STIMULUS);
        char text[96];
        snprintf(text, sizeof text, "%s, %u neuron%s", kinds[stimulus->kind], n_neurons,
                 n_neurons == 1 ? "" : "s");
        chx__style style = {.cap_px = at->cap * 0.8, .ink = INK_STIMULUS_TEXT};
        double width = chx__text_width_px(at->font, text, style.cap_px);
        if (x0 < free_from || x0 + width > at->right)
            continue;
        add_text(at, &style, x0, at->top - at->cap * 0.6, text);
        free_from = x0 + width + at->cap;
    }
    free(is_reached);
}

static chx_status
draw_rate(layout *at)
{
    const chx__plot_params *params = at->params;
    double bin_ms = round_up_125(fmax(params->duration_ms / 160, params->network->time_step_ms));
    size_t n_bins = (size_t)ceil(params->duration_ms / bin_ms - 1e-9);
    uint64_t *bins = chx__alloc(n_bins + 1, sizeof *bins);
    if (!bins)
        return chx__fail_memory("binning the spikes of a raster plot");
    for (size_t i = 0; i < params->n_spikes; i++) {
        double ms = params->spikes[i].step * params->network->time_step_ms;
        if (ms < params->duration_ms)
            bins[(size_t)fmin(ms / bin_ms + 1e-9, (double)n_bins)]++;
    }
    double most = 0;
    double per_spike = 1000 / bin_ms / fmax(1, params->network->n_neurons);
    for (size_t i = 0; i < n_bins; i++)
        most = fmax(most, bins[i] * per_spike);
    double step = round_up_125(fmax(most, 1e-3) / 2.5);
    double top = most > 0 ? ceil(most / step - 1e-9) * step : 1;
    step = most > 0 ? step : 1;
    double height = at->rate_bottom - at->rate_top;
    for (size_t i = 0; i < n_bins; i++)
        add_box(at, x_of(at, i * bin_ms), at->rate_bottom - bins[i] * per_spike / top * height,
                x_of(at, fmin((i + 1) * bin_ms, params->duration_ms)), at->rate_bottom, INK_RATE,
                LEVEL_RATE);
    free(bins);
    chx__style style = {.cap_px = at->cap * 0.85, .ink = INK_TEXT, .align = 2};
    for (int i = 0; i * step <= top * (1 + 1e-9); i++) {
        char text[32];
        snprintf(text, sizeof text, "%g", i * step);
        double y = at->rate_bottom - i * step / top * height;
        if (i > 0)
            add_box(at, at->left, y, at->right, y + 1, INK_GRID, LEVEL_GRID);
        add_box(at, at->left - at->cap * 0.5, y, at->left, y + 1, INK_AXIS, LEVEL_AXIS);
        add_text(at, &style, at->left - at->cap * 0.9, y + at->cap * 0.42, text);
    }
    return CHX_OK;
}

/* Dots on a grid of half pixels; a second spike in the same place adds nothing. */
static chx_status
draw_dots(layout *at)
{
    const chx__plot_params *params = at->params;
    size_t columns = (size_t)(at->right - at->left) * 2 + 2;
    size_t lines = (size_t)(at->bottom - at->top) * 2 + 2;
    unsigned char *taken = chx__alloc(columns * lines, 1);
    if (!taken)
        return chx__fail_memory("placing the dots of a raster plot");
    double pitch = (at->bottom - at->top) / fmax(1, params->network->n_neurons);
    chx_stroke dot = {.radius = (int32_t)rint(256 * fmax(0.6, fmin(pitch * 0.75, at->cap * 0.2))),
                      .level = 6};
    for (size_t i = 0; i < params->n_spikes; i++) {
        const chx_spike *spike = &params->spikes[i];
        double ms = spike->step * params->network->time_step_ms;
        if (ms > params->duration_ms || spike->neuron >= params->network->n_neurons)
            continue;
        double x = x_of(at, ms);
        const group *mine = &at->groups[params->network->neurons[spike->neuron].type];
        double y = y_of(at, mine, at->rows[spike->neuron]);
        size_t cell = (size_t)((y - at->top) * 2) * columns + (size_t)((x - at->left) * 2);
        if (taken[cell]++)
            continue;
        taken[cell] = 1;
        dot.x0 = dot.x1 = (int32_t)rint(x * 256);
        dot.y0 = dot.y1 = (int32_t)rint(y * 256);
        dot.ink = type_ink(params->network->neurons[spike->neuron].type);
        chx__strokes_add(&at->plot->strokes, &dot);
    }
    free(taken);
    return CHX_OK;
}

static void
draw_titles(layout *at)
{
    const chx__plot_params *params = at->params;
    const char *name = params->network->name ? params->network->name : "";
    chx__style title = {.cap_px = at->cap * 1.3, .ink = INK_TEXT};
    double width = chx__text_width_px(at->font, name, title.cap_px);
    title.cap_px *= fmin(1, (at->right - at->left) / fmax(width, 1));
    add_text(at, &title, at->left, at->cap * 2.6, name);
    char text[128];
    snprintf(text, sizeof text, "%u neuron%s " CHX__CHAR_DOT " %zu spike%s in %g ms",
             params->network->n_neurons, params->network->n_neurons == 1 ? "" : "s",
             params->n_spikes, params->n_spikes == 1 ? "" : "s", params->duration_ms);
    chx__style small = {.cap_px = at->cap * 0.9, .ink = INK_AXIS};
    add_text(at, &small, at->left, at->cap * 4.4, text);
    chx__style side = {.cap_px = at->cap * 0.9, .ink = INK_AXIS, .align = 1, .upwards = true};
    add_text(at, &side, at->cap * 1.9, (at->top + at->bottom) / 2.0, "neuron, by type and place");
    side.cap_px = at->cap * 0.8;
    add_text(at, &side, at->cap * 1.9, (at->rate_top + at->rate_bottom) / 2.0, "Hz per neuron");
}

static chx_status
draw_all(layout *at)
{
    chx_status status = order_rows(at);
    if (status)
        return status;
    place_panels(at);
    draw_stimuli(at);
    draw_time_axis(at);
    draw_groups(at);
    draw_frame(at, at->top, at->bottom);
    draw_frame(at, at->rate_top, at->rate_bottom);
    draw_titles(at);
    status = draw_rate(at);
    return status ? status : draw_dots(at);
}

chx_status
chx__plot_init(chx__plot *plot, const chx__plot_params *params, const chx__font *font)
{
    chx__plot made = {0};
    layout at = {.plot = &made, .params = params, .font = font};
    chx__numerals numerals = chx__numerals_begin();
    chx_status status = draw_all(&at);
    chx__numerals_end(&numerals);
    if (!status && (made.boxes.failed || made.strokes.failed))
        status = chx__fail_memory("laying out a raster plot");
    free(at.rows);
    free(at.groups);
    if (status)
        chx__plot_finish(&made);
    else
        *plot = made;
    return status;
}

void
chx__plot_finish(chx__plot *plot)
{
    free(plot->boxes.items);
    chx__strokes_finish(&plot->strokes);
    memset(plot, 0, sizeof *plot);
}
