/*
 * Pictures and video on disk, and plots of spikes.
 *
 * Everything is written to a temporary name beside the target and renamed
 * when complete, so a failure leaves no half-written file.
 */
#ifndef CHRONAXIE_PICTURE_H
#define CHRONAXIE_PICTURE_H

#include <chronaxie/scene.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Writes 8-bit sRGB pixels (3 x width x height bytes, rows from the top) as PNG. Errors: FILE,
 * INVALID, MEMORY. Any thread. */
CHX_API chx_status chx_png_write(const char *path, uint32_t width_px, uint32_t height_px,
                                 const uint8_t *rgb);

/* The same with alpha: 4 x width x height bytes, not premultiplied. */
CHX_API chx_status chx_png_write_rgba(const char *path, uint32_t width_px, uint32_t height_px,
                                      const uint8_t *rgba);

/* Reads a PNG as 8-bit RGB; the caller frees *rgb with free(). Errors: FILE, FORMAT, LIMIT beyond
 * 16384 pixels a side, MEMORY. */
CHX_API chx_status chx_png_read(const char *path, uint32_t *width_px, uint32_t *height_px,
                                uint8_t **rgb);

typedef struct chx_video chx_video;

typedef struct chx_video_params {
    uint32_t width_px; /* even */
    uint32_t height_px; /* even */
    uint32_t fps; /* 1 .. 240 */
    uint32_t quality; /* constant rate factor, 1 (best) .. 51; 0 means 18 */
} chx_video_params;

/* Starts the `ffmpeg` program; the container follows from path: .mp4 (H.264 yuv420p) or .webm
 * (VP9). Errors: PROGRAM when ffmpeg is missing, INVALID for another extension, FILE. */
CHX_API chx_status chx_video_create(const char *path, const chx_video_params *params,
                                    chx_video **video);

/* Appends one frame of CHX_PIXELS_YUV420. Blocks while the encoder is behind. Errors: PROGRAM with
 * what ffmpeg said. */
CHX_API chx_status chx_video_add(chx_video *video, const uint8_t *yuv420);

/* Ends the video and renames it into place; after an error nothing remains. */
CHX_API chx_status chx_video_finish(chx_video *video);

/* Joins videos of the same kind, size, rate and quality, each whole, to one, without encoding them
 * again: it has their frames in order. Their times fit exactly where all but the last take whole
 * seconds. Blocks; after an error nothing remains. Errors: PROGRAM with what ffmpeg said, INVALID
 * for another extension, FILE. */
CHX_API chx_status chx_video_join(const char *path, const char *const *pieces, size_t n_pieces);

/* Clears *video; accepts NULL. A video that was not finished is removed. */
CHX_API void chx_video_destroy(chx_video **video);

/* Draws a raster plot on the runtime's devices: one dot per spike, time to the right, neurons
 * grouped by type and labelled, axes with units, population rate below. Writes PNG. */
CHX_API chx_status chx_raster_write(chx_runtime *runtime, const chx_network *network,
                                    const chx_spike *spikes, size_t n_spikes, double duration_ms,
                                    uint32_t width_px, uint32_t height_px, const char *path);

#ifdef __cplusplus
}
#endif

#endif
