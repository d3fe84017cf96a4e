/* The cache that a driver keeps for itself inside our folder: PoCL's. */
#ifndef CHX_DEVICE_DRIVER_CACHE_H
#define CHX_DEVICE_DRIVER_CACHE_H

#include <stdbool.h>

#include "base/hash.h"
#include "base/log.h"

typedef struct chx__cache chx__cache;

typedef struct chx__driver_cache {
    bool is_used; /* by the drivers of this process; the user's own folder may be instead, or that
                   * of another runtime, which was first */
    int lock; /* shared while a process uses the folder; valid with is_used */
} chx__driver_cache;

/* Makes the folder, takes out what would end the process, and points PoCL at it. Before the first
 * OpenCL call. Errors: FILE, MEMORY. */
chx_status chx__driver_cache_open(chx__driver_cache *made, const chx__cache *cache,
                                  const chx__logger *logger);

/* Accepts one that is zeroed or not open. */
void chx__driver_cache_close(chx__driver_cache *cache);

/* Removes files below path that were cut short, and gives their number. */
unsigned chx__driver_cache_heal(const char *path);

/* What tells that a process died with the device's driver at work. */
chx__digest chx__driver_cache_suspicion(chx__digest device);

#endif
