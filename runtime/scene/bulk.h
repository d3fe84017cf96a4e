/* The bulk: which parts of a network a picture is to frame, where a few lie far from most. */
#ifndef CHX_SCENE_BULK_H
#define CHX_SCENE_BULK_H

#include <stdbool.h>

#include "scene/geometry.h"

/* Sets outside[i] for each part that lies too far off to be framed with the others, and says how
 * many there are; none where no part is far off, and where no side of a gap is the greater.
 * Errors: MEMORY. */
chx_status chx__bulk_find(const chx__part *parts, uint32_t n_parts, uint32_t n_neurons,
                          bool *outside, uint32_t *n_outside);

#endif
