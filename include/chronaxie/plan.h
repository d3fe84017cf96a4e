/*
 * A plan: where and when every task and transfer of a graph is to run.
 *
 * Planning is list scheduling (HEFT: Topcuoglu, Hariri and Wu 2002,
 * doi:10.1109/71.993206) on the timeline of all lanes, with transfers as tasks
 * on copy lanes. A plan can be read as a timeline, drawn, compared with what
 * happened, and submitted again and again. A run is one submission.
 *
 * Queries of NULL give 0 or false.
 */
#ifndef CHRONAXIE_PLAN_H
#define CHRONAXIE_PLAN_H

#include <chronaxie/graph.h>
#include <chronaxie/timeline.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct chx_plan chx_plan;
typedef struct chx_run chx_run;

#define CHX_FOREVER UINT64_MAX

/* Options of a plan; all zeroes means the defaults. */
typedef struct chx_plan_params {
    /* A run that has not ended this long after the last earlier one ended fails with
     * CHX_ERROR_TIMEOUT: time in line behind others does not count. 0 means 60 s plus 20 times the
     * predicted makespan, CHX_FOREVER that it never does. */
    uint64_t deadline_ns;
    /* As chx_schedule_algorithm_at() names them; NULL means "heft". */
    const char *algorithm;
    /* For finding faults in declarations: before each submit every kernel task runs alone, twice,
     * on copies of what the buffers hold, and the submit fails with CHX_ERROR_KERNEL, naming task,
     * argument and byte, when one writes outside of the ranges that it declares to write, leaves
     * some of what it declares to overwrite, does something else to a buffer than reduce into it as
     * it says, or when its results depend on bytes that it does not declare to read. Such a kernel
     * may do anything with those bytes, also crash. Slow. Also on when CHRONAXIE_CHECK_RANGES=1 is
     * in the environment. */
    bool checks_ranges;
    /* What a device loses is made again: a run that it fails (DEVICE, DEVICE_MEMORY, TIMEOUT) is
     * repeated, and so is what a read finds lost, with the same bits, and planning that it fails. A
     * device that fails again at once, or does not end in time, is left out while others remain,
     * which then do also what only it was to do, until it is well again: submits have it tried
     * after 5 s and then ever more seldom, and once it answers and passes the self-test it is used
     * again. In time means long before the deadline, unless
     * that is CHX_FOREVER: within twice what the work is known to take and 0.2 s a device should
     * end it or else answer, and within 16 times that and 3 s it should end it. Each failure is a
     * warning in the log, and counted (chx_runtime_n_recoveries()). Only when nothing is left to
     * try are failures told as without it. Kept for that is what runs overwrite of what they read,
     * copied about once a second but for not more than a thirtieth of the time, and the values of
     * runs since. Host tasks that have returned are not called again, unless they write buffers;
     * then they must leave the same bytes. For as long as its runs are in flight the plan alone may
     * write to its buffers; where other plans or chx_buffer_write() have done so, or an argument is
     * another buffer than before, the next submit waits and copies. In a plan that runs in stages
     * each is repeated by itself; what those before have left on a device that is lost, is lost.
     * Not in a serial runtime. */
    bool recovers;
} chx_plan_params;

/* Plans a graph for the runtime's selected devices and compiles what is missing. params may be
 * NULL. The graph is borrowed for the life of the plan and must not grow. Where its buffers need
 * more memory than devices have, its tasks run in stages that fit, and the host keeps meanwhile
 * what a stage does not use; the log warns of it. Errors: BUILD, KERNEL, INVALID, DEVICE_MEMORY
 * where a task alone does not fit, MEMORY. */
CHX_API chx_status chx_plan_create(chx_graph *graph, const chx_plan_params *params,
                                   chx_plan **plan);

/* Waits for runs of its graph that are still in flight, so that the graph may be destroyed next,
 * and clears *plan; accepts NULL. Handles of its runs must have been destroyed. */
CHX_API void chx_plan_destroy(chx_plan **plan);

/* Predicted time from the first start to the last finish, ns. */
CHX_API double chx_plan_makespan_ns(const chx_plan *plan);

/* The predicted timeline; the caller destroys it. */
CHX_API chx_status chx_plan_timeline(const chx_plan *plan, chx_timeline **timeline);

/* Enqueues the plan with event wait-lists and returns without waiting; follows earlier runs that
 * use the same buffers. It is planned anew first when measured costs have changed what is best, or
 * when the data now lies elsewhere. On success the caller destroys *run. run may be NULL when only
 * the effect matters; how it failed is then returned, once, by the plan's next submit, which
 * submits nothing. While another thread waits to read or write a buffer of the plan, it is let go
 * first. A plan that runs in stages waits for all but the last, whose run stands for all of them,
 * and returns the error of one that failed before. One thread at a time. */
CHX_API chx_status chx_plan_submit(chx_plan *plan, chx_run **run);

/* Sleeps until the run ended or timeout_ns passed (CHX_ERROR_TIMEOUT; the run goes on). Returns
 * what the run ended with: CHX_OK, or the first command's error, also in chx_last_error(). After
 * an error the buffers that the run writes hold what it completed, or what they held before if it
 * had not begun to write them, or are lost; reading a lost one is an error. Any thread. */
CHX_API chx_status chx_run_wait(chx_run *run, uint64_t timeout_ns);

/* True when the run has ended, well or not. Does not block. Any thread. */
CHX_API bool chx_run_done(chx_run *run);

/* Told how a run ended, as chx_run_wait() would say it. */
typedef void (*chx_run_fn)(void *data, chx_status status);

/* Calls fn once when the run has ended, even when its handle is gone by then: from the thread that
 * moves runs along, or at once from this one when it has ended already. fn may call the library,
 * but what takes long there keeps other runs waiting. In a serial runtime it is called before the
 * call that moved the run along returns. Errors: MEMORY. Any thread. */
CHX_API chx_status chx_run_notify(chx_run *run, chx_run_fn fn, void *data);

/* Calls a run off and returns without waiting: what has not begun never does, what has is waited
 * for, and then the run ends with CHX_ERROR_CANCELLED, as do the runs that follow it. The bytes
 * that it was to write are as after any error, see chx_run_wait(). A run that has ended stays as
 * it is. Any thread. */
CHX_API chx_status chx_run_cancel(chx_run *run);

/* Predicted and measured timeline of a run that ended; the caller destroys it. Errors: INVALID
 * while it runs. */
CHX_API chx_status chx_run_timeline(const chx_run *run, chx_timeline **timeline);

/* Clears *run; accepts NULL. A run in flight goes on without its handle. */
CHX_API void chx_run_destroy(chx_run **run);

#ifdef __cplusplus
}
#endif

#endif
