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

/* Clang's reductions are an instruction or two on PoCL; Oclgrind 21.10 does not know them. */
#if defined POCL_DEVICE_ADDRESS_BITS && defined __has_builtin
#if __has_builtin(__builtin_reduce_or)
#define WIDE_REDUCES
#endif
#endif

/* Whether any lane is set; all bits of lanes are the same. PoCL makes a chain of branches of any(),
 * which took half of the time, and a few instructions of this. */
WIDE_FUNCTION int
wide_any(wide_int lanes)
{
#if POPULATION_WIDTH == 4
    return any(lanes);
#elif defined WIDE_REDUCES
    return __builtin_reduce_or(lanes) != 0;
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

#if POPULATION_WIDTH == 4
#define WIDE_LANES ((wide_int)(0, 1, 2, 3))
#elif POPULATION_WIDTH == 8
#define WIDE_LANES ((wide_int)(0, 1, 2, 3, 4, 5, 6, 7))
#else
#define WIDE_LANES ((wide_int)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15))
#endif

/* All bits set in the lanes of a bit set. */
WIDE_FUNCTION wide_int
wide_mask(uint lanes)
{
    return (((wide_int)((int)lanes) >> WIDE_LANES) & 1) == 1;
}

/* The bit set of those lanes. */
WIDE_FUNCTION uint
wide_bits(wide_int lanes)
{
    const wide_int bits = lanes & (wide_int)(1) << WIDE_LANES;
#ifdef WIDE_REDUCES
    return (uint)__builtin_reduce_or(bits);
#else
    int each[POPULATION_WIDTH], all = 0;
    WIDE(vstore)(bits, 0, each);
    for (uint lane = 0; lane < POPULATION_WIDTH; lane++)
        all |= each[lane];
    return (uint)all;
#endif
}

#endif
