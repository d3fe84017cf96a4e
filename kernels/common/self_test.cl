/*
 * What a device must get right before it is trusted with work, and how fast it is.
 *
 * check: global 64, local 32 or less (a power of two, L). Work-item i of group g:
 *   results[8 i + 0]   bits of a b + c, a separate product and sum
 *   results[8 i + 1]   (x * 1664525 + 1013904223) ^ mul_hi(x, y) ^ rotate(y, 7) ^ popcount(x)
 *   results[8 i + 2]   a rounded to the nearest integer, ties to even
 *   results[8 i + 3]   b cut to an integer
 *   results[8 i + 4]   bits of x >> 8 as a float
 *   results[8 i + 5]   x of the item at the mirrored place of the group, through local memory
 *   results[8 i + 6]   sum of x >> 16 over the group, by local atomics
 *   results[8 i + 7]   minimum of x over the group ^ maximum, by local atomics
 *   shared_words[0..2] sum of x >> 16, minimum of x, maximum of x over all, by global atomics;
 *                      the host sets them to 0, UINT_MAX, 0
 *   wide[0..1]         minimum and sum of (x << 32 | i), with CHX_INT64_ATOMICS only; the host sets
 *                      them to ULONG_MAX, 0
 *   reached[0..1]      rounds made by item 0 of n times s <- (s * 1664525 + 1013904223) ^ s >> 15
 *                      from s = 12345, and s; fewer than n where the driver ends loops
 * with a, b, c = values[3 i ..] and x, y = words[2 i ..]. It is one kernel, because compilers take
 * their time per kernel.
 *
 * work: global 64, local L; the shapes that the kernels for neurons and pictures have and compilers
 *   stumble over: private arrays with indices that are known only when it runs, vectors, a loop of
 *   n rounds with barriers in it, 64-bit products.
 *   sums[i]      what is left of own[] and v after the rounds
 *   products[i]  x y * 0x9e3779b97f4a7c15 ^ (x y as signed numbers >> 3), all of 64 bits
 *
 * multiply_add: global any, local L; per work-item 32 rounds of what a neuron's step looks like:
 *   two products, two sums and a reset. The number of rounds is fixed: PoCL makes vectors of
 *   work-items only where the loop can be unrolled (16.3 against 1.0 giga-operations per second),
 *   as good kernels let it.
 *   sums[i] hides the result from the optimizer
 */
#pragma OPENCL FP_CONTRACT OFF

#ifdef CHX_INT64_ATOMICS
#pragma OPENCL EXTENSION cl_khr_int64_base_atomics : enable
#pragma OPENCL EXTENSION cl_khr_int64_extended_atomics : enable
#endif

/* Does nothing; its launches measure what a launch costs. */
kernel void
empty(void)
{
}

kernel void
check(global const float *values, global const uint *words, global uint *results,
      volatile global uint *shared_words, volatile global ulong *wide, global uint *reached, uint n)
{
    local uint mirror[32];
    local uint sum, low, high;
    const uint i = get_global_id(0);
    const uint place = get_local_id(0);
    const float a = values[3 * i], b = values[3 * i + 1], c = values[3 * i + 2];
    const uint x = words[2 * i], y = words[2 * i + 1];

    if (place == 0) {
        sum = 0;
        low = UINT_MAX;
        high = 0;
    }
    mirror[place] = x;
    barrier(CLK_LOCAL_MEM_FENCE);
    atomic_add(&sum, x >> 16);
    atomic_min(&low, x);
    atomic_max(&high, x);
    barrier(CLK_LOCAL_MEM_FENCE);

    global uint *mine = results + 8 * i;
    mine[0] = as_uint(a * b + c);
    mine[1] = (x * 1664525u + 1013904223u) ^ mul_hi(x, y) ^ rotate(y, 7u) ^ popcount(x);
    mine[2] = as_uint(convert_int_rte(a));
    mine[3] = as_uint((int)b);
    mine[4] = as_uint((float)(x >> 8));
    mine[5] = mirror[get_local_size(0) - 1 - place];
    mine[6] = sum;
    mine[7] = low ^ high;
    atomic_add(&shared_words[0], x >> 16);
    atomic_min(&shared_words[1], x);
    atomic_max(&shared_words[2], x);
#ifdef CHX_INT64_ATOMICS
    const ulong key = (ulong)x << 32 | i;
    atom_min(&wide[0], key);
    atom_add(&wide[1], key);
#endif
    if (i == 0) {
        uint round, state = 12345;
        for (round = 0; round < n; round++)
            state = (state * 1664525u + 1013904223u) ^ (state >> 15);
        reached[0] = round;
        reached[1] = state;
    }
}

kernel void
work(global const uint *words, global uint *sums, global ulong *products, uint n)
{
    local uint row[32];
    uint own[8];
    const uint i = get_global_id(0);
    const uint place = get_local_id(0);
    const uint x = words[2 * i], y = words[2 * i + 1];
    uint4 v = (uint4)(x, y, x ^ y, x + y);

    for (uint k = 0; k < 8; k++)
        own[k] = rotate(x, k) ^ y;
    row[place] = x;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (uint round = 0; round < n; round++) {
        const uint other = row[(place + round + 1) % get_local_size(0)];
        barrier(CLK_LOCAL_MEM_FENCE);
        own[other & 7] += other;
        v = v.yzwx + (uint4)(other);
        row[place] = own[other >> 3 & 7] ^ v.x;
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    uint sum = v.x ^ v.y ^ v.z ^ v.w;
    for (uint k = 0; k < 8; k++)
        sum += own[k] * (k + 1);
    sums[i] = sum;
    products[i] = (ulong)x * y * 0x9e3779b97f4a7c15UL ^ (ulong)((long)(int)x * (int)y >> 3);
}

kernel void
multiply_add(float factor, global float *sums)
{
    const uint i = get_global_id(0);
    float v = (float)(i & 255) * 0.0078125f, current = v * 0.5f;
    uint n_resets = 0;
#pragma unroll
    for (uint round = 0; round < 32; round++) {
        v = v * factor + current;
        current = current * 0.9f + 0.01f;
        n_resets += v > 1.0f;
        v = v > 1.0f ? 0.0f : v;
    }
    sums[i] = v + current + (float)n_resets;
}
