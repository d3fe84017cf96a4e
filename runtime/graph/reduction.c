/* A reduction is told to the kernels as an operation on integers without a sign and the bit that is
 * turned over before and after, so that one kernel for each width is enough.
 *
 * Of a piece, a partial is a plain buffer without a reduction; by that it is known from the
 * caller's when arguments are exchanged. The numbers that kernels get stand for good, as those of
 * a division do: with a buffer of another size there is another division. */
#include "graph/reduction.h"

#include <assert.h>
#include <string.h>

#include "graph/argument.h"
#include "reduce/partial.h"

/* Work-items of what begins and combines, which drivers divide into groups. */
#define GRANULE 64u

/* Rows are those of chx_reduction. */
static const struct {
    uint32_t element_bytes, operation;
    uint64_t identity, sign;
} reductions[] = {
    [CHX_REDUCTION_SUM_32] = {4, CHX_COMBINE_SUM, 0, 0},
    [CHX_REDUCTION_SUM_64] = {8, CHX_COMBINE_SUM, 0, 0},
    [CHX_REDUCTION_MIN_I32] = {4, CHX_COMBINE_LEAST, INT32_MAX, UINT64_C(1) << 31},
    [CHX_REDUCTION_MIN_I64] = {8, CHX_COMBINE_LEAST, INT64_MAX, UINT64_C(1) << 63},
    [CHX_REDUCTION_MIN_U32] = {4, CHX_COMBINE_LEAST, UINT32_MAX, 0},
    [CHX_REDUCTION_MIN_U64] = {8, CHX_COMBINE_LEAST, UINT64_MAX, 0},
    [CHX_REDUCTION_MAX_I32] = {4, CHX_COMBINE_GREATEST, UINT64_C(1) << 31, UINT64_C(1) << 31},
    [CHX_REDUCTION_MAX_I64] = {8, CHX_COMBINE_GREATEST, UINT64_C(1) << 63, UINT64_C(1) << 63},
    [CHX_REDUCTION_MAX_U32] = {4, CHX_COMBINE_GREATEST, 0, 0},
    [CHX_REDUCTION_MAX_U64] = {8, CHX_COMBINE_GREATEST, 0, 0},
};

size_t
chx__reduction_element_bytes(chx_reduction reduction)
{
    size_t row = (size_t)reduction;
    return row < sizeof reductions / sizeof *reductions ? reductions[row].element_bytes : 0;
}

void
chx__reduction_fill(chx_reduction reduction, void *array, size_t size_bytes)
{
    const uint64_t wide = reductions[reduction].identity;
    const uint32_t narrow = (uint32_t)wide, element_bytes = reductions[reduction].element_bytes;
    for (size_t i = 0; i < size_bytes; i += element_bytes)
        memcpy((char *)array + i, element_bytes == sizeof wide ? (const void *)&wide : &narrow,
               element_bytes);
}

static void
apply_narrow(chx_reduction reduction, uint32_t *into, const uint32_t *array, size_t n)
{
    const uint32_t sign = (uint32_t)reductions[reduction].sign;
    for (size_t i = 0; i < n; i++) {
        const uint32_t a = into[i] ^ sign, b = array[i] ^ sign;
        into[i] = CHX_COMBINE(reductions[reduction].operation, a, b) ^ sign;
    }
}

static void
apply_wide(chx_reduction reduction, uint64_t *into, const uint64_t *array, size_t n)
{
    const uint64_t sign = reductions[reduction].sign;
    for (size_t i = 0; i < n; i++) {
        const uint64_t a = into[i] ^ sign, b = array[i] ^ sign;
        into[i] = CHX_COMBINE(reductions[reduction].operation, a, b) ^ sign;
    }
}

void
chx__reduction_apply(chx_reduction reduction, void *into, const void *array, size_t size_bytes)
{
    if (reductions[reduction].element_bytes == sizeof(uint64_t))
        apply_wide(reduction, into, array, size_bytes / sizeof(uint64_t));
    else
        apply_narrow(reduction, into, array, size_bytes / sizeof(uint32_t));
}

uint32_t
chx__reduction_count(const chx__task *task)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < task->n_args; i++)
        n += task->args[i].reduction != CHX_REDUCTION_NONE;
    return n;
}

size_t
chx__partial_size(size_t size_bytes)
{
    size_t size = GRANULE;
    while (size < size_bytes && size <= SIZE_MAX / 2)
        size *= 2;
    return size < size_bytes ? size_bytes : size;
}

chx__partial *
chx__partials_find(const chx__partials *partials, size_t size_bytes, uint32_t n_before)
{
    size_t wanted = chx__partial_size(size_bytes);
    for (size_t i = 0; i < partials->n; i++)
        if (partials->list[i].size_bytes == wanted &&
            partials->list[i].turn == n_before % partials->n_turns)
            return &partials->list[i];
    return NULL;
}

chx_arg
chx__reduction_partial(const chx__partials *partials, const chx_arg *arg, uint32_t n_before,
                       uint32_t device)
{
    const chx__partial *lent = chx__partials_find(partials, arg->size_bytes, n_before);
    assert(lent && lent->of[device]);
    return CHX_BUFFER_RANGE(lent->of[device], CHX_ACCESS_READ_WRITE, 0, arg->size_bytes);
}

static bool
is_wide(const chx_arg *arg)
{
    return chx__reduction_element_bytes(arg->reduction) == sizeof(uint64_t);
}

/* A number as wide as the elements. */
static chx_arg
number_of(const chx_arg *arg, uint64_t number)
{
    return is_wide(arg) ? CHX_ULONG(number) : CHX_UINT((uint32_t)number);
}

static size_t
n_elements(const chx_arg *arg)
{
    return arg->size_bytes / chx__reduction_element_bytes(arg->reduction);
}

static chx__task
make(const chx__partials *partials, const chx__task *task, uint32_t arg_index, const chx_arg *args,
     uint32_t n_args)
{
    size_t n = n_elements(&task->args[arg_index]);
    chx__task made = {.program = partials->program,
                      .launch = {.n_dimensions = 1},
                      .n_args = n_args,
                      .args = chx__args_clone(args, n_args),
                      .origin = task->origin,
                      .reduced = arg_index + 1};
    made.launch.global[0] = (n + GRANULE - 1) / GRANULE * GRANULE;
    return made;
}

chx__task
chx__reduction_begin(const chx__partials *partials, const chx__task *task, uint32_t arg_index,
                     const chx_arg *partial)
{
    const chx_arg *arg = &task->args[arg_index];
    chx_arg args[] = {*partial, number_of(arg, reductions[arg->reduction].identity),
                      CHX_ULONG(n_elements(arg))};
    args[0].access = CHX_ACCESS_WRITE;
    chx__task made = make(partials, task, arg_index, args, sizeof args / sizeof *args);
    made.kernel = is_wide(arg) ? "partial_begin_64" : "partial_begin_32";
    made.name = "begin partial";
    return made;
}

chx__task
chx__reduction_combine(const chx__partials *partials, const chx__task *task, uint32_t arg_index,
                       const chx_arg *partial)
{
    const chx_arg *arg = &task->args[arg_index];
    chx_arg args[] = {*arg, *partial, CHX_UINT(reductions[arg->reduction].operation),
                      number_of(arg, reductions[arg->reduction].sign), CHX_ULONG(n_elements(arg))};
    args[1].access = CHX_ACCESS_READ;
    chx__task made = make(partials, task, arg_index, args, sizeof args / sizeof *args);
    made.kernel = is_wide(arg) ? "partial_combine_64" : "partial_combine_32";
    made.name = "combine partial";
    return made;
}
