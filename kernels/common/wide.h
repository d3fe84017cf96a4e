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

#endif
