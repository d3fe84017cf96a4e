/* A rendering: what to draw, and everything that is alive while it is drawn. */
#ifndef CHRONAXIE_RENDERING_H
#define CHRONAXIE_RENDERING_H

#include <stdbool.h>
#include <stdint.h>

#include <xxhash.h>

#include "checkpoint.h"
#include "flight.h"
#include "reel.h"
#include "session.h"
#include "verification.h"

#define MOST_MOMENTS 16u
#define RUNS_REMEMBERED (2 * FLIGHT_DEPTH) /* more than are under way */

/* One of the pictures that a run draws. */
struct moment {
    struct rendering *rendering;
    uint32_t index;
    chx_scene *scene;
};

struct rendering {
    /* asked for */
    session_params params;
    const char *output;
    bool is_video; /* by the ending of output */
    double start_ms;
    double at_ms; /* of a still */
    bool has_at;
    uint32_t size_px[2];
    uint32_t fps;
    uint32_t quality;
    double speed; /* 0 takes the network's */
    double orbit_deg;
    double zoom; /* these override the network's view when given */
    double azimuth_deg;
    double elevation_deg;
    double roll_deg;
    bool has_zoom;
    bool has_azimuth;
    bool has_elevation;
    bool has_roll;
    const char *plane; /* name of a view, NULL for the network's */
    const char *background; /* name of a background, NULL for black */
    bool connections;
    bool no_connections;
    const char *colour_by; /* name of what colours mean, NULL for spikes */
    const char *centre; /* name of a neuron, NULL for the whole */
    chx_scene_params scene_params;
    struct checkpoint checkpoint; /* of a film */
    struct verification verification;

    /* alive */
    struct session session;
    struct moment moments[MOST_MOMENTS]; /* that a run draws side by side, so that each device has
                                            pictures of its own */
    uint32_t n_moments;
    uint32_t n_wanted[RUNS_REMEMBERED]; /* of the pictures of each run, by its number; those behind
                                           are not kept */
    uint32_t max_steps; /* before each picture */
    chx_graph *graph;
    chx_plan *plan;
    uint64_t first_run; /* of the graph, among those of the flight */
    chx_camera camera;
    struct flight flight;
    struct reel reel;
    /* Sets and submits a run of n frames; a run of none lets the simulation be whole. */
    chx_status (*submit)(struct rendering *rendering, uint64_t first, uint32_t n);
    struct frames *gathered; /* where frames go that are compared; NULL: they are kept as they come
                              */
    uint64_t begun_frame; /* that a state or the first frame to draw stands before, from which the
                             drawing may begin anew */
    uint64_t next_frame; /* that is handed over; one that was kept before it began anew is not kept
                            again */
    uint64_t n_kept; /* frames of all processes */
    uint64_t digest; /* of all pixels so far: each frame's begins with that of those before */
    chx_error frame_error; /* why a frame could not be kept; it happened on another thread */

    /* done */
    uint64_t n_frames;
    uint64_t first_frame; /* which this process drew */
    uint64_t asked; /* digest of what decides the frames of a film with a checkpoint */
    bool has_saved; /* what others can go on from, */
    uint64_t n_saved; /* after so many frames */
    chx_spike *earlier; /* taken from simulations, of this process and of those before */
    size_t n_earlier;
    size_t n_spikes; /* found within simulated_ms of network time */
    double simulated_ms;
    double end_ms; /* network time of the last frame */
    double ready_s; /* from the start of the command until the first submit */
    double wall_s; /* from there until the last frame was kept */
};

/* Makes the simulation. Says what fails; returns the exit code. */
int rendering_renew(struct rendering *rendering);

/* Advances it by n_steps without drawing. Says what fails; returns the exit code. */
int rendering_advance(struct rendering *rendering, uint64_t n_steps);

/* Does both. */
int rendering_simulate(struct rendering *rendering, uint64_t n_steps);

/* Makes scenes, graph and plan for a session whose simulation stands at the first moment to draw.
 * A run of the graph draws n_moments pictures, and advances up to max_steps steps before each. Says
 * what fails; returns the exit code. */
int rendering_prepare(struct rendering *rendering, uint32_t n_moments, uint32_t max_steps);

/* Makes scenes, graph and plan again, of another session, with the camera that was chosen. */
chx_status rendering_stage(struct rendering *rendering);

/* Releases them, when nothing is under way. */
void rendering_strike(struct rendering *rendering);

/* Submits a run, of whose pictures the first n_wanted are kept. */
chx_status rendering_submit(struct rendering *rendering, uint32_t n_wanted);

/* Keeps the next frame: appends it to the film, or writes the picture. */
chx_status rendering_keep_frame(struct rendering *rendering, const uint8_t *pixels,
                                size_t size_bytes);

/* Keeps why a frame or a file was not written, which is told instead of what follows from it.
 * Returns the status. */
chx_status rendering_keep_error(struct rendering *rendering, chx_status status);

/* Draws by a function, from begun_frame on; again, where a device that failed is done without in
 * what is verified. Says what fails; returns the exit code. */
typedef chx_status (*rendering_fn)(struct rendering *rendering);
int rendering_draw(struct rendering *rendering, rendering_fn draw);

/* Draws everything; each says what fails and returns the exit code. */
int rendering_still(struct rendering *rendering);
int rendering_film(struct rendering *rendering);

/* Appends spikes to earlier ones; false when memory ran out. */
bool rendering_add_spikes(struct rendering *rendering, const chx_spike *spikes, size_t n_spikes);

/* The same with what the simulation has brought. */
chx_status rendering_take_spikes(struct rendering *rendering);

#endif
