/* What a network looks like at rest: its branches as records for the device, and its extent along
 * the axes of a view, its own principal ones or those of the data. Made once per scene; knows
 * nothing of cameras or time. */
#ifndef CHX_SCENE_GEOMETRY_H
#define CHX_SCENE_GEOMETRY_H

#include <chronaxie/scene.h>

#include "render/picture.h"

/* A part of the network along the axes: a box, and how far branches' radii stand out of it. */
typedef struct chx__part {
    double at_um[3], half_um[3]; /* from the geometry's centre */
    double radius_um;
    uint32_t neuron, n_points; /* whose, and how many there are of it in here */
} chx__part;

typedef struct chx__geometry {
    chx_branch *branches;
    uint32_t n_branches;
    double centre_um[3];
    double axes[3][3]; /* right, up, towards the viewer; unit vectors, right-handed */
    int spin; /* the axis that azimuth turns about: the long one, 0, or the upright one, 1 */
    double half_um[3]; /* half the extent of the bulk along each axis, branches' radii included */
    chx__part *parts; /* hold the bulk's nodes and somata; small networks have one for each */
    uint32_t n_parts;
} chx__geometry;

/* Errors: LIMIT, MEMORY. */
chx_status chx__geometry_init(chx__geometry *geometry, const chx_network_info *network,
                              chx_plane plane, chx_colour_by by, chx_connections connections);
void chx__geometry_finish(chx__geometry *geometry);

#endif
