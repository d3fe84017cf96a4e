/* What commands of null devices do to memory: to bytes, or where nobody keeps these to their
 * provenance. A kernel that touches such memory does not run. What it writes gets a digest of the
 * kernel, its range of work-items, its values and what it reads, as its declaration has it:
 * `const` parameters are read, others written too. So the same program leaves the same digests
 * whatever devices ran it, and another order of its writes leaves others. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "device/null_object.h"

/* Its arguments as C sees them. */
typedef struct arguments {
    void *args[CHX__NULL_MAX_PARAMETERS];
    void *scratch[CHX__NULL_MAX_PARAMETERS]; /* local memory; else NULL */
    size_t sizes[CHX__NULL_MAX_PARAMETERS];
    bool have_bytes; /* all of them */
} arguments;

static bool
lay_out(const chx__null_command *command, arguments *laid)
{
    bool ok = true;
    *laid = (arguments){.have_bytes = true};
    for (uint32_t i = 0; i < command->n_arguments; i++) {
        chx__null_argument *argument = &command->arguments[i];
        bool is_local = !argument->memory && argument->size_bytes > sizeof argument->value;
        laid->sizes[i] = argument->memory ? argument->memory->size_bytes : argument->size_bytes;
        if (is_local)
            laid->scratch[i] = chx__alloc(1, argument->size_bytes);
        ok = ok && (!is_local || laid->scratch[i]);
        laid->args[i] = argument->memory ? (void *)argument->memory->bytes
                        : is_local       ? laid->scratch[i]
                                         : argument->value;
        if (argument->memory && !argument->memory->bytes)
            laid->have_bytes = false;
    }
    return ok;
}

static void
clear(arguments *laid, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        free(laid->scratch[i]);
}

/* The bytes of a memory that the call touches. */
static void
find_range(const chx__null_command *command, const chx__null_call *call, uint32_t index,
           size_t *begin, size_t *end)
{
    size_t size = call->sizes[index];
    *begin = 0;
    *end = size;
    if (command->kernel->range)
        command->kernel->range(call, index, begin, end);
    *end = *end < size ? *end : size;
    *begin = *begin < *end ? *begin : *end;
}

static bool
is_overwritten(const chx__null_command *command, uint32_t index)
{
    return !command->declaration->is_const[index] && command->kernel->overwrites >> index & 1;
}

static void
add_input(const chx__null_command *command, const chx__null_call *call, uint32_t index,
          chx__hasher *hasher)
{
    const chx__null_argument *argument = &command->arguments[index];
    const chx__null_memory *memory = argument->memory;
    size_t begin, end;
    if (!memory) {
        size_t n = argument->size_bytes < sizeof argument->value ? argument->size_bytes : 0;
        chx__hasher_add(hasher, argument->value, n);
        return;
    }
    find_range(command, call, index, &begin, &end);
    uint64_t touched[2] = {begin, end};
    chx__hasher_add(hasher, touched, sizeof touched);
    if (is_overwritten(command, index))
        return;
    if (memory->bytes)
        chx__hasher_add(hasher, memory->bytes + begin, end - begin);
    else
        chx__provenance_add(&memory->provenance, begin, end, hasher);
}

static chx__digest
digest_call(const chx__null_command *command, const chx__null_call *call)
{
    chx__hasher *hasher = chx__hasher_create();
    chx__hasher_add_text(hasher, command->kernel->name);
    for (uint32_t i = 0; i < command->launch.n_dimensions; i++) {
        uint64_t side[2] = {command->launch.global[i], command->launch.offset[i]};
        chx__hasher_add(hasher, side, sizeof side);
    }
    for (uint32_t i = 0; i < command->n_arguments; i++)
        add_input(command, call, i, hasher);
    return chx__hasher_end(hasher);
}

/* Of one of several arguments that a call writes. */
static chx__digest
digest_output(chx__digest call, uint32_t index)
{
    uint64_t words[3] = {call.low, call.high, index};
    return chx__hash(words, sizeof words);
}

static bool
trace_kernel(const chx__null_command *command, const chx__null_call *call)
{
    chx__digest digest = digest_call(command, call);
    bool ok = true;
    for (uint32_t i = 0; i < command->n_arguments; i++) {
        chx__null_memory *memory = command->arguments[i].memory;
        size_t begin, end;
        if (!memory || command->declaration->is_const[i])
            continue;
        find_range(command, call, i, &begin, &end);
        chx__digest output = digest_output(digest, i);
        if (memory->bytes)
            chx__provenance_mark(output, begin, end, memory->bytes + begin);
        else
            ok = ok && chx__provenance_set(&memory->provenance, begin, end, output);
    }
    return ok;
}

static bool
run_kernel(const chx__null_command *command)
{
    arguments laid;
    bool ok = lay_out(command, &laid);
    chx__null_call call = {&command->launch, command->n_arguments, laid.args, laid.sizes};
    if (ok && laid.have_bytes)
        command->kernel->run(&call);
    else if (ok)
        ok = trace_kernel(command, &call);
    clear(&laid, command->n_arguments);
    return ok;
}

static bool
write_memory(const chx__null_command *command)
{
    chx__null_memory *to = command->to;
    size_t begin = command->offset_bytes, size = command->size_bytes;
    if (!to->bytes)
        return chx__provenance_write(&to->provenance, begin, begin + size, command->source);
    if (command->source != to->bytes + begin)
        memcpy(to->bytes + begin, command->source, size);
    return true;
}

static void
read_memory(const chx__null_command *command)
{
    const chx__null_memory *from = command->from;
    size_t begin = command->offset_bytes, size = command->size_bytes;
    if (!from->bytes)
        chx__provenance_read(&from->provenance, begin, begin + size, command->target);
    else if (command->target != from->bytes + begin)
        memcpy(command->target, from->bytes + begin, size);
}

/* One of the two may be shared, and then has bytes however large it is. */
static bool
copy_memory(const chx__null_command *command)
{
    const chx__null_memory *from = command->from;
    chx__null_memory *to = command->to;
    size_t begin = command->offset_bytes, end = begin + command->size_bytes;
    if (from->bytes && to->bytes)
        memmove(to->bytes + begin, from->bytes + begin, end - begin);
    else if (from->bytes)
        return chx__provenance_write(&to->provenance, begin, end, from->bytes + begin);
    else if (to->bytes)
        chx__provenance_read(&from->provenance, begin, end, to->bytes + begin);
    else
        return chx__provenance_copy(&to->provenance, &from->provenance, begin, end);
    return true;
}

bool
chx__null_compute(const chx__null_command *command)
{
    if (command->kernel)
        return run_kernel(command);
    if (command->from && command->to)
        return copy_memory(command);
    if (command->to)
        return write_memory(command);
    read_memory(command);
    return true;
}
