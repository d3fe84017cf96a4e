/*
 * Philox4x32-10: counter-based random numbers (Salmon, Moraes, Dror and Shaw
 * 2011, "Parallel random numbers: as easy as 1, 2, 3", doi:10.1145/2063384.2063405).
 *
 * The including kernel defines PHILOX_UINT as uint or a vector of uint; lanes are independent. For
 * a vector it may define PHILOX_PAIRS as the vector of ulong of the same size, and PHILOX_AS_UINT
 * and PHILOX_AS_PAIRS, which turn one into the other. The result replaces the counter
 * (x, y, z, w).
 */
#ifndef CHX_KERNELS_PHILOX_H
#define CHX_KERNELS_PHILOX_H

#define PHILOX_ROUNDS 10

/* Both halves of the product of a word and a factor. PoCL makes mul_hi() of 16-bit pieces, which
 * takes half as long again as products of 64 bits of the even lanes and of the odd ones. */
#ifdef PHILOX_PAIRS
#define PHILOX_PRODUCT(high, low, factor, x)                                                      \
    const PHILOX_PAIRS low##_even = (PHILOX_AS_PAIRS(x) & 0xFFFFFFFFul) * (PHILOX_PAIRS)(factor); \
    const PHILOX_PAIRS low##_odd = (PHILOX_AS_PAIRS(x) >> 32) * (PHILOX_PAIRS)(factor);           \
    const PHILOX_UINT high =                                                                      \
        PHILOX_AS_UINT((low##_even >> 32) | (low##_odd & 0xFFFFFFFF00000000ul));                  \
    const PHILOX_UINT low = PHILOX_AS_UINT((low##_even & 0xFFFFFFFFul) | (low##_odd << 32))
#else
#define PHILOX_PRODUCT(high, low, factor, x)                   \
    const PHILOX_UINT high = mul_hi(x, (PHILOX_UINT)(factor)); \
    const PHILOX_UINT low = x * factor
#endif

/* A macro, for a function would pass draws back in a struct or through pointers, by which rusticl
 * of Mesa 25.0 corrupts memory on llvmpipe (neuron/population.cl). */
#define CHX_PHILOX_DRAW(x, y, z, w, key_low, key_high)                              \
    do {                                                                            \
        uint philox_low = (key_low), philox_high = (key_high);                      \
        for (uint philox_round = 0; philox_round < PHILOX_ROUNDS; philox_round++) { \
            PHILOX_PRODUCT(philox_high0, philox_low0, 0xD2511F53u, x);              \
            PHILOX_PRODUCT(philox_high1, philox_low1, 0xCD9E8D57u, z);              \
            x = philox_high1 ^ y ^ philox_low;                                      \
            y = philox_low1;                                                        \
            z = philox_high0 ^ w ^ philox_high;                                     \
            w = philox_low0;                                                        \
            philox_low += 0x9E3779B9u;                                              \
            philox_high += 0xBB67AE85u;                                             \
        }                                                                           \
    } while (0)

#endif
