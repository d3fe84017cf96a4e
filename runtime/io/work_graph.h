/* A task graph for a described machine: work and bytes instead of times. */
#ifndef CHX_IO_WORK_GRAPH_H
#define CHX_IO_WORK_GRAPH_H

#include <chronaxie/schedule.h>

/* As chx_schedule_load() with a machine. */
chx_status chx__work_graph_load(const char *path, const chx_schedule_params *params,
                                chx_schedule **schedule);

#endif
