/*
 * Depth in a picture: nearness from a depth, and how nearness dims. Device only.
 */
#ifndef CHX_KERNELS_DEPTH_H
#define CHX_KERNELS_DEPTH_H

/* Depth cue, q8: what is far is dimmer. */
static uint
cue_of(uint near)
{
    return 105u + ((near * 151u) >> 14);
}

/* Nearness, 0 .. CHX_NEAR_MAX, of a depth; depth holds origin, factor and shift. */
static uint
near_of(int z, int4 depth)
{
    long scaled = ((long)(z - depth.x) * (long)depth.y) >> depth.z;
    return (uint)clamp(scaled, 0l, (long)CHX_NEAR_MAX);
}

#endif
