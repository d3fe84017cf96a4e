/*
 * A scene: draws a network's neurons and their activity.
 *
 * Orthographic camera, so the scale bar holds everywhere in the picture. All
 * rasterisation is in integers, so pixels are the same bits on any device and
 * for any number of bands. A frame is drawn by tasks in a graph; the picture
 * arrives in a host function.
 *
 * Queries of NULL give 0 and write nothing.
 */
#ifndef CHRONAXIE_SCENE_H
#define CHRONAXIE_SCENE_H

#include <chronaxie/simulation.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct chx_scene chx_scene;

typedef enum chx_colour_map {
    CHX_COLOUR_INFERNO = 0,
    CHX_COLOUR_CIVIDIS,
} chx_colour_map;

typedef enum chx_background {
    CHX_BACKGROUND_BLACK = 0, /* branches and spikes shine */
    CHX_BACKGROUND_WHITE, /* for print: they take light away from paper as ink does */
} chx_background;

/* What colours mean. Only with SPIKE is light drawn; otherwise activity does not show. */
typedef enum chx_colour_by {
    CHX_COLOUR_BY_SPIKE = 0, /* light by the time since a spike, over the colour of the type */
    CHX_COLOUR_BY_TYPE,
    CHX_COLOUR_BY_COMPARTMENT, /* soma, axon, dendrite, apical dendrite, other */
    CHX_COLOUR_BY_ID, /* neurons apart, by index; 63 colours come round */
} chx_colour_by;

/* Synapses as thin curves between somata, coloured by sign. Of more than 2,000 an even sample is
 * drawn; the legend says so. */
typedef enum chx_connections {
    CHX_CONNECTIONS_AUTO = 0, /* shown when the network has no branches */
    CHX_CONNECTIONS_SHOWN,
    CHX_CONNECTIONS_HIDDEN,
} chx_connections;

typedef enum chx_pixel_format {
    CHX_PIXELS_RGB = 0, /* 8-bit sRGB, 3 bytes a pixel, rows from top to bottom */
    CHX_PIXELS_RGBA, /* the same and alpha, not premultiplied: over black it is the RGB picture of
                        CHX_BACKGROUND_BLACK; bodies and letters are opaque, what is empty clear */
    CHX_PIXELS_YUV420, /* 8-bit BT.709 limited range: plane Y, then U and V at half size each way */
} chx_pixel_format;

/* A finished picture, borrowed during the callback. */
typedef struct chx_frame {
    uint32_t width_px;
    uint32_t height_px;
    chx_pixel_format format;
    const uint8_t *pixels;
    size_t size_bytes;
    uint64_t index; /* counts runs of the graph from 0 */
} chx_frame;

/* Receives each frame in order, on a host thread. A result other than CHX_OK fails the run. */
typedef chx_status (*chx_frame_fn)(void *data, const chx_frame *frame);

/* Options; all zeroes means the defaults. */
typedef struct chx_scene_params {
    uint32_t width_px; /* even, 64 .. 8192; 0 means 1920 */
    uint32_t height_px; /* even, 64 .. 8192; 0 means 1080 */
    chx_colour_map colour_map;
    chx_pixel_format format;
    uint32_t n_bands; /* horizontal bands, tasks of their own; 0 lets the runtime choose */
    bool axes; /* with labels: x, y and z of the data in the lower left corner */
    bool no_labels; /* leave out scale bar, time, colour bar and counts */
    bool has_plane; /* show plane, turned by nothing, instead of the network's own view */
    chx_plane plane;
    chx_colour_by colour_by;
    chx_background background;
    chx_connections connections;
    bool no_int64_atomics; /* take the 32-bit path on every device; same pixels */
    bool still; /* zoom 1 fits the camera's own azimuth; else all of them, so that turning it
                   does not change the scale */
} chx_scene_params;

/* What one frame shows. */
typedef struct chx_camera {
    double
        azimuth_deg; /* about the network's longest axis, in planes of the data the upright one */
    double elevation_deg;
    double roll_deg;
    double zoom; /* 1 frames the network, without what lies far from most of it */
    float centre_um[3]; /* looked at */
} chx_camera;

/* Prepares geometry and buffers for drawing the simulation's network; the simulation is borrowed.
 * Errors: INVALID, LIMIT, MEMORY. */
CHX_API chx_status chx_scene_create(chx_runtime *runtime, chx_simulation *simulation,
                                    const chx_scene_params *params, chx_scene **scene);

/* Makes one more scene of the same, with which a graph draws another moment beside the first: after
 * each time that the simulation was built into the graph, another is built, and each has its time
 * set before a submit. What never changes is the first's, which must outlive it. Pictures are
 * handed over in the order of building. Errors: MEMORY, LIMIT. */
CHX_API chx_status chx_scene_create_like(chx_scene *like, chx_scene **scene);

/* Clears *scene; accepts NULL. Graphs it was added to must have been destroyed. */
CHX_API void chx_scene_destroy(chx_scene **scene);

/* The camera that the network's view asks for: frames all branches with a margin, and beside the
 * labels; but not the few that lie 20 times as far from the middle as most do. */
CHX_API void chx_scene_default_camera(const chx_scene *scene, chx_camera *camera);

/* Moves the camera for frames submitted from now on. Errors: INVALID for non-finite numbers or
 * zoom outside [0.01, 10000]. */
CHX_API chx_status chx_scene_set_camera(chx_scene *scene, const chx_camera *camera);

/* Pixels per micrometre with the current camera. */
CHX_API double chx_scene_scale_px_per_um(const chx_scene *scene);

/* Where a point of the network falls in the picture with the current camera; x to the right, y
 * down, pixels from the top left corner. */
CHX_API void chx_scene_project(const chx_scene *scene, const float position_um[3], double *x_px,
                               double *y_px);

/* Appends the tasks that draw one frame per run of the graph, after the simulation's tasks in it,
 * and the host task that hands the picture to `frame`. A scene can be in one graph. */
CHX_API chx_status chx_scene_build(chx_scene *scene, chx_graph *graph, chx_frame_fn frame,
                                   void *data);

/* Sets the network time that the next run draws, ms, and speed for the label (network time over
 * video time; 0 leaves it out, for stills); call before each submit. */
CHX_API chx_status chx_scene_set_time(chx_scene *scene, double time_ms, double speed);

#ifdef __cplusplus
}
#endif

#endif
