/*
 * Partials: arrays of n integers, of 32 or 64 bits, that a piece of a divided task reduces into in
 * place of the caller's.
 *
 *   begin    fills a partial with the identity of the reduction
 *   combine  element by element, reduces a partial into the caller's array
 *
 * Integers with a sign are compared as those without are, once their sign bit is turned over:
 * `sign` is that bit, or 0.
 *
 * Launched over n work-items or more, of which those from n on do nothing.
 */
#include "partial.h"

kernel void
partial_begin_32(global uint *partial, uint identity, ulong n)
{
    const size_t i = get_global_id(0);
    if (i < n)
        partial[i] = identity;
}

kernel void
partial_begin_64(global ulong *partial, ulong identity, ulong n)
{
    const size_t i = get_global_id(0);
    if (i < n)
        partial[i] = identity;
}

kernel void
partial_combine_32(global uint *into, global const uint *partial, uint operation, uint sign,
                   ulong n)
{
    const size_t i = get_global_id(0);
    if (i >= n)
        return;
    const uint a = into[i] ^ sign, b = partial[i] ^ sign;
    into[i] = CHX_COMBINE(operation, a, b) ^ sign;
}

kernel void
partial_combine_64(global ulong *into, global const ulong *partial, uint operation, ulong sign,
                   ulong n)
{
    const size_t i = get_global_id(0);
    if (i >= n)
        return;
    const ulong a = into[i] ^ sign, b = partial[i] ^ sign;
    into[i] = CHX_COMBINE(operation, a, b) ^ sign;
}
