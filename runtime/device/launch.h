/* The range of work-items that a kernel is launched over. */
#ifndef CHX_DEVICE_LAUNCH_H
#define CHX_DEVICE_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct chx__launch {
    uint32_t n_dimensions;
    size_t global[3];
    size_t local[3];
    size_t offset[3]; /* of the first work-item's global id */
    bool has_local; /* else the driver chooses work-groups */
} chx__launch;

#endif
