/* Orthographic: one scale for the whole picture. Everything is worked out in double and handed over
 * as floats once; kernels round each point to fixed point once and are integer from there on.
 *
 * A fit for every azimuth knows a part by its distance along and from the axis that azimuth turns
 * about, so the scale does not change while the camera turns; a still one by the rectangle that it
 * falls on. The network is then as large as leaves every part within the margin and outside the
 * corners that labels keep. Nearness maps the depth of the network's own box to CHX_NEAR_MAX by a
 * factor and a shift, chosen as large as 31 bits allow. */
#include "scene/camera.h"

#include <math.h>

/* Of halos: pixels in a picture of 1080 rows, and in small ones. */
#define HALO_PX 2.0
#define LEAST_HALO_PX 1.75

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

/* Where a part falls, um from the middle of the picture, y down. */
typedef struct shadow {
    double x0, y0, x1, y1;
} shadow;

/* How parts fall into the picture. */
typedef struct aim {
    bool still;
    int spin;
    double rows[2][3]; /* right and down, along the geometry's axes */
    double ce, se, cr, sr; /* absolute cosines and sines of elevation and roll */
} aim;

static aim
aim_of(const chx__geometry *geometry, const chx_camera *camera, bool still, double axes[3][3])
{
    aim made = {.still = still, .spin = geometry->spin};
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 3; k++)
            for (int j = 0; j < 3; j++)
                made.rows[i][k] += (i ? -1 : 1) * axes[i][j] * geometry->axes[k][j];
    made.ce = fabs(cos(camera->elevation_deg * DEGREES));
    made.se = fabs(sin(camera->elevation_deg * DEGREES));
    made.cr = fabs(cos(camera->roll_deg * DEGREES));
    made.sr = fabs(sin(camera->roll_deg * DEGREES));
    return made;
}

static shadow
shadow_still(const chx__part *part, const aim *by)
{
    double middle[2], half[2];
    for (int i = 0; i < 2; i++) {
        middle[i] = 0;
        half[i] = part->radius_um;
        for (int k = 0; k < 3; k++) {
            middle[i] += by->rows[i][k] * part->at_um[k];
            half[i] += fabs(by->rows[i][k]) * part->half_um[k];
        }
    }
    return (shadow){middle[0] - half[0], middle[1] - half[1], middle[0] + half[0],
                    middle[1] + half[1]};
}

/* At any azimuth; the same on all four sides. */
static shadow
shadow_turning(const chx__part *part, const aim *by)
{
    double far[3];
    for (int k = 0; k < 3; k++)
        far[k] = fabs(part->at_um[k]) + part->half_um[k];
    double reach = far[by->spin] + part->radius_um;
    double away = sqrt(far[1 - by->spin] * far[1 - by->spin] + far[2] * far[2]) + part->radius_um;
    double along = by->ce * reach + by->se * away;
    double x = by->spin ? away : along;
    double y = by->spin ? along : away;
    double half_x = by->cr * x + by->sr * y;
    double half_y = by->sr * x + by->cr * y;
    return (shadow){-half_x, -half_y, half_x, half_y};
}

static shadow
shadow_of(const chx__part *part, const aim *by)
{
    return by->still ? shadow_still(part, by) : shadow_turning(part, by);
}

/* The largest scale up to `scale` at which a part stays out of the corner that a block fills. */
static double
clear_block(const chx__stage *stage, const chx__block *block, const shadow *on, double scale)
{
    bool left = block->x0_px < stage->width_px - block->x1_px;
    bool above = block->y0_px < stage->height_px - block->y1_px;
    double edge_x =
        left ? stage->width_px / 2.0 - block->x1_px : block->x0_px - stage->width_px / 2.0;
    double edge_y =
        above ? stage->height_px / 2.0 - block->y1_px : block->y0_px - stage->height_px / 2.0;
    double x = left ? -on->x0 : on->x1;
    double y = above ? -on->y0 : on->y1;
    edge_y = fmax(edge_y, stage->height_px / 4.0);
    double slack = 1 + 1e-9;
    if (scale * x <= edge_x * (edge_x > 0 ? slack : 1) || scale * y <= edge_y * slack)
        return scale;
    double beside = edge_x > 0 ? edge_x / x : 0;
    return fmin(scale, fmax(beside, edge_y / y));
}

/* Pixels per um at which every part stays on the stage. A smaller scale may move a part under a
 * long title, hence the rounds; a last one that still finds some keeps what it has. */
static double
fit(const chx__geometry *geometry, const chx_camera *camera, const chx__stage *stage,
    double axes[3][3])
{
    aim by = aim_of(geometry, camera, stage->still, axes);
    double half_x = 1e-6;
    double half_y = 1e-6;
    for (uint32_t i = 0; i < geometry->n_parts; i++) {
        shadow on = shadow_of(&geometry->parts[i], &by);
        half_x = fmax(half_x, fmax(-on.x0, on.x1));
        half_y = fmax(half_y, fmax(-on.y0, on.y1));
    }
    double scale = fmin(stage->width_px * stage->share / (2 * half_x),
                        stage->height_px * stage->share / (2 * half_y));
    double before = 0;
    for (int round = 0; round < 16 && before != scale; round++) {
        before = scale;
        for (uint32_t i = 0; i < geometry->n_parts; i++) {
            shadow on = shadow_of(&geometry->parts[i], &by);
            for (uint32_t k = 0; k < stage->n_blocks; k++)
                scale = clear_block(stage, &stage->blocks[k], &on, scale);
        }
    }
    return scale;
}

static void
set_row(float row[4], const double axis[3], double scale)
{
    for (int k = 0; k < 3; k++)
        row[k] = (float)(axis[k] * scale);
    row[3] = 0;
}

/* The depth that the network's own box spans becomes the range of nearness. Halos grow with the
 * picture. */
static void
set_depth(const chx__geometry *geometry, const chx_camera *camera, uint32_t height_px,
          chx__projection *made)
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
    made->depth[3] = (int32_t)fmax(HALO_PX * 256 * height_px / 1080, LEAST_HALO_PX * 256);
}

void
chx__projection_make(const chx__geometry *geometry, const chx_camera *camera,
                     const chx__stage *stage, chx__projection *projection)
{
    chx__projection made = {0};
    double axes[3][3];
    orient(geometry, camera, axes);
    made.scale = fit(geometry, camera, stage, axes) * camera->zoom;
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
    set_depth(geometry, camera, stage->height_px, &made);
    *projection = made;
}
