/* Workflows as WfCommons publishes them (Coleman and others 2022,
 * doi:10.1016/j.future.2021.09.043), in the layouts of its schema versions 1.3 to 1.5: tasks that
 * were measured, and their parents. */
#ifndef CHX_IO_WORKFLOW_H
#define CHX_IO_WORKFLOW_H

#include <chronaxie/schedule.h>

#include "io/json.h"

/* Whether a document is one, by its "workflow". */
bool chx__workflow_is(const chx__json *json);

/* Schedules the tasks on params' n_lanes, or 4, processors, each for as long as it was measured;
 * files take no time. Errors: FORMAT with file and line, CYCLE, INVALID for an unknown algorithm,
 * MEMORY. */
chx_status chx__workflow_solve(const chx__json *json, const chx_schedule_params *params,
                               chx_schedule **schedule);

#endif
