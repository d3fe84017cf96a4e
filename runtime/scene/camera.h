/* The camera: from where a geometry is looked at, as numbers for the device. Orthographic. */
#ifndef CHX_SCENE_CAMERA_H
#define CHX_SCENE_CAMERA_H

#include <chronaxie/scene.h>

#include "scene/geometry.h"
#include "scene/labels.h"

typedef struct chx__projection {
    double rows[3][3]; /* right, down, towards the viewer; unit vectors */
    double scale; /* pixels per um */
    double origin_px[2]; /* where the camera's centre falls */
    /* For the kernels. */
    float centre[4], row_x[4], row_y[4], row_z[4], origin[4];
    int32_t
        depth[4]; /* z of the farthest point, factor and shift to nearness, reach of halos in q8 */
} chx__projection;

/* What of a picture a network may fill: all but a margin and what labels keep. */
typedef struct chx__stage {
    uint32_t width_px, height_px;
    double share; /* of each side */
    bool still; /* fitted to the camera's own azimuth, not to every one */
    const chx__block *blocks;
    uint32_t n_blocks;
} chx__stage;

/* True when all numbers are finite and the zoom is in range. */
bool chx__camera_valid(const chx_camera *camera);

void chx__projection_make(const chx__geometry *geometry, const chx_camera *camera,
                          const chx__stage *stage, chx__projection *projection);

#endif
