/* What the kernels of kernels/reduce/partial.cl do, for machines without a compiler. A test need
 * not register them: plans launch them by themselves. */
#include <string.h>

#include "device/null_object.h"
#include "reduce/partial.h"

static uint64_t
value_of(const chx__null_call *call, uint32_t index)
{
    uint32_t narrow;
    uint64_t wide;
    memcpy(&narrow, call->args[index], sizeof narrow);
    if (call->sizes[index] == sizeof narrow)
        return narrow;
    memcpy(&wide, call->args[index], sizeof wide);
    return wide;
}

static void
begin_32(const chx__null_call *call)
{
    uint32_t *partial = call->args[0], identity = (uint32_t)value_of(call, 1);
    const uint64_t n = value_of(call, 2);
    for (uint64_t i = 0; i < n; i++)
        partial[i] = identity;
}

static void
begin_64(const chx__null_call *call)
{
    uint64_t *partial = call->args[0], identity = value_of(call, 1);
    const uint64_t n = value_of(call, 2);
    for (uint64_t i = 0; i < n; i++)
        partial[i] = identity;
}

static void
combine_32(const chx__null_call *call)
{
    uint32_t *into = call->args[0], sign = (uint32_t)value_of(call, 3);
    const uint32_t *partial = call->args[1];
    const uint64_t operation = value_of(call, 2), n = value_of(call, 4);
    for (uint64_t i = 0; i < n; i++) {
        uint32_t a = into[i] ^ sign, b = partial[i] ^ sign;
        into[i] = CHX_COMBINE(operation, a, b) ^ sign;
    }
}

static void
combine_64(const chx__null_call *call)
{
    uint64_t *into = call->args[0], sign = value_of(call, 3);
    const uint64_t *partial = call->args[1];
    const uint64_t operation = value_of(call, 2), n = value_of(call, 4);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t a = into[i] ^ sign, b = partial[i] ^ sign;
        into[i] = CHX_COMBINE(operation, a, b) ^ sign;
    }
}

const chx__null_kernel chx__null_reduce_kernels[] = {
    {.name = "partial_begin_32", .run = begin_32, .overwrites = 1},
    {.name = "partial_begin_64", .run = begin_64, .overwrites = 1},
    {.name = "partial_combine_32", .run = combine_32},
    {.name = "partial_combine_64", .run = combine_64},
    {NULL, NULL, NULL, 0},
};
