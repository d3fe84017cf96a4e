/* A redo: what the runs of a plan can be repeated from when a device fails.
 *
 * It keeps the bytes that runs read before they overwrite them, as they were at some time, and of
 * every run since then the values that it was submitted with. Repeated in order from there, they
 * leave the same bytes. The end of a run that a device has failed is *withheld* until that has been
 * done: to whoever waits, it takes longer.
 *
 * All of it is under the turn. */
#ifndef CHX_EXECUTE_REDO_H
#define CHX_EXECUTE_REDO_H

#include "execute/run.h"
#include "execute/snapshot.h"

/* A run since then. */
typedef struct chx__entry {
    chx__values values;
    chx_run *run; /* a reference until its end is told, then NULL: it was well */
} chx__entry;

struct chx__redo {
    chx_runtime *runtime;
    const chx_graph *graph;
    pthread_cond_t due; /* with the turn: whoever repeats is woken */
    bool has_begun; /* the snapshot stands */
    uint64_t begun_ns;
    uint64_t cost_ns; /* of taking the snapshot */
    chx__snapshot snapshot;
    uint64_t n_writes; /* to its buffers, ever, when a run of it last wrote */
    chx__entry *entries;
    size_t n_entries, entry_capacity;
    uint64_t n_well; /* runs that have ended well, ever */
    bool is_failed; /* what the buffers hold is to be made again, and nobody may look meanwhile */
    chx_error error; /* why */
    bool is_given_up; /* it could not be; until the redo begins anew */
};

void chx__redo_init(chx__redo *redo, const chx_graph *graph);
void chx__redo_finish(chx__redo *redo);

/* Whether to begin anew before the next run of the graph: never begun, others have written to its
 * buffers, they are others, or so long ago that repeating would take long. */
bool chx__redo_is_due(const chx__redo *redo);

/* Begins anew with a snapshot, which it takes and which took since begun_ns. No run of it is in
 * flight. */
void chx__redo_begin(chx__redo *redo, chx__snapshot *snapshot, uint64_t begun_ns);

/* Enters a run that is about to be submitted, for it may end before that returns. Errors:
 * MEMORY. */
chx_status chx__redo_enter(chx__redo *redo, chx_run *run);

/* Takes the run that was entered last out again: it was not submitted. */
void chx__redo_cancel(chx__redo *redo);

/* A run of it has left the flight. Whether its end is withheld; else the caller tells it. */
bool chx__redo_withholds(chx_run *run);

/* Whether a failure is one that another attempt, or another device, may be without. */
bool chx__redo_is_devices(chx_status status);

/* What the buffers hold is to be made again, as the last error says. False when it cannot be. */
bool chx__redo_fail(chx__redo *redo);

/* Whether it has nothing to repeat, as it has not begun, others have written since or the buffers
 * are others: the next run begins it anew. */
bool chx__redo_is_outdated(const chx__redo *redo);

/* Whether a run in it is in flight. */
bool chx__redo_is_busy(const chx__redo *redo);

/* All that failed was made again. */
void chx__redo_mend(chx__redo *redo);

/* It cannot be made again: what is withheld is told as it was, and the redo begins anew. */
void chx__redo_give_up(chx__redo *redo);

#endif
