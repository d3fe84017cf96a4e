/* Task graphs in the Standard Task Graph format (Tobita and Kasahara 2002): one line per task with
 * its number, its time, how many tasks it follows, and their numbers; the first line counts the
 * tasks, without the empty ones at both ends. Processors are alike and transfers take no time. */
#ifndef CHX_IO_STG_H
#define CHX_IO_STG_H

#include <stdbool.h>

#include <chronaxie/schedule.h>

/* Whether a path ends in ".stg". */
bool chx__stg_is(const char *path);

/* Schedules the graph on params' n_lanes, or 4, processors; a unit of time is a millisecond.
 * Errors: FILE, LIMIT, FORMAT with file and line, CYCLE, INVALID for an unknown algorithm,
 * MEMORY. */
chx_status chx__stg_load(const char *path, const chx_schedule_params *params,
                         chx_schedule **schedule);

#endif
