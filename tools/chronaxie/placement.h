/* Placement: whether cells lie where they can be seen together. */
#ifndef CHRONAXIE_PLACEMENT_H
#define CHRONAXIE_PLACEMENT_H

#include <chronaxie/scene.h>

/* Says, in one remark each, which soma is as wide as only a wrong unit makes it, which lies far
 * from its own morphology, and which morphology so far from the origin that it loses its detail. */
void placement_remark(const chx_network_info *info);

/* Says which cell lies far from all others; most such places are wrong units. */
void placement_remark_on_strays(const chx_network_info *info);

/* Says instead what lies outside the picture of a scene with the camera that frames it. */
void placement_remark_on_missing(const chx_network_info *info, const chx_scene *scene,
                                 const chx_camera *camera, const uint32_t size_px[2]);

#endif
