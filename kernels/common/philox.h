/*
 * Philox4x32-10: counter-based random numbers (Salmon, Moraes, Dror and Shaw
 * 2011, "Parallel random numbers: as easy as 1, 2, 3", doi:10.1145/2063384.2063405).
 *
 * The including kernel defines PHILOX_UINT as uint or a vector of uint; lanes
 * are independent. The result replaces the counter.
 */
#ifndef CHX_KERNELS_PHILOX_H
#define CHX_KERNELS_PHILOX_H

#define PHILOX_ROUNDS 10

typedef struct chx_philox {
    PHILOX_UINT x, y, z, w;
} chx_philox;

static chx_philox
chx_philox_draw(chx_philox counter, uint key_low, uint key_high)
{
    for (uint round = 0; round < PHILOX_ROUNDS; round++) {
        PHILOX_UINT high0 = mul_hi(counter.x, (PHILOX_UINT)(0xD2511F53u));
        PHILOX_UINT low0 = counter.x * 0xD2511F53u;
        PHILOX_UINT high1 = mul_hi(counter.z, (PHILOX_UINT)(0xCD9E8D57u));
        PHILOX_UINT low1 = counter.z * 0xCD9E8D57u;
        counter.x = high1 ^ counter.y ^ key_low;
        counter.y = low1;
        counter.z = high0 ^ counter.w ^ key_high;
        counter.w = low0;
        key_low += 0x9E3779B9u;
        key_high += 0xBB67AE85u;
    }
    return counter;
}

#endif
