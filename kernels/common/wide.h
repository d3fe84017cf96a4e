/*
 * Numbers of POPULATION_WIDTH neurons at a time, rounded operation by operation.
 */
#ifndef CHX_KERNELS_WIDE_H
#define CHX_KERNELS_WIDE_H

#pragma OPENCL FP_CONTRACT OFF

/* Neurons per block: 4, 8 or 16. Wide suits processors, narrow suits GPUs. */
#ifndef POPULATION_WIDTH
#define POPULATION_WIDTH 16
#endif

#define WIDE_(base, width) base##width
#define WIDE_OF(base, width) WIDE_(base, width)
#define WIDE(base) WIDE_OF(base, POPULATION_WIDTH)
typedef WIDE(float) wide_float;
typedef WIDE(int) wide_int;
typedef WIDE(uint) wide_uint;

/* A function that the front end puts where it is called: so are all that are called often, because
 * llvmpipe of Mesa 25.0 corrupts memory in programs with many calls, while it takes a minute to
 * compile one without any (neuron/population.cl). */
#define WIDE_FUNCTION static inline __attribute__((always_inline))

/* Whether any lane is set; all bits of lanes are the same. PoCL makes a chain of branches of any(),
 * which took half of the time, and one instruction of this. */
WIDE_FUNCTION int
wide_any(wide_int lanes)
{
#if POPULATION_WIDTH == 4
    return any(lanes);
#else
#if POPULATION_WIDTH == 8
    const ulong4 words = as_ulong4(lanes);
#else
    const ulong4 words = as_ulong4(lanes.lo | lanes.hi);
#endif
    const ulong2 halves = words.lo | words.hi;
    return (halves.x | halves.y) != 0;
#endif
}

#endif
