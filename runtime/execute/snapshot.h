/* A snapshot: what the runs of a plan need of what was there before them, as it was at some time,
 * a copy of what they overwrite of that, and the scalars of then. */
#ifndef CHX_EXECUTE_SNAPSHOT_H
#define CHX_EXECUTE_SNAPSHOT_H

#include "execute/lowering.h"
#include "execute/values.h"

/* Bytes that runs read before any of them has written there, or that they write; of those that are
 * both there is a copy. */
typedef struct chx__need {
    chx__stretch at;
    bool is_read, is_written;
    size_t first_byte; /* of the copy */
} chx__need;

static inline bool
chx__need_is_kept(const chx__need *need)
{
    return need->is_read && need->is_written;
}

typedef struct chx__snapshot {
    chx__cast cast; /* the buffers of the runs */
    uint64_t n_recasts; /* of the graph then */
    uint64_t n_writes; /* to the buffers, ever, then */
    chx__values values; /* all scalars of the graph then: a plan that is made later has later ones,
                           and runs know only of those that had changed before them */
    chx__need *needs;
    size_t n_needs, need_capacity;
    unsigned char *bytes; /* the copies */
    size_t n_bytes;
} chx__snapshot;

/* Says what is needed; the copies are the caller's to fill. Under the turn, as all of this. Errors:
 * MEMORY. */
chx_status chx__snapshot_init(chx__snapshot *snapshot, const chx__lowered *lowered,
                              const chx__cast *cast);
void chx__snapshot_finish(chx__snapshot *snapshot);

/* Writes to a cast's buffers, ever, but for partials, which other variants of a plan have not. */
uint64_t chx__snapshot_count_writes(const chx__cast *cast);

/* Puts the copies back into buffers that no run in flight uses. Errors: MEMORY, DEVICE when memory
 * that a device may still write to would have to hold them. */
chx_status chx__snapshot_restore(const chx__snapshot *snapshot);

/* Has all be lost that runs write, as the error says: they were repeated from the copies, and not
 * to their end. */
void chx__snapshot_lose(const chx__snapshot *snapshot, const chx_error *error);

#endif
