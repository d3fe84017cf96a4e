/* A page around the picture: the words and tables are written here, so that they are there without
 * scripts too, as is the picture; with scripts it is drawn by timeline_page.js from the data at the
 * end. The page forbids itself to load anything. All that is judged comes from the diagnosis; names
 * are escaped, in the data too, where a "<" could end the script. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "base/numerals.h"
#include "schedule/colour.h"
#include "schedule/text.h"
#include "schedule/time_axis.h"
#include "schedule/timeline_page.h"
#include "schedule/timeline_svg.h"

/* Tables are to be read; what is left out took least time. */
#define MAX_ROWS 60u
#define MAX_CHARS 200u
/* Predictions that are off by more stand out. */
#define FAR_OFF 2.0

static const char *const cause_names[CHX__N_IDLE_CAUSES] = {
    "tasks elsewhere", "transfers", "the host", "nothing started", "nothing to do"};

typedef struct page {
    FILE *stream;
    const chx__diagnosis *of;
    const chx_timeline *timeline;
    uint32_t *order;
    chx__interval axis;
} page;

static void
write_part(FILE *stream, const char *name)
{
    const chx__page_part *part = chx__page_parts;
    while (strcmp(part->name, name) != 0)
        part++;
    fwrite(part->bytes, 1, part->size, stream);
}

static void
write_head(const page *to)
{
    char text[64];
    double length_ns = to->of->extent.finish_ns - to->of->extent.start_ns;
    const char *basis = to->of->basis == CHX__BASIS_MEASURED ? "Measured" : "Predicted";
    fprintf(to->stream,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
            "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
            "<title>%s timeline, makespan %s</title>\n<style>\n",
            basis, chx__time_text(length_ns, text));
    write_part(to->stream, "timeline_page.css");
    chx__colour_write_css(to->stream);
    fprintf(to->stream, "\n</style>\n</head>\n<body>\n<h1>%s timeline, makespan %s</h1>\n", basis,
            text);
    fputs("<p class=\"facts\">", to->stream);
    chx__timeline_write_facts(to->stream, to->timeline);
    fputs("</p>\n", to->stream);
}

static chx_status
write_bottleneck(const page *to)
{
    chx_bottleneck found;
    chx_status status = chx__diagnosis_bottleneck(to->of, &found);
    if (status || found.kind == CHX_BOTTLENECK_NONE)
        return status;
    fputs("<p class=\"bottleneck\"><b>Bottleneck:</b> ", to->stream);
    chx__text_write_xml(to->stream, found.sentence, sizeof found.sentence);
    fputs(".</p>\n", to->stream);
    return CHX_OK;
}

static void
write_sample(const page *to, const char *shape, const char *name)
{
    fprintf(to->stream,
            "<li><svg class=\"sample\" viewBox=\"0 0 18 12\" aria-hidden=\"true\">%s</svg>", shape);
    chx__text_write_xml(to->stream, name, 40);
    fputs("</li>\n", to->stream);
}

static void
write_kernel_sample(const page *to, const chx__kernel_use *kernel, const char *name)
{
    char shape[128];
    snprintf(shape, sizeof shape,
             "<rect class=\"k%" PRIu32 "\" x=\"1\" y=\"1\" width=\"16\" height=\"10\" rx=\"1.5\"/>",
             chx__colour_of(kernel));
    write_sample(to, shape, name);
}

/* Kernels that have colours of their own by name, all others together. */
static void
write_kernel_samples(const page *to, chx_span_kind kind)
{
    static const char *const kinds[] = {"", "other kernels", "host task", "transfer"};
    for (size_t k = 0; k < to->of->n_kernels; k++) {
        const chx__kernel_use *kernel = &to->of->kernels[k];
        bool is_own = kind == CHX_SPAN_KERNEL && kernel->rank < CHX__N_KERNEL_COLOURS;
        if (kernel->kind != kind)
            continue;
        write_kernel_sample(to, kernel, is_own ? kernel->name : kinds[kind]);
        if (!is_own)
            return;
    }
}

static void
write_legend(const page *to)
{
    fputs("<ul class=\"legend\">\n", to->stream);
    for (int kind = CHX_SPAN_KERNEL; kind <= CHX_SPAN_TRANSFER; kind++)
        write_kernel_samples(to, (chx_span_kind)kind);
    write_sample(to, "<rect class=\"mark\" x=\"2\" y=\"2\" width=\"14\" height=\"8\"/>",
                 "critical path");
    if (chx__timeline_has_ghosts(to->timeline))
        write_sample(to, "<rect class=\"plan k0\" x=\"1\" y=\"3\" width=\"16\" height=\"6\"/>",
                     "as predicted");
    write_sample(to, "<rect class=\"gap c1\" x=\"0\" y=\"3\" width=\"18\" height=\"6\"/>",
                 "idle, by cause");
    fputs("</ul>\n", to->stream);
}

static chx_status
write_picture(const page *to)
{
    fputs("<div id=\"chart\"></div>\n<div id=\"box\" role=\"tooltip\" hidden></div>\n<noscript>\n",
          to->stream);
    chx_status status = chx__timeline_draw(to->of, to->stream);
    fputs("</noscript>\n<p class=\"hint keys\">Wheel zooms, drag moves, double click shows all. "
          "Keys: "
          "arrows, + and \xe2\x88\x92, 0; n and p go from span to span. Solid arrows come from "
          "what a span waited for, dashed ones go to what waited for it.</p>\n",
          to->stream);
    return status;
}

static void
write_share(const page *to, const char *colour, double share)
{
    if (share > 0.0)
        fprintf(to->stream, "<i class=\"%s\" style=\"width:%.2f%%\"></i>", colour, 100.0 * share);
}

static void
write_device(const page *to, const chx__device_use *device)
{
    char colour[] = "c0";
    fputs("<tr><td>", to->stream);
    chx__text_write_xml(to->stream, device->name, MAX_CHARS);
    fputs("</td><td><div class=\"bar\">", to->stream);
    write_share(to, "busy", device->busy);
    for (int cause = 0; cause < CHX__N_IDLE_CAUSES; cause++) {
        colour[1] = (char)('0' + cause);
        write_share(to, colour, device->idle[cause]);
    }
    fprintf(to->stream, "</div></td><td>%.1f %%</td>", 100.0 * device->busy);
    for (int cause = 0; cause < CHX__N_IDLE_CAUSES; cause++)
        fprintf(to->stream, "<td>%.1f %%</td>", 100.0 * device->idle[cause]);
    fprintf(to->stream, "<td>%.2f MB</td></tr>\n", (double)device->moved_bytes * 1e-6);
}

static void
write_devices(const page *to)
{
    fputs("<h2>Where the time of each device went</h2>\n<div class=\"scroll\"><table>\n"
          "<thead><tr><th>device</th><th></th><th><span class=\"dot busy\"></span>busy</th>",
          to->stream);
    for (int cause = 0; cause < CHX__N_IDLE_CAUSES; cause++)
        fprintf(to->stream, "<th><span class=\"dot c%d\"></span>%s%s</th>", cause,
                cause == CHX__IDLE_TASK ? "waits for " : "", cause_names[cause]);
    fputs("<th>moved</th></tr></thead>\n<tbody>\n", to->stream);
    for (size_t d = 0; d < to->of->n_devices; d++)
        write_device(to, &to->of->devices[d]);
    fputs("</tbody></table></div>\n", to->stream);
}

static void
write_time(const page *to, double ns)
{
    char text[64];
    fprintf(to->stream, "<td>%s</td>", ns > 0.0 ? chx__time_text(ns, text) : "");
}

static void
write_kernel(const page *to, const chx__kernel_use *kernel)
{
    static const char *const kinds[] = {"", "kernel", "host task", "transfer"};
    fprintf(to->stream,
            "<tr><td><svg class=\"sample\" viewBox=\"0 0 18 12\" aria-hidden=\"true\"><rect "
            "class=\"k%" PRIu32 "\" x=\"1\" y=\"1\" width=\"16\" height=\"10\" rx=\"1.5\"/></svg>",
            chx__colour_of(kernel));
    chx__text_write_xml(to->stream, kernel->name, MAX_CHARS);
    fprintf(to->stream, "</td><td>%s</td><td>%" PRIu32 "</td>", kinds[kernel->kind], kernel->count);
    write_time(to, kernel->predicted_ns);
    write_time(to, kernel->measured_ns);
    if (kernel->predicted_ns > 0.0 && kernel->measured_ns > 0.0) {
        double ratio = kernel->measured_ns / kernel->predicted_ns;
        fprintf(to->stream, "<td%s>%.2f</td>",
                ratio > FAR_OFF || ratio < 1.0 / FAR_OFF ? " class=\"off\"" : "", ratio);
    } else {
        fputs("<td></td>", to->stream);
    }
    if (kernel->bytes)
        fprintf(to->stream, "<td>%.3f MB</td></tr>\n", (double)kernel->bytes * 1e-6);
    else
        fputs("<td></td></tr>\n", to->stream);
}

static void
write_kernels(const page *to)
{
    size_t n = to->of->n_kernels, n_shown = n > MAX_ROWS ? MAX_ROWS : n;
    fputs("<h2>What each kernel took</h2>\n<div class=\"scroll\"><table>\n<thead><tr>"
          "<th>name</th><th>kind</th><th>count</th><th>predicted</th><th>measured</th>"
          "<th>measured / predicted</th><th>moved</th></tr></thead>\n<tbody>\n",
          to->stream);
    for (size_t k = 0; k < n_shown; k++)
        write_kernel(to, &to->of->kernels[k]);
    fputs("</tbody></table></div>\n", to->stream);
    if (n_shown < n)
        fprintf(to->stream, "<p class=\"hint\">%zu more took less.</p>\n", n - n_shown);
}

/* A start on the axis and a length; -1 and 0 where times are unknown. */
static void
write_times(const page *to, chx__interval times)
{
    if (times.known)
        fprintf(to->stream, ",%.0f,%.0f", times.start_ns - to->axis.start_ns,
                times.finish_ns - times.start_ns);
    else
        fputs(",-1,0", to->stream);
}

static void
write_lane_data(const page *to)
{
    fputs("\"lanes\":[", to->stream);
    for (uint32_t l = 0; l < to->timeline->n_lanes; l++) {
        fputs(l ? ",[" : "[", to->stream);
        chx__text_write_json(to->stream, to->timeline->lanes[l].name);
        fputc(',', to->stream);
        chx__text_write_json(to->stream, to->timeline->lanes[l].device);
        fputc(']', to->stream);
    }
    fputs("],\n\"order\":[", to->stream);
    for (uint32_t l = 0; l < to->timeline->n_lanes; l++)
        fprintf(to->stream, "%s%" PRIu32, l ? "," : "", to->order[l]);
    fputs("],\n", to->stream);
}

static void
write_span_data(const page *to)
{
    fputs("\"kernels\":[", to->stream);
    for (size_t k = 0; k < to->of->n_kernels; k++) {
        fputs(k ? ",[" : "[", to->stream);
        chx__text_write_json(to->stream, to->of->kernels[k].name);
        fprintf(to->stream, ",%d,%" PRIu32 "]", to->of->kernels[k].kind,
                chx__colour_of(&to->of->kernels[k]));
    }
    fputs("],\n\"spans\":[", to->stream);
    for (size_t s = 0; s < to->timeline->n_spans; s++) {
        const chx_span *span = &to->timeline->spans[s];
        fprintf(to->stream, "%s[%" PRIu32 ",%" PRIu32, s ? "," : "", span->lane,
                to->of->kernel_of[s]);
        write_times(to, chx__span_interval(span, to->of->basis));
        write_times(to, chx__span_interval(span, CHX__BASIS_PREDICTED));
        fprintf(to->stream, ",%" PRIu64 ",%d]", span->kind == CHX_SPAN_TRANSFER ? span->bytes : 0,
                to->of->critical[s]);
    }
    fputs("],\n", to->stream);
}

static void
write_wait_data(const page *to)
{
    fputs("\"edges\":[", to->stream);
    for (size_t e = 0; e < to->timeline->n_edges; e++)
        fprintf(to->stream, "%s[%" PRIu32 ",%" PRIu32 "]", e ? "," : "",
                to->timeline->edges[e].before, to->timeline->edges[e].after);
    fputs("],\n\"gaps\":[", to->stream);
    for (size_t g = 0; g < to->of->idle.n; g++) {
        const chx__gap *gap = &to->of->idle.list[g];
        int64_t span = gap->span == CHX__NO_SPAN ? -1 : (int64_t)gap->span;
        fprintf(to->stream, "%s[%" PRIu32 ",%d,%" PRId64, g ? "," : "", gap->lane, gap->cause,
                span);
        write_times(to, (chx__interval){true, gap->start_ns, gap->finish_ns});
        fputc(']', to->stream);
    }
    fputs("]", to->stream);
}

static void
write_data(const page *to)
{
    fprintf(to->stream,
            "<script type=\"application/json\" id=\"data\">\n{\"measured\":%s,\"length\":%.0f,\n",
            to->of->basis == CHX__BASIS_MEASURED ? "true" : "false",
            to->axis.finish_ns - to->axis.start_ns);
    write_lane_data(to);
    write_span_data(to);
    write_wait_data(to);
    fputs("}\n</script>\n<script>\n", to->stream);
    write_part(to->stream, "timeline_page.js");
    fputs("</script>\n</body>\n</html>\n", to->stream);
}

static chx_status
write_page(page *to)
{
    write_head(to);
    chx_status status = write_bottleneck(to);
    if (status)
        return status;
    write_legend(to);
    status = write_picture(to);
    if (status)
        return status;
    write_devices(to);
    write_kernels(to);
    write_data(to);
    return CHX_OK;
}

static chx_status
write_file(page *to, const char *path)
{
    chx__output output;
    chx_status status = chx__output_begin(&output, path);
    if (status)
        return status;
    to->stream = output.stream;
    chx__numerals numerals = chx__numerals_begin();
    status = write_page(to);
    chx__numerals_end(&numerals);
    if (!status)
        return chx__output_commit(&output);
    chx__output_discard(&output);
    return status;
}

chx_status
chx_timeline_write_html(const chx_timeline *timeline, const char *path)
{
    CHX__REQUIRE(timeline && path);
    chx__diagnosis diagnosis;
    chx_status status = chx__diagnosis_init(&diagnosis, timeline);
    if (status)
        return status;
    page to = {.of = &diagnosis,
               .timeline = timeline,
               .order = chx__alloc(timeline->n_lanes, sizeof *to.order),
               .axis = chx__timeline_axis(timeline)};
    if (to.order) {
        chx__timeline_group_lanes(timeline, to.order);
        status = write_file(&to, path);
    } else {
        status = chx__fail_memory("writing the page of a timeline");
    }
    free(to.order);
    chx__diagnosis_finish(&diagnosis);
    return status;
}
