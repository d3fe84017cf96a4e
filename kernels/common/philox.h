/*
 * Philox4x32-10: counter-based random numbers (Salmon, Moraes, Dror and Shaw
 * 2011, "Parallel random numbers: as easy as 1, 2, 3", doi:10.1145/2063384.2063405).
 *
 * The including kernel defines PHILOX_UINT as uint or a vector of uint; lanes
 * are independent. The result replaces the counter (x, y, z, w).
 */
#ifndef CHX_KERNELS_PHILOX_H
#define CHX_KERNELS_PHILOX_H

#define PHILOX_ROUNDS 10

/* A macro, for a function would pass draws back in a struct or through pointers, by which rusticl
 * of Mesa 25.0 corrupts memory on llvmpipe (neuron/population.cl). */
#define CHX_PHILOX_DRAW(x, y, z, w, key_low, key_high)                              \
    do {                                                                            \
        uint philox_low = (key_low), philox_high = (key_high);                      \
        for (uint philox_round = 0; philox_round < PHILOX_ROUNDS; philox_round++) { \
            const PHILOX_UINT philox_high0 = mul_hi(x, (PHILOX_UINT)(0xD2511F53u)); \
            const PHILOX_UINT philox_low0 = x * 0xD2511F53u;                        \
            const PHILOX_UINT philox_high1 = mul_hi(z, (PHILOX_UINT)(0xCD9E8D57u)); \
            const PHILOX_UINT philox_low1 = z * 0xCD9E8D57u;                        \
            x = philox_high1 ^ y ^ philox_low;                                      \
            y = philox_low1;                                                        \
            z = philox_high0 ^ w ^ philox_high;                                     \
            w = philox_low0;                                                        \
            philox_low += 0x9E3779B9u;                                              \
            philox_high += 0xBB67AE85u;                                             \
        }                                                                           \
    } while (0)

#endif
