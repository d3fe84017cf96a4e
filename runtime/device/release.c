/* What is released here is never asked for again, so nobody waits for it. Without memory for the
 * note, and before a courier is there, the caller does it. */
#include "device/release.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "device/courier.h"

typedef struct note {
    chx__call call; /* first: the note is found by it */
    const chx__backend *backend;
    chx__release_kind kind;
    void *object;
} note;

static void
release(const note *made)
{
    switch (made->kind) {
    case CHX__RELEASE_MEMORY:
        made->backend->release_memory(made->object);
        break;
    case CHX__RELEASE_PROGRAM:
        made->backend->release_program(made->object);
        break;
    case CHX__RELEASE_KERNEL:
        made->backend->release_kernel(made->object);
        break;
    }
}

static void
run(chx__call *call)
{
    release((note *)call);
    free(call);
}

void
chx__release(chx__platform *platform, chx__release_kind kind, void *object)
{
    const note what = {{.run = run}, platform->backend, kind, object};
    if (atomic_load(&platform->is_stuck))
        return;
    note *made = platform->courier ? chx__alloc(1, sizeof *made) : NULL;
    if (!made) {
        release(&what);
        return;
    }
    *made = what;
    chx__courier_call(platform->courier, &made->call);
}
