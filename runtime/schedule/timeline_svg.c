/* A picture for people, coloured by kernel: per lane a bar for what was measured (or planned, when
 * nothing was), above it a thin one for the prediction. Everything is laid out in pixels first and
 * written in one pass, back to front. Arrows are drawn for at most MAX_ARROWS edges, those of the
 * critical path first, and the head line says how many are missing. Numbers are written with the C
 * locale's point, which numerals.h takes care of. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "base/numerals.h"
#include "schedule/colour.h"
#include "schedule/text.h"
#include "schedule/time_axis.h"
#include "schedule/timeline_svg.h"

/* All in pixels. A lane has a thin row for what was predicted, where something was measured too,
 * above its bar. */
enum {
    WIDTH = 1280,
    LABEL_WIDTH = 150, /* lanes' names, left */
    BUSY_WIDTH = 70, /* lanes' use, right */
    MARGIN = 20,
    HEAD_HEIGHT = 128, /* title, facts, legend in two rows */
    DEVICE_HEIGHT = 26,
    BAR_HEIGHT = 22,
    GHOST_HEIGHT = 7,
    ROW_GAP = 8,
    AXIS_HEIGHT = 48,
    MAX_ARROWS = 400,
};
#define CHART_LEFT (MARGIN + LABEL_WIDTH)
#define CHART_WIDTH (WIDTH - 2 * MARGIN - LABEL_WIDTH - BUSY_WIDTH)
/* Wide enough for the 10.5 px Helvetica that bars are labelled with. */
#define CHAR_WIDTH 6.1
/* An outline would be all that is seen of a bar below this width. */
#define NARROW 2.5

typedef struct picture {
    FILE *stream;
    const chx__diagnosis *diagnosis;
    const chx_timeline *timeline;
    chx__timeline_basis basis; /* of the bars */
    chx__interval extent; /* of the time axis */
    bool has_ghosts;
    double *bar_y; /* by lane */
    double *busy; /* by lane, 0 to 1 */
    uint32_t *order; /* lanes, those of a device together */
    double chart_bottom;
    const bool *critical;
    size_t n_arrows, n_edges_drawable;
} picture;

static double
x_of(const picture *of, double ns)
{
    double length_ns = of->extent.finish_ns - of->extent.start_ns;
    return CHART_LEFT +
           (length_ns > 0.0 ? (ns - of->extent.start_ns) / length_ns : 0.0) * CHART_WIDTH;
}

static bool
starts_device(const picture *of, uint32_t position)
{
    const chx__timeline_lane *lanes = of->timeline->lanes;
    const char *device = lanes[of->order[position]].device;
    return device[0] &&
           (position == 0 || strcmp(lanes[of->order[position - 1]].device, device) != 0);
}

/* Devices in the order of their first lanes. */
void
chx__timeline_group_lanes(const chx_timeline *timeline, uint32_t *order)
{
    uint32_t n = 0;
    for (uint32_t l = 0; l < timeline->n_lanes; l++) {
        uint32_t earlier = 0;
        while (strcmp(timeline->lanes[earlier].device, timeline->lanes[l].device) != 0)
            earlier++;
        if (earlier != l)
            continue;
        for (uint32_t same = l; same < timeline->n_lanes; same++)
            if (strcmp(timeline->lanes[same].device, timeline->lanes[l].device) == 0)
                order[n++] = same;
    }
}

static void
lay_out(picture *of)
{
    double y = HEAD_HEIGHT;
    chx__timeline_group_lanes(of->timeline, of->order);
    for (uint32_t i = 0; i < of->timeline->n_lanes; i++) {
        y += starts_device(of, i) ? DEVICE_HEIGHT : 0;
        y += ROW_GAP / 2 + (of->has_ghosts ? GHOST_HEIGHT + 2 : 0);
        of->bar_y[of->order[i]] = y;
        y += BAR_HEIGHT + ROW_GAP / 2;
    }
    of->chart_bottom = y + ROW_GAP / 2;
}

static void
write_style(FILE *stream)
{
    fputs("<style>text{font-family:Helvetica,Arial,'DejaVu Sans',sans-serif;fill:#1f2328}"
          ".t{font-size:20px;font-weight:bold}.s{font-size:13px;fill:#444c56}"
          ".l{font-size:12px}.d{font-size:12px;font-weight:bold;paint-order:stroke;stroke:#fff;"
          "stroke-width:4}.a{font-size:11px;fill:#444c56}"
          ".n{font-size:10.5px;text-anchor:middle;pointer-events:none}"
          ".b{stroke-width:.7}.gn{fill-opacity:.45}.g{fill-opacity:.15;stroke-width:.8}"
          ".cf{fill:#d55e00}.c{fill:none;stroke:#d55e00;stroke-width:2.2}"
          ".e{fill:none;stroke:#6e7781;stroke-width:.9;stroke-opacity:.55}"
          ".ec{fill:none;stroke:#d55e00;stroke-width:1.8}"
          ".thin{stroke-width:.8;stroke-opacity:.6}.grid{stroke:#d8dee4;stroke-width:.8}.row{fill:#"
          "f6f8fa}.axis{stroke:#57606a}",
          stream);
    chx__colour_write_css(stream);
    fputs(
        "</style>\n"
        "<defs><marker id=\"m\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"5.5\" "
        "markerHeight=\"5.5\" orient=\"auto\" markerUnits=\"userSpaceOnUse\"><path "
        "d=\"M0 0.8L8 4L0 7.2z\" fill=\"#6e7781\" fill-opacity=\".75\"/></marker><marker id=\"mc\" "
        "viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7.5\" markerHeight=\"7.5\" "
        "orient=\"auto\" markerUnits=\"userSpaceOnUse\"><path d=\"M0 0.8L8 4L0 7.2z\" "
        "fill=\"#d55e00\"/></marker></defs>\n",
        stream);
}

static double
length_of(chx__interval extent)
{
    return extent.finish_ns - extent.start_ns;
}

void
chx__timeline_write_facts(FILE *stream, const chx_timeline *timeline)
{
    chx__timeline_basis basis = chx__timeline_main_basis(timeline);
    double main_ns = length_of(chx__timeline_extent(timeline, basis));
    double predicted_ns = length_of(chx__timeline_extent(timeline, CHX__BASIS_PREDICTED));
    size_t n_transfers = 0;
    char text[64];
    for (size_t s = 0; s < timeline->n_spans; s++)
        n_transfers += timeline->spans[s].kind == CHX_SPAN_TRANSFER;
    size_t n_tasks = timeline->n_spans - n_transfers;
    fprintf(stream, "%zu task%s", n_tasks, n_tasks == 1 ? "" : "s");
    if (n_transfers)
        fprintf(stream, " and %zu transfer%s", n_transfers, n_transfers == 1 ? "" : "s");
    fprintf(stream, " on %zu lane%s", timeline->n_lanes, timeline->n_lanes == 1 ? "" : "s");
    if (chx__timeline_has_ghosts(timeline) && predicted_ns > 0.0)
        fprintf(stream, "; predicted %s (measured %+.1f %%)", chx__time_text(predicted_ns, text),
                100.0 * (main_ns / predicted_ns - 1.0));
}

static void
write_head(picture *of)
{
    char text[64];
    double main_ns = length_of(chx__timeline_extent(of->timeline, of->basis));
    fprintf(of->stream, "<text class=\"t\" x=\"%d\" y=\"34\">%s timeline, makespan %s</text>\n",
            MARGIN, of->basis == CHX__BASIS_MEASURED ? "Measured" : "Predicted",
            chx__time_text(main_ns, text));
    fprintf(of->stream, "<text class=\"s\" x=\"%d\" y=\"56\">", MARGIN);
    chx__timeline_write_facts(of->stream, of->timeline);
    if (of->n_arrows < of->n_edges_drawable)
        fprintf(of->stream, "; %zu of %zu dependencies drawn", of->n_arrows, of->n_edges_drawable);
    fputs("</text>\n", of->stream);
}

/* A sample of a colour with its name; returns where the next may stand. */
static double
write_sample(const picture *of, uint32_t colour, double x, int y, const char *name)
{
    fprintf(of->stream,
            "<rect class=\"k%" PRIu32 " b\" x=\"%.1f\" y=\"%d\" width=\"18\" height=\"12\" "
            "rx=\"1.5\"/><text class=\"l\" x=\"%.1f\" y=\"%d\">",
            colour, x, y, x + 24, y + 10);
    chx__text_write_xml(of->stream, name, 24);
    fputs("</text>\n", of->stream);
    return x + 44 + 6.6 * fmin((double)chx__text_length(name), 24.0);
}

/* Kernels with the most time first, as far as there is room. */
static void
write_kernels(const picture *of, int y)
{
    double x = MARGIN;
    for (size_t k = 0; k < of->diagnosis->n_kernels && x < WIDTH - 220; k++) {
        const chx__kernel_use *kernel = &of->diagnosis->kernels[k];
        if (kernel->kind != CHX_SPAN_KERNEL)
            continue;
        bool is_own = kernel->rank < CHX__N_KERNEL_COLOURS;
        x = write_sample(of, chx__colour_of(kernel), x, y, is_own ? kernel->name : "other kernels");
        if (!is_own)
            return;
    }
}

static void
write_legend(const picture *of)
{
    double x = MARGIN;
    bool present[CHX_SPAN_TRANSFER + 1] = {false};
    write_kernels(of, 70);
    for (size_t k = 0; k < of->diagnosis->n_kernels; k++) {
        const chx__kernel_use *kernel = &of->diagnosis->kernels[k];
        if (kernel->kind == CHX_SPAN_KERNEL || present[kernel->kind])
            continue;
        present[kernel->kind] = true;
        x = write_sample(of, chx__colour_of(kernel), x, 92,
                         kernel->kind == CHX_SPAN_HOST ? "host task" : "transfer");
    }
    fprintf(of->stream,
            "<rect class=\"c\" x=\"%.1f\" y=\"92\" width=\"18\" height=\"12\" rx=\"1.5\"/>"
            "<text class=\"l\" x=\"%.1f\" y=\"102\">critical path</text>\n",
            x, x + 24);
    x += 116;
    fprintf(of->stream,
            "<path class=\"e\" marker-end=\"url(#m)\" d=\"M%.1f 98h22\"/>"
            "<text class=\"l\" x=\"%.1f\" y=\"102\">dependency</text>\n",
            x, x + 28);
    x += 116;
    if (of->has_ghosts)
        fprintf(of->stream,
                "<rect class=\"k0 g\" x=\"%.1f\" y=\"94\" width=\"18\" height=\"%d\"/>"
                "<text class=\"l\" x=\"%.1f\" y=\"102\">as predicted</text>\n",
                x, GHOST_HEIGHT, x + 24);
}

static void
write_axis(const picture *of)
{
    chx__time_axis axis =
        chx__time_axis_of(of->extent.finish_ns - of->extent.start_ns, CHART_WIDTH / 80);
    for (uint32_t i = 0; i <= axis.n_ticks; i++) {
        double x = x_of(of, of->extent.start_ns + i * axis.step_ns);
        fprintf(
            of->stream,
            "<path class=\"grid\" d=\"M%.2f %dV%.1f\"/><text class=\"a\" text-anchor=\"middle\" "
            "x=\"%.2f\" y=\"%.1f\">%.*f</text>\n",
            x, HEAD_HEIGHT, of->chart_bottom, x, of->chart_bottom + 16, axis.decimals,
            i * axis.step_ns / axis.unit_ns);
    }
    fprintf(of->stream,
            "<path class=\"axis\" d=\"M%d %.1fH%d\"/><text class=\"a\" text-anchor=\"middle\" "
            "x=\"%d\" y=\"%.1f\">time (%s)</text>\n",
            CHART_LEFT, of->chart_bottom, CHART_LEFT + CHART_WIDTH, CHART_LEFT + CHART_WIDTH / 2,
            of->chart_bottom + 34, axis.unit);
}

/* The share of the bars' extent in which each lane worked. */
static void
sum_busy(picture *of)
{
    chx__interval extent = chx__timeline_extent(of->timeline, of->basis);
    double length_ns = extent.finish_ns - extent.start_ns;
    for (size_t s = 0; s < of->timeline->n_spans; s++) {
        chx__interval times = chx__span_interval(&of->timeline->spans[s], of->basis);
        if (times.known && length_ns > 0.0)
            of->busy[of->timeline->spans[s].lane] += (times.finish_ns - times.start_ns) / length_ns;
    }
}

static double
top_of(const picture *of, uint32_t lane)
{
    return of->bar_y[lane] - (of->has_ghosts ? GHOST_HEIGHT + 2 : 0);
}

static void
write_rows(const picture *of)
{
    for (uint32_t lane = 0; lane < of->timeline->n_lanes; lane++) {
        double top = top_of(of, lane);
        fprintf(of->stream,
                "<rect class=\"row\" x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%.1f\"/>\n",
                CHART_LEFT, top, CHART_WIDTH, of->bar_y[lane] + BAR_HEIGHT - top);
    }
}

static void
write_labels(const picture *of)
{
    for (uint32_t i = 0; i < of->timeline->n_lanes; i++) {
        uint32_t lane = of->order[i];
        double middle = of->bar_y[lane] + BAR_HEIGHT * 0.5 + 4;
        if (starts_device(of, i)) {
            fprintf(of->stream, "<text class=\"d\" x=\"%d\" y=\"%.1f\">", MARGIN,
                    top_of(of, lane) - 10);
            chx__text_write_xml(of->stream, of->timeline->lanes[lane].device, 120);
            fputs("</text>\n", of->stream);
        }
        fprintf(of->stream, "<text class=\"l\" text-anchor=\"end\" x=\"%d\" y=\"%.1f\">",
                CHART_LEFT - 8, middle);
        chx__text_write_xml(of->stream, of->timeline->lanes[lane].name, 22);
        fprintf(of->stream, "</text><text class=\"a\" x=\"%d\" y=\"%.1f\">%.0f %% busy</text>\n",
                CHART_LEFT + CHART_WIDTH + 8, middle, 100.0 * fmin(of->busy[lane], 1.0));
    }
}

static void
write_hint(const picture *of, const chx_span *span, chx__interval times)
{
    char from[64], length[64];
    fputs("<title>", of->stream);
    chx__text_write_xml(of->stream, span->name, 200);
    fprintf(of->stream, ", %s from %s", chx__time_text(times.finish_ns - times.start_ns, length),
            chx__time_text(times.start_ns - of->extent.start_ns, from));
    if (span->kind == CHX_SPAN_TRANSFER)
        fprintf(of->stream, ", %" PRIu64 " bytes", span->bytes);
    fputs("</title>", of->stream);
}

static uint32_t
colour_at(const picture *of, uint32_t span)
{
    return chx__colour_of(&of->diagnosis->kernels[of->diagnosis->kernel_of[span]]);
}

static void
write_bar(const picture *of, uint32_t index)
{
    const chx_span *span = &of->timeline->spans[index];
    chx__interval times = chx__span_interval(span, of->basis);
    double x = x_of(of, times.start_ns), width = fmax(x_of(of, times.finish_ns) - x, 0.75);
    double y = of->bar_y[span->lane];
    fprintf(of->stream,
            "<rect class=\"%s%" PRIu32 "\" x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%d\">",
            width < NARROW ? "f" : "b k", colour_at(of, index), x, y, width, BAR_HEIGHT);
    write_hint(of, span, times);
    fputs("</rect>\n", of->stream);
    size_t length = chx__text_length(span->name);
    if (length == 0 || (double)length * CHAR_WIDTH + 6.0 > width)
        return;
    fprintf(of->stream, "<text class=\"n n%" PRIu32 "\" x=\"%.2f\" y=\"%.1f\">",
            colour_at(of, index), x + width / 2, y + BAR_HEIGHT * 0.5 + 4);
    chx__text_write_xml(of->stream, span->name, length);
    fputs("</text>\n", of->stream);
}

static void
write_ghost(const picture *of, uint32_t index)
{
    const chx_span *span = &of->timeline->spans[index];
    chx__interval times = chx__span_interval(span, CHX__BASIS_PREDICTED);
    if (!times.known)
        return;
    double x = x_of(of, times.start_ns), width = fmax(x_of(of, times.finish_ns) - x, 0.5);
    fprintf(of->stream,
            "<rect class=\"%s%" PRIu32 "\" x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%d\"/>\n",
            width < NARROW ? "gn f" : "g k", colour_at(of, index), x,
            of->bar_y[span->lane] - GHOST_HEIGHT - 1.5, width, GHOST_HEIGHT);
}

static void
write_spans(const picture *of)
{
    const chx_timeline *timeline = of->timeline;
    for (uint32_t s = 0; s < timeline->n_spans; s++) {
        if (of->has_ghosts)
            write_ghost(of, s);
        if (chx__span_interval(&timeline->spans[s], of->basis).known)
            write_bar(of, s);
    }
}

/* Bars of the critical path are outlined, or underlined where the outline would hide them. */
static void
write_critical(const picture *of)
{
    const chx_timeline *timeline = of->timeline;
    for (uint32_t s = 0; s < timeline->n_spans; s++) {
        chx__interval times = chx__span_interval(&timeline->spans[s], of->basis);
        if (!of->critical[s] || !times.known)
            continue;
        double x = x_of(of, times.start_ns), width = fmax(x_of(of, times.finish_ns) - x, 0.75);
        double y = of->bar_y[timeline->spans[s].lane];
        bool narrow = width < 3 * NARROW;
        fprintf(of->stream,
                "<rect class=\"%s\" x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%d\"/>\n",
                narrow ? "cf" : "c", x, narrow ? y + BAR_HEIGHT - 1 : y, width,
                narrow ? 4 : BAR_HEIGHT);
    }
}

/* From the end of one bar to the start of another: an S that leaves and arrives along the lanes. */
static void
write_arrow(const picture *of, const chx__timeline_edge *edge, bool critical)
{
    const chx_span *before = &of->timeline->spans[edge->before];
    const chx_span *after = &of->timeline->spans[edge->after];
    double x0 = x_of(of, chx__span_interval(before, of->basis).finish_ns);
    double x1 = x_of(of, chx__span_interval(after, of->basis).start_ns);
    double y0 = of->bar_y[before->lane] + BAR_HEIGHT * 0.5;
    double y1 = of->bar_y[after->lane] + BAR_HEIGHT * 0.5;
    double bend = fmin(fmax((x1 - x0) * 0.5, 10.0), 90.0);
    fprintf(of->stream,
            "<path class=\"%s\" marker-end=\"url(#%s)\" d=\"M%.2f %.1fC%.2f %.1f %.2f %.1f %.2f "
            "%.1f\"/>\n",
            !critical                             ? "e"
            : of->n_arrows < of->n_edges_drawable ? "ec thin"
                                                  : "ec",
            critical ? "mc" : "m", x0, y0, x0 + bend, y0, x1 - bend, y1, x1, y1);
}

/* What an arrow is worth where not all can be drawn: 2 on the critical path, 1 when the later
 * span began as soon as the earlier one had ended, 0 when it waited for something else. -1: the
 * order on a lane shows it already, or a time is unknown. */
static int
arrow_worth(const picture *of, const chx__timeline_edge *edge)
{
    const chx_span *before = &of->timeline->spans[edge->before];
    const chx_span *after = &of->timeline->spans[edge->after];
    chx__interval from = chx__span_interval(before, of->basis);
    chx__interval to = chx__span_interval(after, of->basis);
    if (!from.known || !to.known)
        return -1;
    double gap = x_of(of, to.start_ns) - x_of(of, from.finish_ns);
    if (before->lane == after->lane && gap < 12.0)
        return -1;
    if (of->critical[edge->before] && of->critical[edge->after])
        return 2;
    return gap < 2.0;
}

/* Gives every edge its worth, less 3 when there is no room for it. The most worthy come first;
 * where only some of equal worth can be drawn, they are spread over the timeline. */
static void
choose_arrows(picture *of, int *worth)
{
    size_t n_of_worth[3] = {0};
    for (size_t e = 0; e < of->timeline->n_edges; e++) {
        worth[e] = arrow_worth(of, &of->timeline->edges[e]);
        if (worth[e] >= 0)
            n_of_worth[worth[e]]++;
    }
    of->n_edges_drawable = n_of_worth[0] + n_of_worth[1] + n_of_worth[2];
    size_t room = of->n_edges_drawable <= MAX_ARROWS ? MAX_ARROWS : MAX_ARROWS / 2;
    for (int level = 2; level >= 0; level--) {
        size_t n = n_of_worth[level], n_drawn = n < room ? n : room, i = 0;
        for (size_t e = 0; e < of->timeline->n_edges; e++) {
            if (worth[e] != level)
                continue;
            if (i * n_drawn / n == (i + 1) * n_drawn / n)
                worth[e] -= 3;
            i++;
        }
        of->n_arrows += n_drawn;
        room -= n_drawn;
    }
}

/* Critical arrows between lanes lie above the bars, all others beneath them. */
static void
write_arrows(const picture *of, const int *worth, bool above)
{
    const chx_span *spans = of->timeline->spans;
    for (size_t e = 0; e < of->timeline->n_edges; e++) {
        const chx__timeline_edge *edge = &of->timeline->edges[e];
        bool critical = worth[e] == 2;
        bool crosses = spans[edge->before].lane != spans[edge->after].lane;
        if (worth[e] >= 0 && (critical && crosses) == above)
            write_arrow(of, edge, critical);
    }
}

static chx_status
write_picture(picture *of)
{
    int *worth = chx__alloc(of->timeline->n_edges, sizeof *worth);
    if (!worth)
        return chx__fail_memory("drawing a timeline");
    lay_out(of);
    sum_busy(of);
    choose_arrows(of, worth);
    int height = (int)of->chart_bottom + AXIS_HEIGHT;
    fprintf(of->stream,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" "
            "width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">\n",
            WIDTH, height, WIDTH, height);
    write_style(of->stream);
    fprintf(of->stream, "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", WIDTH, height);
    write_head(of);
    write_legend(of);
    write_rows(of);
    write_axis(of);
    write_labels(of);
    write_arrows(of, worth, false);
    write_spans(of);
    write_critical(of);
    write_arrows(of, worth, true);
    fputs("</svg>\n", of->stream);
    free(worth);
    return CHX_OK;
}

bool
chx__timeline_has_ghosts(const chx_timeline *timeline)
{
    return chx__timeline_main_basis(timeline) == CHX__BASIS_MEASURED &&
           chx__timeline_extent(timeline, CHX__BASIS_PREDICTED).known;
}

chx__interval
chx__timeline_axis(const chx_timeline *timeline)
{
    chx__interval axis = chx__timeline_extent(timeline, chx__timeline_main_basis(timeline));
    chx__interval predicted = chx__timeline_extent(timeline, CHX__BASIS_PREDICTED);
    if (!chx__timeline_has_ghosts(timeline))
        return axis;
    axis.start_ns = fmin(axis.start_ns, predicted.start_ns);
    axis.finish_ns = fmax(axis.finish_ns, predicted.finish_ns);
    return axis;
}

chx_status
chx__timeline_draw(const chx__diagnosis *diagnosis, FILE *stream)
{
    const chx_timeline *timeline = diagnosis->timeline;
    picture of = {.stream = stream,
                  .diagnosis = diagnosis,
                  .timeline = timeline,
                  .basis = diagnosis->basis,
                  .extent = chx__timeline_axis(timeline),
                  .has_ghosts = chx__timeline_has_ghosts(timeline),
                  .critical = diagnosis->critical};
    of.bar_y = chx__alloc(timeline->n_lanes, sizeof *of.bar_y);
    of.busy = chx__alloc(timeline->n_lanes, sizeof *of.busy);
    of.order = chx__alloc(timeline->n_lanes, sizeof *of.order);
    chx_status status = of.bar_y && of.busy && of.order ? write_picture(&of)
                                                        : chx__fail_memory("drawing a timeline");
    free(of.bar_y);
    free(of.busy);
    free(of.order);
    return status;
}

static chx_status
write_file(const chx__diagnosis *diagnosis, chx__output *output)
{
    chx__numerals numerals = chx__numerals_begin();
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", output->stream);
    chx_status status = chx__timeline_draw(diagnosis, output->stream);
    chx__numerals_end(&numerals);
    if (!status)
        return chx__output_commit(output);
    chx__output_discard(output);
    return status;
}

chx_status
chx_timeline_write_svg(const chx_timeline *timeline, const char *path)
{
    CHX__REQUIRE(timeline && path);
    chx__diagnosis diagnosis;
    chx_status status = chx__diagnosis_init(&diagnosis, timeline);
    if (status)
        return status;
    chx__output output;
    status = chx__output_begin(&output, path);
    if (!status)
        status = write_file(&diagnosis, &output);
    chx__diagnosis_finish(&diagnosis);
    return status;
}
