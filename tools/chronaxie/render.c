/* chronaxie render: simulates a network and draws it, as a picture or a video. */
#include "rendering.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "film_checkpoint.h"
#include "outcome.h"
#include "result.h"
#include "silence.h"
#include "source.h"
#include "stopwatch.h"
#include "target.h"

/* Where whose option rules stand. */
enum {
    RENDER_RULES = 23,
    SESSION_AT = RENDER_RULES,
    VERIFICATION_AT = SESSION_AT + SESSION_RULES,
    CHECKPOINT_AT = VERIFICATION_AT + VERIFICATION_RULES,
    N_RULES = CHECKPOINT_AT + CHECKPOINT_RULES,
};

static const char *const colour_maps[] = {"inferno", "cividis"};
static const char *const planes[] = {"principal", "xy", "xz", "yz"};

static void
render_rules(struct rendering *r, const char **colour_map, option_rule *rules)
{
    chx_scene_params *scene = &r->scene_params;
    const option_rule table[RENDER_RULES] = {
        {OPTION_TEXT, 'o', "output", "FILE", "what to write: .png, .mp4 or .webm", &r->output, 0, 0,
         NULL},
        {OPTION_NUMBER, 0, "at-ms", "MS", "moment of a picture; default: the brightest", &r->at_ms,
         0, 1e9, &r->has_at},
        {OPTION_NUMBER, 0, "start-ms", "MS", "first moment of a video; default: 0", &r->start_ms, 0,
         1e9, NULL},
        {OPTION_SIZE, 's', "size", "WxH", "pixels, even; default: 1920x1080", r->size_px, 64, 8192,
         NULL},
        {OPTION_UINT, 0, "fps", "N", "frames per second of video; default: 30", &r->fps, 1, 240,
         NULL},
        {OPTION_NUMBER, 0, "speed", "X", "network time over video time, such as 1/25", &r->speed,
         1e-6, 1e6, NULL},
        {OPTION_UINT, 0, "quality", "N", "of video, 1 (best) to 51; default: 18", &r->quality, 1,
         51, NULL},
        {OPTION_NUMBER, 0, "orbit", "DEG", "turn the camera by this much over the video",
         &r->orbit_deg, -36000, 36000, NULL},
        {OPTION_NUMBER, 0, "zoom", "X", "1 frames the network", &r->zoom, 0.01, 10000,
         &r->has_zoom},
        {OPTION_NUMBER, 0, "azimuth", "DEG", "camera turned about the long or upright axis",
         &r->azimuth_deg, -36000, 36000, &r->has_azimuth},
        {OPTION_NUMBER, 0, "elevation", "DEG", "camera raised", &r->elevation_deg, -360, 360,
         &r->has_elevation},
        {OPTION_NUMBER, 0, "roll", "DEG", "picture turned anticlockwise", &r->roll_deg, -36000,
         36000, &r->has_roll},
        {OPTION_TEXT, 0, "view", "PLANE", "xy, xz, yz: the first to the right; or principal",
         &r->plane, 0, 0, &scene->has_plane},
        {OPTION_TEXT, 0, "centre", "NEURON", "look at this neuron's soma", &r->centre, 0, 0, NULL},
        {OPTION_TEXT, 0, "colour-map", "NAME", "inferno (default), or cividis for all eyes",
         colour_map, 0, 0, NULL},
        {OPTION_TEXT, 0, "background", "NAME", "black (default), white for print, clear for slides",
         &r->background, 0, 0, NULL},
        {OPTION_TEXT, 0, "colour-by", "WHAT", "spike (default), type, compartment or id",
         &r->colour_by, 0, 0, NULL},
        {OPTION_FLAG, 0, "connections", NULL, "draw synapses; default where nothing has branches",
         &r->connections, 0, 0, NULL},
        {OPTION_FLAG, 0, "no-connections", NULL, "leave synapses out", &r->no_connections, 0, 0,
         NULL},
        {OPTION_UINT, 0, "bands", "N", "cut pictures into N bands; default: automatic",
         &scene->n_bands, 1, 64, NULL},
        {OPTION_FLAG, 0, "axes", NULL, "draw the axes of the data, x, y and z", &scene->axes, 0, 0,
         NULL},
        {OPTION_FLAG, 0, "no-labels", NULL, "leave out scale bar, time, colour bar and counts",
         &scene->no_labels, 0, 0, NULL},
        {OPTION_FLAG, 0, "no-int64-atomics", NULL, "use 32-bit kernels everywhere; same pixels",
         &scene->no_int64_atomics, 0, 0, NULL},
    };
    memcpy(rules, table, sizeof table);
}

static int
choose_colour_by(struct rendering *r)
{
    static const char *const names[] = {"spike", "type", "compartment", "id"};

    for (int i = 0; i < 4 && r->colour_by; i++) {
        if (strcmp(r->colour_by, names[i]) != 0)
            continue;
        r->scene_params.colour_by = (chx_colour_by)i;
        return OUTCOME_OK;
    }
    return !r->colour_by ? OUTCOME_OK
                         : outcome_say(OUTCOME_USAGE,
                                       "--colour-by takes spike, type, compartment or id, not '%s'",
                                       r->colour_by);
}

static int
choose_background(struct rendering *r)
{
    if (!r->background || strcmp(r->background, "black") == 0)
        return OUTCOME_OK;
    if (strcmp(r->background, "clear") == 0) {
        r->scene_params.format = CHX_PIXELS_RGBA;
        return r->is_video ? outcome_say(OUTCOME_USAGE, "--background clear is for pictures; a "
                                                        "video is opaque")
                           : OUTCOME_OK;
    }
    if (strcmp(r->background, "white") != 0)
        return outcome_say(OUTCOME_USAGE, "--background takes black, white or clear, not '%s'",
                           r->background);
    r->scene_params.background = CHX_BACKGROUND_WHITE;
    return OUTCOME_OK;
}

static int
choose_plane(struct rendering *r)
{
    for (int i = 0; i < 4; i++) {
        if (strcmp(r->plane, planes[i]) != 0)
            continue;
        r->scene_params.plane = (chx_plane)i;
        return OUTCOME_OK;
    }
    return outcome_say(OUTCOME_USAGE, "--view takes xy, xz, yz or principal, not '%s'", r->plane);
}

/* A film that is gone on with is saved to the same file again, which its pieces lie beside. */
static int
check_checkpoint(struct rendering *r)
{
    struct checkpoint *checkpoint = &r->checkpoint;

    if (!checkpoint->path)
        checkpoint->path = checkpoint->resume_path;
    if (checkpoint->path && !r->is_video)
        return outcome_say(OUTCOME_USAGE,
                           "--checkpoint and --resume are for videos; for a picture simulate by "
                           "run --checkpoint FILE --spikes FILE.csv, and draw by render "
                           "--play-spikes FILE.csv");
    if (checkpoint->resume_path && strcmp(checkpoint->path, checkpoint->resume_path) != 0)
        return outcome_say(OUTCOME_USAGE,
                           "--checkpoint %s: a video goes on in the file of --resume %s; leave "
                           "--checkpoint out",
                           checkpoint->path, checkpoint->resume_path);
    return checkpoint_check(checkpoint, false);
}

static int
check_choices(struct rendering *r, const char *colour_map)
{
    chx_scene_params *scene = &r->scene_params;

    if (!r->output)
        return outcome_say(OUTCOME_USAGE, "render needs -o FILE.png, FILE.mp4 or FILE.webm");
    r->is_video = target_has_ending(r->output, ".mp4 .webm");
    if (r->size_px[0] % 2 || r->size_px[1] % 2)
        return outcome_say(OUTCOME_USAGE, "--size %ux%u: both must be even", r->size_px[0],
                           r->size_px[1]);
    if (r->is_video && r->has_at)
        return outcome_say(OUTCOME_USAGE, "--at-ms is for pictures; a video has --start-ms");
    if (!r->is_video && (r->start_ms > 0 || r->orbit_deg != 0))
        return outcome_say(OUTCOME_USAGE, "--start-ms and --orbit are for videos; a picture has "
                                          "--at-ms and --azimuth");
    if (strcmp(colour_map, colour_maps[CHX_COLOUR_CIVIDIS]) == 0)
        scene->colour_map = CHX_COLOUR_CIVIDIS;
    else if (strcmp(colour_map, colour_maps[CHX_COLOUR_INFERNO]) != 0)
        return outcome_say(OUTCOME_USAGE, "--colour-map takes inferno or cividis, not '%s'",
                           colour_map);
    if (check_checkpoint(r) != OUTCOME_OK)
        return OUTCOME_USAGE;
    scene->format = r->is_video ? CHX_PIXELS_YUV420 : CHX_PIXELS_RGB;
    if (choose_colour_by(r) != OUTCOME_OK || choose_background(r) != OUTCOME_OK)
        return OUTCOME_USAGE;
    if (scene->has_plane && choose_plane(r) != OUTCOME_OK)
        return OUTCOME_USAGE;
    if (r->connections && r->no_connections)
        return outcome_say(OUTCOME_USAGE, "give --connections or --no-connections, not both");
    scene->connections = r->connections      ? CHX_CONNECTIONS_SHOWN
                         : r->no_connections ? CHX_CONNECTIONS_HIDDEN
                                             : CHX_CONNECTIONS_AUTO;
    scene->width_px = r->size_px[0];
    scene->height_px = r->size_px[1];
    return OUTCOME_OK;
}

static int
check_targets(const struct rendering *r)
{
    uint64_t picture_bytes = (uint64_t)r->size_px[0] * r->size_px[1] * 3;
    const struct target outputs[4] = {{"--output", r->output, ".png .mp4 .webm", picture_bytes},
                                      {"--checkpoint", r->checkpoint.path, NULL, 1 << 20}};
    return session_check_targets(&r->params, outputs);
}

static int
complete_times(struct rendering *r)
{
    const chx_network_info *info = r->session.info;
    double duration_ms = session_duration_ms(&r->session, info->view.decay_ms);

    if (r->speed == 0)
        r->speed = info->view.speed;
    if (r->params.duration_ms > 0)
        return OUTCOME_OK;
    r->params.duration_ms = duration_ms - r->start_ms;
    if (r->params.duration_ms > 0)
        return OUTCOME_OK;
    return outcome_say(OUTCOME_USAGE,
                       "--start-ms %g is not before the network's duration of %g ms; give "
                       "--duration-ms as well",
                       r->start_ms, duration_ms);
}

static json_t *
files_json(const struct rendering *r)
{
    const char *paths[] = {r->output, r->params.spikes_path, r->params.raster_path,
                           r->params.trace_path, r->params.timeline_path};
    json_t *files = json_array();
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (paths[i])
            json_array_append_new(files, json_string(paths[i]));
    }
    return files;
}

static double
frames_per_s(const struct rendering *r)
{
    return r->wall_s > 0 ? (double)(r->n_frames - r->first_frame) / r->wall_s : 0;
}

static int
print_json(const struct rendering *r, uint64_t spikes_digest)
{
    json_t *object = json_pack(
        "{s:s, s:I, s:i, s:i, s:f, s:f, s:f, s:f, s:f, s:i, s:o, s:o, s:o, s:o}", "network",
        r->session.info->name, "frames", (json_int_t)r->n_frames, "width_px", (int)r->size_px[0],
        "height_px", (int)r->size_px[1], "start_ms", r->is_video ? r->start_ms : r->at_ms, "end_ms",
        r->end_ms, "ready_s", r->ready_s, "wall_s", r->wall_s, "frames_per_s", frames_per_s(r),
        "failures", (int)verification_n_failures(&r->verification, &r->session), "digest",
        result_digest(r->digest), "spikes_digest", result_digest(spikes_digest), "files",
        files_json(r), "devices", flight_devices_json(&r->flight, r->wall_s));
    json_object_set_new(object, "bottleneck", result_bottleneck(r->flight.picture.timeline));
    if (r->is_video) {
        json_object_set_new(object, "fps", json_integer(r->fps));
        json_object_set_new(object, "speed", json_real(r->speed));
    }
    if (r->verification.share > 0)
        json_object_set_new(object, "verified", verification_json(&r->verification));
    return result_print(object);
}

static int
print_text(const struct rendering *r)
{
    const uint64_t n_failures = verification_n_failures(&r->verification, &r->session);
    json_t *files = files_json(r);
    size_t i;
    json_t *file;

    if (r->is_video)
        printf("%s: %llu frame%s of %ux%u, network %.6g to %.6g ms at %.3g of its speed\n",
               r->session.info->name, (unsigned long long)r->n_frames, result_plural(r->n_frames),
               r->size_px[0], r->size_px[1], r->start_ms, r->end_ms, r->speed);
    else
        printf("%s: %ux%u, network at %.6g ms\n", r->session.info->name, r->size_px[0],
               r->size_px[1], r->at_ms);
    printf("ready after %.2f s, drawn in %.2f s (%.1f frames/s), digest %016llx", r->ready_s,
           r->wall_s, frames_per_s(r), (unsigned long long)r->digest);
    if (n_failures > 0)
        printf(", %llu failure%s survived", (unsigned long long)n_failures,
               result_plural(n_failures));
    puts("");
    if (r->verification.share > 0)
        verification_print(&r->verification);
    flight_print_devices(&r->flight, r->wall_s);
    if (r->params.timeline_path)
        result_print_bottleneck(r->flight.picture.timeline);
    json_array_foreach(files, i, file)
    {
        printf("wrote %s\n", json_string_value(file));
    }
    json_decref(files);
    return OUTCOME_OK;
}

static int
work(struct rendering *r, const shared_options *shared)
{
    uint64_t begin_ns = stopwatch_now_ns();
    uint64_t digest;
    chx_status status;
    int code = session_open(&r->session, shared, &r->params);

    if (code == OUTCOME_OK)
        code = source_settle(r->session.network, r->session.runtime);
    if (code == OUTCOME_OK && r->verification.share > 0)
        code = verification_begin(&r->verification, shared, &r->params, &r->session);
    if (code == OUTCOME_OK)
        code = complete_times(r);
    if (code == OUTCOME_OK)
        code = r->is_video ? rendering_film(r) : rendering_still(r);
    if (code == OUTCOME_OK)
        code = outcome_report(
            flight_write(&r->flight, r->params.trace_path, r->params.timeline_path), STAGE_OUTPUT);
    if (code != OUTCOME_OK) {
        film_checkpoint_remark(r);
        return code;
    }
    film_checkpoint_remove(r);
    r->ready_s = stopwatch_seconds_since(begin_ns) - r->wall_s;
    status = chx_simulation_digest(r->session.simulation, &digest);
    if (status != CHX_OK)
        return outcome_report(status, STAGE_WORK);
    if (!r->session.recording)
        silence_remark(r->session.network, r->n_spikes, r->simulated_ms);
    return shared->json ? print_json(r, digest) : print_text(r);
}

static int
run(const struct command *self, int argc, char **argv)
{
    shared_options shared = {0};
    struct rendering r = {.size_px = {1920, 1080}, .fps = 30};
    const char *colour_map = colour_maps[CHX_COLOUR_INFERNO];
    option_rule rules[N_RULES + 1] = {{.kind = OPTION_END}};
    const struct syntax syntax = {self, rules, &shared, NULL, &r.params.sources};
    int code;

    render_rules(&r, &colour_map, rules);
    session_rules(&r.params, rules + SESSION_AT);
    verification_rules(&r.verification, rules + VERIFICATION_AT);
    checkpoint_rules(&r.checkpoint, rules + CHECKPOINT_AT);
    if (!options_parse(&syntax, argc, argv, &code))
        return code;
    code = check_choices(&r, colour_map);
    if (code == OUTCOME_OK)
        code = check_targets(&r);
    if (code == OUTCOME_OK)
        code = work(&r, &shared);
    if (!flight_finish(&r.flight)) {
        reel_close(&r.reel);
        _exit(code);
    }
    rendering_strike(&r);
    verification_close(&r.verification);
    session_close(&r.session);
    reel_close(&r.reel);
    free(r.earlier);
    return code;
}

const struct command command_render = {
    .name = "render",
    .operand = "NETWORK...",
    .summary = "Simulate a network and draw it: picture, video, plots",
    .details =
        "NETWORK is a folder with a network.json; a table of connections, such as a .csv, which\n"
        "a layout places; or cells, each at its own coordinates: .swc or .swc.gz files,\n"
        "or a folder of them. A picture shows the moment --at-ms; without it\n"
        "the network is simulated once for its whole duration to find the brightest moment. A\n"
        "video lasts duration / speed. Pixels are the same bits on any device and any split;\n"
        "--verify draws them twice to find a device that is wrong.",
    .example = "  chronaxie render examples/celegans -o worm.png\n"
               "  chronaxie render examples/celegans -o worm.mp4 --orbit 360 --raster raster.png\n"
               "  chronaxie render A.swc B.swc.gz --unit nm -o cells.png\n",
    .run = run,
};
