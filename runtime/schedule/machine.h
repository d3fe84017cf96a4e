/* The machine as the scheduler sees it: places that hold data, lanes that do work, links that move
 * data. It may be one that does not exist. */
#ifndef CHX_SCHEDULE_MACHINE_H
#define CHX_SCHEDULE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

typedef enum chx__role {
    CHX__ROLE_COMPUTE = 0, /* runs kernels */
    CHX__ROLE_HOST, /* runs host tasks */
    CHX__ROLE_COPY, /* runs transfers */
} chx__role;

typedef struct chx__machine_lane {
    chx__role role;
    uint32_t place; /* where its tasks find their data */
    const char *device; /* borrowed; groups lanes in pictures */
    const char *name; /* borrowed */
    /* Compute lanes of different places with a common bit stand on the same silicon and are never
     * planned to work at the same time. */
    uint64_t hardware;
} chx__machine_lane;

#define CHX__NO_LANE UINT32_MAX

/* How data gets from one place to another. Two places without a link are reached through place
 * 0, the host, which must then have links to both. */
typedef struct chx__link {
    bool exists;
    uint32_t lane; /* the copy lane a transfer occupies; CHX__NO_LANE: transfers never contend */
    double latency_ns;
    double ns_per_byte;
} chx__link;

typedef struct chx__machine {
    uint32_t n_places; /* place 0 is the host in a runtime's machine */
    uint32_t n_lanes;
    const chx__machine_lane *lanes;
    /* n_places x n_places, row = from. NULL: the classical model, in which a transfer between
     * any two different places takes one ns per byte and occupies no lane. */
    const chx__link *links;
} chx__machine;

#endif
