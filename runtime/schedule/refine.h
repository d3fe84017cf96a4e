/* Refining: the search where only lanes contend, on sequences instead of the placer. */
#ifndef CHX_SCHEDULE_REFINE_H
#define CHX_SCHEDULE_REFINE_H

#include "schedule/search.h"

/* As chx__search(), for machines that chx__sequence_fits(). Errors: MEMORY. */
chx_status chx__refine(const chx__machine *machine, const chx__problem *problem,
                       const chx__search_params *params, chx__solution *solution);

#endif
