/* Frames go to ffmpeg as they come, BT.709 in limited range on both sides, so that it neither
 * guesses nor converts. It writes to a reserved name beside the target, which is renamed when it
 * has ended well: a video that exists is whole. The first failure is kept, ends the child and is
 * what all later calls return; so a caller that adds frames from a host task sees it at the next
 * one.
 *
 * Quality is x264's scale of 51 and mapped to that of the container. */
#include <chronaxie/picture.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "io/encoder.h"

#define DEFAULT_QUALITY 18
#define MAX_SIDE_PX 16384u
#define N_ARGUMENTS 64
#define REMEDY "install it with: apt install ffmpeg"

struct chx_video {
    char *path;
    char *temporary; /* NULL once it was renamed or removed */
    size_t frame_bytes;
    chx__encoder encoder;
    chx_error error; /* of the call that failed first */
};

/* What a container needs to be told. */
typedef struct container {
    const char *extension;
    const char *format;
    const char *const *options; /* ends with NULL */
    uint32_t most_quality; /* the worst constant rate factor */
} container;

/* veryfast encodes a mostly black 1080p picture at several times 30 frames/s on one core. */
static const char *const mp4_options[] = {"-c:v",      "libx264",    "-preset", "veryfast",
                                          "-movflags", "+faststart", NULL};
static const char *const webm_options[] = {"-c:v",      "libvpx-vp9", "-b:v",      "0",
                                           "-deadline", "realtime",   "-cpu-used", "8",
                                           "-row-mt",   "1",          NULL};

static const container containers[] = {
    {".mp4", "mp4", mp4_options, 51},
    {".webm", "webm", webm_options, 63},
};

static const container *
find_container(const char *path)
{
    size_t length = strlen(path);
    for (size_t i = 0; i < sizeof containers / sizeof *containers; i++) {
        size_t suffix = strlen(containers[i].extension);
        if (length > suffix && strcmp(path + length - suffix, containers[i].extension) == 0)
            return &containers[i];
    }
    return NULL;
}

/* The arguments of ffmpeg, with room for the numbers among them. */
typedef struct command {
    const char *arguments[N_ARGUMENTS];
    size_t n;
    char size[32], rate[16], quality[16];
    char *target;
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
    add(call, (const char *const[]){"ffmpeg", "-hide_banner", "-nostdin", "-loglevel", "error",
                                    "-xerror", "-y", "-f", "rawvideo", NULL});
    add(call, colours);
    add(call, (const char *const[]){"-video_size", call->size, "-framerate", call->rate, "-i",
                                    "pipe:0", "-an", NULL});
    add(call, kind->options);
    add(call, colours);
    add(call, (const char *const[]){"-crf", call->quality, "-f", kind->format, call->target, NULL});
}

/* Reserves a name beside the target. It keeps the extension for those who look into the folder. */
static chx_status
reserve(const char *path, const char *extension, char **temporary)
{
    for (unsigned attempt = 0;; attempt++) {
        char *name = chx__format("%s.%ld-%u%s", path, (long)getpid(), attempt, extension);
        if (!name)
            return chx__fail_memory("opening a video");
        int descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (descriptor >= 0) {
            close(descriptor);
            *temporary = name;
            return CHX_OK;
        }
        free(name);
        if (errno != EEXIST || attempt == 10000)
            return chx__fail(CHX_ERROR_FILE, "%s: cannot create: %s", path, strerror(errno));
    }
}

static chx_status
start(chx_video *video, const container *kind, const chx_video_params *params)
{
    chx_status status = reserve(video->path, kind->extension, &video->temporary);
    if (status)
        return status;
    command call = {.target = chx__format("file:%s", video->temporary)};
    if (!call.target)
        return chx__fail_memory("opening a video");
    make_command(&call, kind, params);
    status = chx__encoder_begin(&video->encoder, call.arguments, REMEDY);
    free(call.target);
    return status;
}

static chx_status
check_params(const char *path, const chx_video_params *params)
{
    if (!find_container(path))
        return chx__fail(CHX_ERROR_INVALID,
                         "%s: the extension says no known video; end it in .mp4 "
                         "or .webm",
                         path);
    struct stat found;
    if (stat(path, &found) == 0 && !S_ISREG(found.st_mode))
        return chx__fail(CHX_ERROR_FILE, "%s: not a regular file; give another name", path);
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
    chx_video *opening = chx__alloc(1, sizeof *opening);
    if (!opening)
        return chx__fail_memory("opening a video");
    opening->path = chx__strdup(path);
    opening->frame_bytes = (size_t)params->width_px * params->height_px * 3 / 2;
    status = opening->path ? start(opening, find_container(path), params)
                           : chx__fail_memory("opening a video");
    if (status)
        chx_video_destroy(&opening);
    else
        *video = opening;
    return status;
}

static void
remove_temporary(chx_video *video)
{
    if (video->temporary)
        unlink(video->temporary);
    free(video->temporary);
    video->temporary = NULL;
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
    remove_temporary(video);
    return status;
}

chx_status
chx_video_add(chx_video *video, const uint8_t *yuv420)
{
    CHX__REQUIRE(video && yuv420);
    if (video->error.status)
        return chx__fail_again(&video->error);
    CHX__REQUIRE(video->temporary);
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
    CHX__REQUIRE(video->temporary);
    if (chx__encoder_end(&video->encoder))
        return give_up(video);
    if (rename(video->temporary, video->path) != 0) {
        chx__fail(CHX_ERROR_FILE, "cannot rename it into place: %s", strerror(errno));
        return give_up(video);
    }
    chx__encoder_kill(&video->encoder);
    free(video->temporary);
    video->temporary = NULL;
    return CHX_OK;
}

void
chx_video_destroy(chx_video **video)
{
    if (!video || !*video)
        return;
    chx__encoder_kill(&(*video)->encoder);
    remove_temporary(*video);
    free((*video)->path);
    free(*video);
    *video = NULL;
}
