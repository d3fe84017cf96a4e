/* The lowered variants of a plan: which one serves depends on where the data lies at the submit. */
#ifndef CHX_EXECUTE_VARIANTS_H
#define CHX_EXECUTE_VARIANTS_H

#include "execute/partials.h"
#include "execute/refresh.h"
#include "execute/run.h"

/* Kept for different whereabouts of the data: the first frame uploads, later ones do not. */
#define CHX__N_VARIANTS 4

/* A lowered plan, and who plays its parts. */
typedef struct chx__variant {
    chx__lowered *lowered; /* NULL ends the list */
    chx__cast cast;
    uint64_t n_recasts; /* of the graph, when the cast was assigned */
    bool fits; /* the cast could be assigned */
    uint64_t n_evictions; /* of the runtime, when its replicas were all there */
    bool suits; /* as was found when its buffers' maps had had so many changes */
    uint64_t n_changes;
    uint64_t n_changes_left; /* so many were there before and after it was submitted */
} chx__variant;

typedef struct chx__variants {
    chx_runtime *runtime;
    const chx_graph *graph;
    const chx__algorithm *algorithm;
    chx__partials partials; /* that pieces work in, of all variants */
    bool lacks_partials; /* they did not fit in the memory of the fleet's generation */
    chx__shares shares; /* of all variants, chosen for the fleet's generation; empty before */
    uint32_t shares_generation;
    chx__variant list[CHX__N_VARIANTS]; /* most recent first */
    uint64_t n_submits;
    uint64_t next_review;
    uint64_t review_interval;
    uint64_t n_shifts; /* of the runtime, at the last that was made for them */
    uint64_t next_choice; /* of shares, when costs move: after so many submits */
    uint64_t choice_epoch; /* of costs, at the last */
    bool is_choosing; /* somebody does, perhaps while the turn is given up */
    uint32_t n_choosers; /* who wait for that */
    uint32_t n_vain; /* refreshes since the last one that was of use */
    chx__refresh *refresh; /* of the first variant, while it is under way */
} chx__variants;

/* Nothing is made yet. The graph is borrowed. */
void chx__variants_init(chx__variants *variants, const chx_graph *graph,
                        const chx__algorithm *algorithm);

/* Waits for a refresh that is under way. Under the turn, which is given up meanwhile. */
void chx__variants_finish(chx__variants *variants);

/* Until nobody is choosing. Under the turn, which may be given up. */
void chx__variants_await(chx__variants *variants);

/* Puts the variant for the data where it lies now before all others, made when there is none. Under
 * the turn, which may be given up: then the data may lie elsewhere afterwards only if this failed.
 * Errors: as chx__planner_make(). */
chx_status chx__variants_choose(chx__variants *variants);

/* As above, and there is room in the flight for a run of it afterwards. */
chx_status chx__variants_choose_with_room(chx__variants *variants);

/* Makes a run of the first variant, to be ended by deadline_ns as chx_plan_params says. The caller
 * owns the one reference. Under the turn. Errors: MEMORY. */
chx_status chx__variants_start(const chx__variants *variants, uint64_t deadline_ns, chx_run **run);

/* Puts a run of the first variant in flight, which was chosen with room for it under the same turn.
 * Errors: MEMORY. */
chx_status chx__variants_submit(chx__variants *variants, chx_run *run);

#endif
