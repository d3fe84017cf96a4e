/* Objects of a null machine, and how calls are counted, refused and made to block. */
#include "device/null_object.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/alloc.h"

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

bool
chx__null_refuses(chx__null *machine)
{
    if (++machine->counts.n_calls != machine->faults.refuse_call)
        return false;
    machine->counts.n_struck++;
    return true;
}

void
chx__null_pass(chx__null *machine, chx__null_call_kind kind, uint32_t platform)
{
    bool strikes = machine->faults.block == kind && machine->faults.block_platform == platform;
    machine->counts.n_struck += strikes;
    while (machine->faults.block == kind && machine->faults.block_platform == platform)
        pthread_cond_wait(&machine->armed, &machine->lock);
}
