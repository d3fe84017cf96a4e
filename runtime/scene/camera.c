/* Orthographic: one scale for the whole picture. Everything is worked out in double and handed over
 * as floats once; kernels round each point to fixed point once and are integer from there on.
 *
 * The fit holds for every azimuth: each point is known by its distance along and from the axis
 * that azimuth turns about, so the scale does not change while the camera turns. Nearness maps
 * the depth of the network's own box to CHX_NEAR_MAX by a factor and a shift, chosen as large as
 * 31 bits allow. */
#include "scene/camera.h"

#include <math.h>

#define DEGREES (3.14159265358979323846 / 180)

bool
chx__camera_valid(const chx_camera *camera)
{
    bool finite = isfinite(camera->azimuth_deg) && isfinite(camera->elevation_deg) &&
                  isfinite(camera->roll_deg) && isfinite(camera->zoom);
    for (int k = 0; k < 3; k++)
        finite = finite && isfinite(camera->centre_um[k]);
    return finite && camera->zoom >= 0.01 && camera->zoom <= 10000;
}

/* a and b turned towards each other by an angle. */
static void
turn(double a[3], double b[3], double degrees)
{
    double c = cos(degrees * DEGREES);
    double s = sin(degrees * DEGREES);
    for (int k = 0; k < 3; k++) {
        double old = a[k];
        a[k] = c * old + s * b[k];
        b[k] = c * b[k] - s * old;
    }
}

/* Right, up and towards the viewer; the geometry's axes when azimuth, elevation and roll are 0. */
static void
orient(const chx__geometry *geometry, const chx_camera *camera, double axes[3][3])
{
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            axes[i][k] = geometry->axes[i][k];
    int spin = geometry->spin;
    turn(axes[1 - spin], axes[2], camera->azimuth_deg);
    turn(axes[spin], axes[2], spin ? -camera->elevation_deg : camera->elevation_deg);
    turn(axes[0], axes[1], -camera->roll_deg);
}

/* Pixels per um at which every point stays on the stage at any azimuth. */
static double
fit(const chx__geometry *geometry, const chx_camera *camera, const chx__stage *stage)
{
    double ce = fabs(cos(camera->elevation_deg * DEGREES));
    double se = fabs(sin(camera->elevation_deg * DEGREES));
    double cr = fabs(cos(camera->roll_deg * DEGREES));
    double sr = fabs(sin(camera->roll_deg * DEGREES));
    double half_x = 1e-6;
    double half_y = 1e-6;
    for (uint32_t i = 0; i < geometry->n_outline; i++) {
        const chx__reach *reach = &geometry->outline[i];
        double along = ce * reach->along_um + se * reach->away_um;
        double x = geometry->spin ? reach->away_um : along;
        double y = geometry->spin ? along : reach->away_um;
        half_x = fmax(half_x, cr * x + sr * y);
        half_y = fmax(half_y, sr * x + cr * y);
    }
    return fmin(stage->width_px * stage->share_x / (2 * half_x),
                stage->height_px * stage->share_y / (2 * half_y));
}

static void
set_row(float row[4], const double axis[3], double scale)
{
    for (int k = 0; k < 3; k++)
        row[k] = (float)(axis[k] * scale);
    row[3] = 0;
}

/* The depth that the network's own box spans becomes the range of nearness. */
static void
set_depth(const chx__geometry *geometry, const chx_camera *camera, chx__projection *made)
{
    double middle = 0;
    double half = 0;
    for (int i = 0; i < 3; i++) {
        double turned = 0;
        for (int k = 0; k < 3; k++)
            turned += made->rows[2][k] * geometry->axes[i][k];
        half += fabs(turned) * geometry->half_um[i];
        middle += made->rows[2][i] * (geometry->centre_um[i] - camera->centre_um[i]);
    }
    double q8 = made->scale * 256;
    double range = fmax(2 * half * q8, 1);
    made->depth[0] = (int32_t)fmax(-1e9, fmin((middle - half) * q8, 1e9));
    int shift = 0;
    while (shift < 40 && CHX_NEAR_MAX / range * ldexp(1, shift + 1) < 1e9)
        shift++;
    made->depth[1] = (int32_t)(CHX_NEAR_MAX / range * ldexp(1, shift));
    made->depth[2] = shift;
    made->depth[3] = 0;
}

void
chx__projection_make(const chx__geometry *geometry, const chx_camera *camera,
                     const chx__stage *stage, chx__projection *projection)
{
    chx__projection made = {0};
    double axes[3][3];
    orient(geometry, camera, axes);
    made.scale = fit(geometry, camera, stage) * camera->zoom;
    made.origin_px[0] = stage->width_px / 2.0;
    made.origin_px[1] = stage->height_px / 2.0;
    for (int k = 0; k < 3; k++) {
        made.rows[0][k] = axes[0][k];
        made.rows[1][k] = -axes[1][k];
        made.rows[2][k] = axes[2][k];
        made.centre[k] = camera->centre_um[k];
    }
    set_row(made.row_x, made.rows[0], made.scale);
    set_row(made.row_y, made.rows[1], made.scale);
    set_row(made.row_z, made.rows[2], made.scale);
    made.origin[0] = (float)made.origin_px[0];
    made.origin[1] = (float)made.origin_px[1];
    made.origin[2] = (float)made.scale;
    set_depth(geometry, camera, &made);
    *projection = made;
}
