/* A folder that appears complete or not at all. */
#ifndef CHX_BASE_DRAFT_H
#define CHX_BASE_DRAFT_H

#include <chronaxie/status.h>

/* A folder being filled beside the path that it is to have. */
typedef struct chx__draft {
    char *target;
    char *folder; /* where it is filled */
    int lock; /* a descriptor, or -1 */
} chx__draft;

/* Makes an empty folder beside target, and removes those that killed processes of the same user
 * left there. Errors: FILE, MEMORY. */
chx_status chx__draft_begin(chx__draft *draft, const char *target);

/* Gives the folder its name, where there is none yet or an empty one; else it is removed. Either
 * way the draft is finished. Errors: FILE. */
chx_status chx__draft_commit(chx__draft *draft);

/* Removes the folder; accepts a finished draft. */
void chx__draft_discard(chx__draft *draft);

#endif
