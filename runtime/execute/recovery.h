/* Recovery: the thread of a plan that repeats runs from the plan's redo when a device fails. */
#ifndef CHX_EXECUTE_RECOVERY_H
#define CHX_EXECUTE_RECOVERY_H

#include "execute/redo.h"
#include "execute/variants.h"

typedef struct chx__recovery {
    chx__redo redo;
    chx__variants *variants; /* the plan's */
    uint64_t deadline_ns; /* of runs; 0 for what their prediction says */
    pthread_t thread;
    bool is_ending;
    uint64_t n_well; /* of the redo, at the last failure */
    uint32_t n_in_a_row; /* failures since a run was well */
    char device[64]; /* that failed last */
} chx__recovery;

/* Starts the thread. The variants are borrowed. Errors: MEMORY. */
chx_status chx__recovery_create(chx__variants *variants, uint64_t deadline_ns,
                                chx__recovery **recovery);

/* Nothing of it is in flight or being repeated. Under the turn, which is given up meanwhile; clears
 * *recovery, accepts NULL. */
void chx__recovery_destroy(chx__recovery **recovery);

/* Before the first submit: whether to try again to plan after a failure, the last error. Under the
 * turn, which may be given up. */
bool chx__recovery_goes_on(chx__recovery *recovery, chx_status status);

/* Plans that recover do elsewhere also what only devices of a driver were to do that stays in a
 * call: whether any of these was in use until now. Under the turn. */
bool chx__recovery_leaves_stuck(chx_runtime *runtime);

/* Has the redo begin anew: waits for its runs and copies what runs of the plan overwrite of what
 * they read; all that they read the host then holds as well. Under the turn, which is given up
 * meanwhile. On failure the redo is as before. Errors: as chx_buffer_read(). */
chx_status chx__recovery_begin(chx__recovery *recovery, const chx__lowered *lowered,
                               const chx__cast *cast);

/* Until nothing is being repeated; looks after devices on probation. Under the turn, which may be
 * given up. */
void chx__recovery_await(const chx__recovery *recovery);

#endif
