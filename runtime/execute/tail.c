#include "execute/tail.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"

/* A command in flight; it goes when its run ends, so the run is not referenced. */
typedef struct tail {
    chx_run *run;
    uint32_t command;
    uint32_t place;
    bool writes;
} tail;

struct chx__tails {
    tail *tails;
    size_t n, capacity;
};

static bool
add_dependency(chx_run *run, chx__step *step, const tail *before)
{
    if (!chx__grow(&run->dependencies, &run->dependency_capacity, run->n_dependencies + 1,
                   sizeof *run->dependencies))
        return false;
    run->dependencies[run->n_dependencies] = (chx__dependency){
        .run = chx__run_ref(before->run),
        .command = before->command,
        .next = step->first_dependency,
    };
    step->first_dependency = (uint32_t)run->n_dependencies++;
    return true;
}

static bool
follow_touch(chx_run *run, const chx__touch *touch)
{
    const chx__tails *tails = run->lowered->flow.buffers[touch->buffer]->tails;
    for (size_t i = 0; tails && i < tails->n; i++) {
        const tail *before = &tails->tails[i];
        bool conflicts = before->place == touch->place && (before->writes || touch->writes);
        if (conflicts && !add_dependency(run, &run->steps[touch->command], before))
            return false;
    }
    return true;
}

chx_status
chx__tails_follow(chx_run *run)
{
    for (size_t i = 0; i < run->lowered->n_touches; i++)
        if (!follow_touch(run, &run->lowered->touches[i]))
            return chx__fail_memory("submitting a plan");
    return CHX_OK;
}

chx_status
chx__tails_add(chx_run *run)
{
    for (size_t i = 0; i < run->lowered->n_exits; i++) {
        const chx__touch *exit = &run->lowered->exits[i];
        chx_buffer *buffer = run->lowered->flow.buffers[exit->buffer];
        if (!buffer->tails)
            buffer->tails = chx__alloc(1, sizeof *buffer->tails);
        chx__tails *tails = buffer->tails;
        if (!tails ||
            !chx__grow(&tails->tails, &tails->capacity, tails->n + 1, sizeof *tails->tails)) {
            chx__tails_remove(run);
            return chx__fail_memory("submitting a plan");
        }
        tails->tails[tails->n++] = (tail){run, exit->command, exit->place, exit->writes};
    }
    return CHX_OK;
}

void
chx__tails_remove(chx_run *run)
{
    for (uint32_t b = 0; b < run->lowered->flow.n_buffers; b++) {
        chx__tails *tails = run->lowered->flow.buffers[b]->tails;
        size_t kept = 0;
        for (size_t i = 0; tails && i < tails->n; i++)
            if (tails->tails[i].run != run)
                tails->tails[kept++] = tails->tails[i];
        if (tails)
            tails->n = kept;
    }
}

chx_run *
chx__tails_any(const chx_buffer *buffer)
{
    return buffer->tails && buffer->tails->n > 0 ? buffer->tails->tails[0].run : NULL;
}

void
chx__tails_free(chx__tails *tails)
{
    if (!tails)
        return;
    free(tails->tails);
    free(tails);
}
