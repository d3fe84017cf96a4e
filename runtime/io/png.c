/* libpng reports errors by a jump, so whatever lives across it is outside of the function that
 * calls setjmp, and nothing is allocated between. Pictures are sRGB. Speed comes before size: no
 * filter and the lowest level are several times as fast on mostly black pictures. A file appears
 * whole or not at all. */
#include <chronaxie/picture.h>

#include <errno.h>
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"

#define MAX_SIDE_PX 16384u

/* Where libpng jumps to, and what it said. */
typedef struct failure {
    jmp_buf jump;
    char message[128];
} failure;

static void
take_error(png_structp png, png_const_charp message)
{
    failure *failed = png_get_error_ptr(png);
    snprintf(failed->message, sizeof failed->message, "%s", message);
    longjmp(failed->jump, 1);
}

static void
ignore_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

typedef struct raster {
    uint32_t width_px, height_px;
    uint32_t n_channels; /* 3, or 4 with alpha */
    const uint8_t *pixels;
} raster;

/* The rest of encode(), apart so that no local variable lives across the jump. */
static void
write_image(png_structp png, png_infop info, FILE *stream, const raster *image)
{
    png_init_io(png, stream);
    png_set_IHDR(png, info, image->width_px, image->height_px, 8,
                 image->n_channels == 4 ? PNG_COLOR_TYPE_RGBA : PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_sRGB_gAMA_and_cHRM(png, info, PNG_sRGB_INTENT_PERCEPTUAL);
    /* Four times faster than the defaults, on pictures that are mostly black. */
    png_set_compression_level(png, 1);
    png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_NONE);
    png_write_info(png, info);
    for (uint32_t y = 0; y < image->height_px; y++)
        png_write_row(png, image->pixels + (size_t)y * image->width_px * image->n_channels);
    png_write_end(png, info);
}

static chx_status
encode(const char *path, FILE *stream, const raster *image)
{
    failure failed;
    png_structp png =
        png_create_write_struct(PNG_LIBPNG_VER_STRING, &failed, take_error, ignore_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    chx_status status = CHX_OK;
    if (!info)
        status = chx__fail_memory("writing a PNG");
    else if (setjmp(failed.jump) == 0)
        write_image(png, info, stream, image);
    else
        status = chx__fail(CHX_ERROR_FILE, "%s: cannot write: %s; check the space left", path,
                           errno ? strerror(errno) : failed.message);
    png_destroy_write_struct(&png, &info);
    return status;
}

static chx_status
write_file(const char *path, const raster *image)
{
    CHX__REQUIRE(path && image->pixels);
    CHX__REQUIRE(image->width_px >= 1 && image->width_px <= MAX_SIDE_PX);
    CHX__REQUIRE(image->height_px >= 1 && image->height_px <= MAX_SIDE_PX);
    chx__output output;
    chx_status status = chx__output_begin(&output, path);
    if (status)
        return status;
    errno = 0;
    status = encode(path, output.stream, image);
    if (!status)
        return chx__output_commit(&output);
    chx__output_discard(&output);
    return status;
}

chx_status
chx_png_write(const char *path, uint32_t width_px, uint32_t height_px, const uint8_t *rgb)
{
    const raster image = {width_px, height_px, 3, rgb};
    return write_file(path, &image);
}

chx_status
chx_png_write_rgba(const char *path, uint32_t width_px, uint32_t height_px, const uint8_t *rgba)
{
    const raster image = {width_px, height_px, 4, rgba};
    return write_file(path, &image);
}

static chx_status
decode(png_image *image, const char *path, uint8_t **rgb)
{
    if (image->width > MAX_SIDE_PX || image->height > MAX_SIDE_PX)
        return chx__fail(CHX_ERROR_LIMIT,
                         "%s: %u x %u pixels are more than %u a side; scale it down", path,
                         image->width, image->height, MAX_SIDE_PX);
    image->format = PNG_FORMAT_RGB;
    uint8_t *pixels = chx__alloc(image->height, (size_t)image->width * 3);
    if (!pixels)
        return chx__fail_memory("reading a PNG");
    static const png_color black;
    if (!png_image_finish_read(image, &black, pixels, 0, NULL)) {
        free(pixels);
        return chx__fail(CHX_ERROR_FORMAT, "%s: not a sound PNG: %s", path, image->message);
    }
    *rgb = pixels;
    return CHX_OK;
}

chx_status
chx_png_read(const char *path, uint32_t *width_px, uint32_t *height_px, uint8_t **rgb)
{
    CHX__REQUIRE(path && width_px && height_px && rgb);
    FILE *stream = fopen(path, "rbe");
    if (!stream)
        return chx__fail(CHX_ERROR_FILE, "%s: cannot open: %s", path, strerror(errno));
    png_image image = {.version = PNG_IMAGE_VERSION};
    chx_status status;
    if (png_image_begin_read_from_stdio(&image, stream))
        status = decode(&image, path, rgb);
    else
        status = chx__fail(CHX_ERROR_FORMAT, "%s: not a PNG: %s", path, image.message);
    if (!status) {
        *width_px = image.width;
        *height_px = image.height;
    }
    png_image_free(&image);
    fclose(stream);
    return status;
}
