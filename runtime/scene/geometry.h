/* What a network looks like at rest: its branches as records for the device, and its extent along
 * its own principal axes. Made once per scene; knows nothing of cameras or time. */
#ifndef CHX_SCENE_GEOMETRY_H
#define CHX_SCENE_GEOMETRY_H

#include <chronaxie/network.h>

#include "render/picture.h"

/* A point seen from the long axis: how far along it and how far away from it. */
typedef struct chx__reach {
    double along_um, away_um;
} chx__reach;

typedef struct chx__geometry {
    chx_branch *branches;
    uint32_t n_branches;
    double centre_um[3];
    double axes[3][3]; /* unit vectors, longest extent first, right-handed */
    double half_um[3]; /* half the extent along each axis, branches' radii included */
    chx__reach *outline; /* the points that can decide how far the camera stands */
    uint32_t n_outline;
} chx__geometry;

/* Errors: LIMIT, MEMORY. */
chx_status chx__geometry_init(chx__geometry *geometry, const chx_network_info *network);
void chx__geometry_finish(chx__geometry *geometry);

#endif
