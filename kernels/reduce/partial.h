/*
 * What host and device agree on about reductions of integers.
 */
#ifndef CHX_KERNELS_PARTIAL_H
#define CHX_KERNELS_PARTIAL_H

#define CHX_COMBINE_SUM 0
#define CHX_COMBINE_LEAST 1
#define CHX_COMBINE_GREATEST 2

/* Of two integers without a sign that are as wide as the result. */
#define CHX_COMBINE(operation, a, b)                                 \
    ((operation) == CHX_COMBINE_SUM                      ? (a) + (b) \
     : ((a) < (b)) == ((operation) == CHX_COMBINE_LEAST) ? (a)       \
                                                         : (b))

#endif
