/* The snapshot and the end are the submitter's, under the turn, as everything that reads a graph's
 * arguments or changes what the runtime knows. The thread schedules and compiles; its results and
 * what it logged are read after it was joined. */
#include "execute/refresh.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/later.h"

struct chx__refresh {
    chx__draft draft;
    pthread_t thread;
    atomic_bool is_done;
    chx_status status;
    chx_error error; /* when status says so */
    chx__later *logged;
};

static void *
work(void *data)
{
    chx__refresh *made = data;
    chx__later_hold();
    made->status = chx__planner_work(&made->draft);
    if (made->status)
        made->error = *chx_last_error();
    made->logged = chx__later_take();
    chx__later_release();
    atomic_store(&made->is_done, true);
    return NULL;
}

chx__refresh *
chx__refresh_start(const chx_graph *graph, const chx__shares *shares,
                   const chx__algorithm *algorithm)
{
    chx__lowered *none;
    chx__refresh *made = chx__alloc(1, sizeof *made);
    if (!made)
        return NULL;
    chx_status status = chx__planner_begin(graph, shares, algorithm, &made->draft);
    if (!status && pthread_create(&made->thread, NULL, work, made) == 0)
        return made;
    chx__planner_end(&made->draft, status ? status : CHX_ERROR_MEMORY, &none);
    free(made);
    return NULL;
}

bool
chx__refresh_is_done(const chx__refresh *refresh)
{
    return atomic_load(&refresh->is_done);
}

chx_status
chx__refresh_finish(chx__refresh **refresh, chx__lowered **lowered)
{
    chx__refresh *ending = *refresh;
    *refresh = NULL;
    bool must_wait = !chx__refresh_is_done(ending);
    if (must_wait)
        chx__turn_pause(ending->draft.runtime);
    pthread_join(ending->thread, NULL);
    if (must_wait)
        chx__turn_resume(ending->draft.runtime);
    chx__later_run_all(ending->logged);
    chx_status status = chx__planner_end(&ending->draft, ending->status, lowered);
    if (ending->status)
        status = chx__fail_again(&ending->error);
    free(ending);
    return status;
}
