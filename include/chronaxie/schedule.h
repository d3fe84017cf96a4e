/*
 * Scheduling without devices: a task graph with known costs, laid on lanes.
 *
 * The classical model: task t costs cost_ms[t][lane]; an edge costs its
 * transfer time when its two tasks are on different lanes, nothing on the
 * same, and transfers do not contend.
 *
 * Queries of NULL give 0 or NULL.
 */
#ifndef CHRONAXIE_SCHEDULE_H
#define CHRONAXIE_SCHEDULE_H

#include <chronaxie/timeline.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct chx_schedule chx_schedule;

typedef struct chx_schedule_edge {
    uint32_t before;
    uint32_t after;
    double transfer_ms; /* >= 0 */
} chx_schedule_edge;

/* A problem, borrowed during the call that takes it. */
typedef struct chx_schedule_problem {
    uint32_t n_lanes; /* 1 .. 65535 */
    uint32_t n_tasks; /* at least 1 */
    uint32_t n_edges;
    const char *const *lane_names; /* n_lanes, or NULL */
    const char *const *task_names; /* n_tasks, or NULL */
    const double *cost_ms; /* n_tasks x n_lanes, row by row; INFINITY forbids a lane */
    const chx_schedule_edge *edges; /* n_edges, in any order */
} chx_schedule_problem;

typedef struct chx_schedule_entry {
    uint32_t lane;
    double start_ms;
    double finish_ms;
} chx_schedule_entry;

/* Names of the algorithms, the default first; NULL beyond the last.
 *
 * "best": the shortest that those below find, then an improvement search of about 5 ms, four times
 * as long for small graphs whose lower bound leaves room. It counts what it tries, not time, so a
 * problem has one plan. Never longer than "heft".
 * "heft", "heft-no-insertion", "cpop": Topcuoglu, Hariri and Wu 2002, doi:10.1109/71.993206.
 * "peft": Arabnejad and Barbosa 2014, doi:10.1109/TPDS.2013.57.
 * "lookahead": one step; Bittencourt, Sakellariou and Madeira 2010, doi:10.1109/PDP.2010.56.
 * "heteroprio": in the manner of Agullo and others 2016, doi:10.1109/IPDPS.2016.90. */
CHX_API const char *chx_schedule_algorithm_at(uint32_t index);

/* Schedules a problem with the named algorithm; NULL means the default. The caller destroys
 * *schedule. Errors: INVALID for an unknown algorithm or a bad number, CYCLE, MEMORY. Any
 * thread. */
CHX_API chx_status chx_schedule_create(const chx_schedule_problem *problem, const char *algorithm,
                                       chx_schedule **schedule);

/* How a file is scheduled. */
typedef struct chx_schedule_params {
    const char *algorithm; /* NULL: the default */
    /* A described machine (docs/machine-format.md), on whose lanes, links and memory the graph is
     * planned, with transfers that contend. NULL: the classical model. */
    const char *machine_path;
    uint32_t n_lanes; /* processors for a graph that names none (.stg, workflows); 0: 4 */
    uint32_t effort; /* of "best": how many times the search of about 5 ms; 0: 1 */
} chx_schedule_params;

/* Reads a task graph from a JSON file (docs/machine-format.md), or from one in the Standard Task
 * Graph format, which ends in ".stg", or a workflow of WfCommons, known by its "workflow", and
 * schedules it; the last two take no machine. params may be NULL.
 * Errors: FILE, FORMAT with file and line, and those above. */
CHX_API chx_status chx_schedule_load(const char *path, const chx_schedule_params *params,
                                     chx_schedule **schedule);

/* Clears *schedule; accepts NULL. */
CHX_API void chx_schedule_destroy(chx_schedule **schedule);

/* What differs from the plan when it is played. */
typedef struct chx_schedule_play_params {
    double noise; /* sigma of the logarithm of durations over planned ones, 0 .. 10 */
    uint64_t seed;
    const char *slow_lane; /* a lane or a device that is slower than planned; NULL: none */
    double slow_factor; /* by this much; 0 means 1 */
} chx_schedule_play_params;

/* Plays the plan on a virtual clock: every lane keeps its order, and work begins when its lane and
 * what it waits for allow. The same seed gives the same times. Replaces what was played before; the
 * timeline then has the played times as measured ones. params may be NULL. Errors: INVALID for an
 * unknown lane or a number out of range, MEMORY. */
CHX_API chx_status chx_schedule_play(chx_schedule *schedule, const chx_schedule_play_params *params,
                                     double *makespan_ms);

CHX_API uint32_t chx_schedule_n_tasks(const chx_schedule *schedule);
CHX_API uint32_t chx_schedule_n_lanes(const chx_schedule *schedule);
CHX_API uint32_t
chx_schedule_n_transfers(const chx_schedule *schedule); /* 0 in the classical model */
CHX_API const chx_schedule_entry *chx_schedule_task(const chx_schedule *schedule, uint32_t task);
CHX_API const char *chx_schedule_task_name(const chx_schedule *schedule, uint32_t task);
CHX_API const char *chx_schedule_lane_name(const chx_schedule *schedule, uint32_t lane);
CHX_API const char *chx_schedule_algorithm(const chx_schedule *schedule);
CHX_API double chx_schedule_makespan_ms(const chx_schedule *schedule);

/* No schedule can be shorter: the larger of the longest path, each task and transfer at its best,
 * and the area that all tasks take of all lanes. "best" raises it for up to 64 tasks on 16 lanes by
 * refuting lengths. */
CHX_API double chx_schedule_lower_bound_ms(const chx_schedule *schedule);

/* What the plan would use by the machine's power model, J; 0 in the classical model. */
CHX_API double chx_schedule_energy_j(const chx_schedule *schedule);

/* The schedule as a timeline, for drawing; the caller destroys it. */
CHX_API chx_status chx_schedule_timeline(const chx_schedule *schedule, chx_timeline **timeline);

#ifdef __cplusplus
}
#endif

#endif
