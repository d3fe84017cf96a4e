/* Objects of a null machine, and how calls are counted, refused and made to block. */
#include "device/null_object.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/alloc.h"

#define N_CODES 72u /* the last of OpenCL 3.0 is CL_MAX_SIZE_RESTRICTION_EXCEEDED, -72 */

void *
chx__null_new(chx__null *machine, chx__null_kind kind, size_t size)
{
    chx__null_object *made = chx__alloc(1, size);
    if (!made)
        return NULL;
    *made = (chx__null_object){machine, kind, 1, machine->objects};
    machine->objects = made;
    return made;
}

void
chx__null_violate(chx__null *machine, const char *format, ...)
{
    if (machine->n_violations++ > 0)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(machine->violation, sizeof machine->violation, format, args);
    va_end(args);
}

bool
chx__null_check(chx__null *machine, const void *object, chx__null_kind kind, const char *doing)
{
    const chx__null_object *checked = object;
    if (checked && checked->kind == kind && checked->n_references > 0)
        return true;
    chx__null_violate(machine, "%s: the object is %s", doing,
                      !checked                ? "missing"
                      : checked->kind != kind ? "of another kind"
                                              : "released");
    return false;
}

/* splitmix64 (Steele, Lea and Flood 2014, doi:10.1145/2714064.2660195). */
uint64_t
chx__null_draw(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

cl_int
chx__null_refuse_at_rate(chx__null *machine)
{
    const chx__null_faults *faults = &machine->faults;
    if (!faults->refuse_per_mille ||
        chx__null_draw(&machine->refusals) % 1000 >= faults->refuse_per_mille)
        return CL_SUCCESS;
    machine->counts.n_struck++;
    if (faults->refuse_code)
        return faults->refuse_code;
    return -1 - (cl_int)(chx__null_draw(&machine->refusals) % N_CODES);
}

cl_int
chx__null_refuse(chx__null *machine, cl_int usual)
{
    if (++machine->counts.n_calls != machine->faults.refuse_call)
        return chx__null_refuse_at_rate(machine);
    machine->counts.n_struck++;
    return machine->faults.refuse_code ? machine->faults.refuse_code : usual;
}

void
chx__null_pass(chx__null *machine, chx__null_call_kind kind, uint32_t platform)
{
    bool strikes = machine->faults.block == kind && machine->faults.block_platform == platform;
    machine->counts.n_struck += strikes;
    while (machine->faults.block == kind && machine->faults.block_platform == platform)
        pthread_cond_wait(&machine->armed, &machine->lock);
}
