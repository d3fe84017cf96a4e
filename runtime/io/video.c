/* Frames go to ffmpeg as they come, BT.709 in limited range on both sides, so that it neither
 * guesses nor converts. It writes to a file of ours by /proc, which gets its name when it has
 * ended well: a video that exists is whole. The first failure is kept, ends the child and is
 * what all later calls return; so a caller that adds frames from a host task sees it at the next
 * one.
 *
 * Pieces that were encoded alike are joined by copying, from a list that ffmpeg reads as it else
 * does frames.
 *
 * Quality is x264's scale of 51 and mapped to that of the container. */
#include <chronaxie/picture.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "io/encoder.h"

#define DEFAULT_QUALITY 18
#define MAX_SIDE_PX 16384u
#define N_ARGUMENTS 64
#define REMEDY "install it with: apt install ffmpeg"

struct chx_video {
    char *path;
    chx__output output; /* all zeroes once it was committed or discarded */
    size_t frame_bytes;
    chx__encoder encoder;
    chx_error error; /* of the call that failed first */
};

/* What a container needs to be told. */
typedef struct container {
    const char *extension;
    const char *const *codec, *const *muxer; /* end with NULL */
    uint32_t most_quality; /* the worst constant rate factor */
} container;

/* veryfast encodes a mostly black 1080p picture at several times 30 frames/s on one core. */
static const char *const h264[] = {"-c:v", "libx264", "-preset", "veryfast", NULL};
static const char *const mp4[] = {"-movflags", "+faststart", "-f", "mp4", NULL};
static const char *const vp9[] = {"-c:v",      "libvpx-vp9", "-b:v",      "0",
                                  "-deadline", "realtime",   "-cpu-used", "8",
                                  "-row-mt",   "1",          NULL};
static const char *const webm[] = {"-f", "webm", NULL};

static const container containers[] = {
    {".mp4", h264, mp4, 51},
    {".webm", vp9, webm, 63},
};

/* How ffmpeg is called, whatever it does. */
static const char *const general[] = {"ffmpeg", "-hide_banner", "-nostdin", "-loglevel",
                                      "error",  "-xerror",      "-y",       NULL};

static const container *
find_container(const char *path)
{
    size_t length = strlen(path);
    for (size_t i = 0; i < sizeof containers / sizeof *containers; i++) {
        size_t suffix = strlen(containers[i].extension);
        if (length > suffix && strcasecmp(path + length - suffix, containers[i].extension) == 0)
            return &containers[i];
    }
    return NULL;
}

/* The arguments of ffmpeg, with room for the numbers among them. */
typedef struct command {
    const char *arguments[N_ARGUMENTS];
    size_t n;
    char size[32], rate[16], quality[16];
} command;

static void
add(command *call, const char *const *arguments)
{
    for (; *arguments; arguments++)
        call->arguments[call->n++] = *arguments;
    call->arguments[call->n] = NULL;
}

/* ffmpeg neither guesses nor converts: the pixels are BT.709 in limited range and tagged so. */
static void
make_command(command *call, const container *kind, const chx_video_params *params)
{
    uint32_t quality = params->quality ? params->quality : DEFAULT_QUALITY;
    snprintf(call->size, sizeof call->size, "%ux%u", params->width_px, params->height_px);
    snprintf(call->rate, sizeof call->rate, "%u", params->fps);
    snprintf(call->quality, sizeof call->quality, "%u", quality * kind->most_quality / 51);
    static const char *const colours[] = {"-color_range",     "tv",      "-colorspace", "bt709",
                                          "-color_primaries", "bt709",   "-color_trc",  "bt709",
                                          "-pix_fmt",         "yuv420p", NULL};
    add(call, general);
    add(call, (const char *const[]){"-f", "rawvideo", NULL});
    add(call, colours);
    add(call, (const char *const[]){"-video_size", call->size, "-framerate", call->rate, "-i",
                                    "pipe:0", "-an", NULL});
    add(call, kind->codec);
    add(call, colours);
    add(call, (const char *const[]){"-crf", call->quality, NULL});
}

/* Starts a command, to which the container and the file are added. */
static chx_status
start(chx_video *video, const container *kind, command *call)
{
    chx_status status = chx__output_begin(&video->output, video->path);
    if (status)
        return status;
    char *target = video->output.temporary
                       ? chx__format("file:%s", video->output.temporary)
                       : chx__format("file:/proc/self/fd/%d", CHX__ENCODER_OUTPUT);
    if (!target)
        return chx__fail_memory("opening a video");
    add(call, kind->muxer);
    add(call, (const char *const[]){target, NULL});
    status =
        chx__encoder_begin(&video->encoder, fileno(video->output.stream), call->arguments, REMEDY);
    free(target);
    return status;
}

static chx_status
open_video(const char *path, command *call, size_t frame_bytes, chx_video **video)
{
    chx_video *opening = chx__alloc(1, sizeof *opening);
    if (!opening)
        return chx__fail_memory("opening a video");
    opening->path = chx__strdup(path);
    opening->frame_bytes = frame_bytes;
    chx_status status = opening->path ? start(opening, find_container(path), call)
                                      : chx__fail_memory("opening a video");
    if (status)
        chx_video_destroy(&opening);
    else
        *video = opening;
    return status;
}

static chx_status
check_path(const char *path)
{
    if (!find_container(path))
        return chx__fail(CHX_ERROR_INVALID,
                         "%s: the extension says no known video; end it in .mp4 "
                         "or .webm",
                         path);
    struct stat found;
    if (stat(path, &found) == 0 && !S_ISREG(found.st_mode))
        return chx__fail(CHX_ERROR_FILE, "%s: not a regular file; give another name", path);
    return CHX_OK;
}

static chx_status
check_params(const char *path, const chx_video_params *params)
{
    chx_status status = check_path(path);
    if (status)
        return status;
    if (params->width_px < 2 || params->width_px > MAX_SIDE_PX || params->width_px % 2 ||
        params->height_px < 2 || params->height_px > MAX_SIDE_PX || params->height_px % 2)
        return chx__fail(CHX_ERROR_INVALID,
                         "%s: a video of %u x %u pixels; both must be even, 2 to "
                         "%u",
                         path, params->width_px, params->height_px, MAX_SIDE_PX);
    if (params->fps < 1 || params->fps > 240)
        return chx__fail(CHX_ERROR_INVALID, "%s: %u frames/s; take 1 to 240", path, params->fps);
    if (params->quality > 51)
        return chx__fail(CHX_ERROR_INVALID, "%s: quality %u; take 1 (best) to 51, or 0", path,
                         params->quality);
    return CHX_OK;
}

chx_status
chx_video_create(const char *path, const chx_video_params *params, chx_video **video)
{
    CHX__REQUIRE(path && params && video);
    chx_status status = check_params(path, params);
    if (status)
        return status;
    command call = {.n = 0};
    make_command(&call, find_container(path), params);
    return open_video(path, &call, (size_t)params->width_px * params->height_px * 3 / 2, video);
}

/* Keeps the thread's last error for later calls, with the file it belongs to. */
static chx_status
give_up(chx_video *video)
{
    char message[sizeof video->error.message];
    snprintf(message, sizeof message, "%s", chx_last_error()->message);
    chx_status status = chx__fail(chx_last_error()->status, "%s: %s", video->path, message);
    video->error = *chx_last_error();
    chx__encoder_kill(&video->encoder);
    chx__output_discard(&video->output);
    return status;
}

chx_status
chx_video_add(chx_video *video, const uint8_t *yuv420)
{
    CHX__REQUIRE(video && yuv420);
    if (video->error.status)
        return chx__fail_again(&video->error);
    CHX__REQUIRE(video->output.stream);
    if (chx__encoder_write(&video->encoder, yuv420, video->frame_bytes))
        return give_up(video);
    return CHX_OK;
}

chx_status
chx_video_finish(chx_video *video)
{
    CHX__REQUIRE(video);
    if (video->error.status)
        return chx__fail_again(&video->error);
    CHX__REQUIRE(video->output.stream);
    if (chx__encoder_end(&video->encoder))
        return give_up(video);
    chx__encoder_kill(&video->encoder);
    if (chx__output_commit(&video->output)) {
        video->error = *chx_last_error();
        return video->error.status;
    }
    return CHX_OK;
}

void
chx_video_destroy(chx_video **video)
{
    if (!video || !*video)
        return;
    chx__encoder_kill(&(*video)->encoder);
    chx__output_discard(&(*video)->output);
    free((*video)->path);
    free(*video);
    *video = NULL;
}

/* A line of the list: its words are in single quotes, each of their own is outside of them. */
static chx_status
name_piece(chx__encoder *encoder, const char *path)
{
    chx_status status = chx__encoder_write(encoder, "file 'file:", 11);
    while (!status && *path) {
        const size_t n = strcspn(path, "'");
        status =
            n > 0 ? chx__encoder_write(encoder, path, n) : chx__encoder_write(encoder, "'\\''", 4);
        path += n > 0 ? n : 1;
    }
    return status ? status : chx__encoder_write(encoder, "'\n", 2);
}

chx_status
chx_video_join(const char *path, const char *const *pieces, size_t n_pieces)
{
    CHX__REQUIRE(path && pieces && n_pieces > 0);
    chx_status status = check_path(path);
    if (status)
        return status;
    chx_video *video;
    command call = {.n = 0};
    add(&call, general);
    add(&call, (const char *const[]){"-protocol_whitelist", "file,pipe", "-f", "concat", "-safe",
                                     "0", "-i", "pipe:0", "-c", "copy", NULL});
    status = open_video(path, &call, 0, &video);
    if (status)
        return status;
    for (size_t i = 0; i < n_pieces && !status; i++)
        if (name_piece(&video->encoder, pieces[i]))
            status = give_up(video);
    if (!status)
        status = chx_video_finish(video);
    chx_video_destroy(&video);
    return status;
}
