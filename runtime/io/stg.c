/* A file counts its tasks without the two empty ones at its ends, hence n + 2. Lines mean
 * nothing to the format, but complaints give them. Everything is bounded before it is used as a
 * size or index, and arrays grow with the tasks that are there, not by the count that the file
 * claims. */
#include "io/stg.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "io/signature.h"
#include "schedule/schedule.h"

#define MAX_FILE_BYTES ((size_t)512 << 20)
#define MAX_TASKS 10000000

typedef struct stg {
    const char *path;
    char *text, *at; /* at: the next character */
    size_t size_bytes;
    int line;
    uint32_t n_tasks, n_lanes;
    double *cost_ms;
    char **names;
    chx_schedule_edge *edges;
    size_t n_edges, costs_capacity, names_capacity, edges_capacity;
} stg;

bool
chx__stg_is(const char *path)
{
    size_t length = strlen(path);
    return length >= 4 && strcmp(path + length - 4, ".stg") == 0;
}

/* The next number of the file; a comment goes from # to the end of its line. */
static chx_status
read_number(stg *of, const char *what, uint64_t max, uint64_t *number)
{
    while (*of->at && (strchr(" \t\r\n", *of->at) || *of->at == '#')) {
        if (*of->at == '#')
            of->at += strcspn(of->at, "\n");
        else
            of->line += *of->at++ == '\n';
    }
    if (!*of->at)
        return chx__fail(CHX_ERROR_FORMAT, "%s:%d: the file ends where %s should stand", of->path,
                         of->line, what);
    char *end;
    errno = 0;
    *number = *of->at >= '0' && *of->at <= '9' ? strtoull(of->at, &end, 10) : UINT64_MAX;
    if (errno || *number > max || (*end && !strchr(" \t\r\n#", *end)))
        return chx__fail(CHX_ERROR_FORMAT, "%s:%d: %s must be a whole number from 0 to %" PRIu64,
                         of->path, of->line, what, max);
    of->at = end;
    return CHX_OK;
}

static chx_status
keep_task(stg *of, uint32_t task, double cost_ms)
{
    size_t first = (size_t)task * of->n_lanes;
    if (!chx__grow(&of->cost_ms, &of->costs_capacity, first + of->n_lanes, sizeof *of->cost_ms) ||
        !chx__grow(&of->names, &of->names_capacity, (size_t)task + 1, sizeof *of->names))
        return chx__fail_memory("reading a task graph");
    for (uint32_t l = 0; l < of->n_lanes; l++)
        of->cost_ms[first + l] = cost_ms;
    of->names[task] = chx__format("%" PRIu32, task);
    return of->names[task] ? CHX_OK : chx__fail_memory("reading a task graph");
}

static chx_status
read_task(stg *of, uint32_t task)
{
    uint64_t number, time, n_before, before;
    chx_status status = read_number(of, "a task's number", UINT32_MAX, &number);
    if (!status && number != task)
        return chx__fail(CHX_ERROR_FORMAT,
                         "%s:%d: task %" PRIu64 " stands where %" PRIu32 " should", of->path,
                         of->line, number, task);
    if (!status)
        status = read_number(of, "a task's time", (uint64_t)CHX__SCHEDULE_MAX_MS, &time);
    if (!status)
        status = read_number(of, "how many tasks it follows", of->n_tasks - 1, &n_before);
    for (uint64_t i = 0; !status && i < n_before; i++) {
        status = read_number(of, "a task that it follows", of->n_tasks - 1, &before);
        if (!status && before == task)
            return chx__fail(CHX_ERROR_FORMAT, "%s:%d: task %" PRIu32 " follows itself", of->path,
                             of->line, task);
        if (status)
            break;
        if (of->n_edges == UINT32_MAX ||
            !chx__grow(&of->edges, &of->edges_capacity, of->n_edges + 1, sizeof *of->edges))
            return chx__fail_memory("reading a task graph");
        of->edges[of->n_edges++] = (chx_schedule_edge){(uint32_t)before, task, 0.0};
    }
    return status ? status : keep_task(of, task, (double)time);
}

static chx_status
read_tasks(stg *of)
{
    uint64_t n;
    chx_status status = read_number(of, "the number of tasks", MAX_TASKS, &n);
    if (status)
        return status;
    of->n_tasks = (uint32_t)n + 2;
    for (uint32_t t = 0; !status && t < of->n_tasks; t++)
        status = read_task(of, t);
    return status;
}

chx_status
chx__stg_load(const char *path, const chx_schedule_params *params, chx_schedule **schedule)
{
    stg of = {.path = path, .line = 1, .n_lanes = params->n_lanes ? params->n_lanes : 4};
    chx_status status = chx__file_read(path, MAX_FILE_BYTES, &of.text, &of.size_bytes);
    of.at = of.text;
    if (!status)
        status = chx__signature_check(path, of.text, of.size_bytes);
    if (!status)
        status = read_tasks(&of);
    if (!status)
        status = chx__schedule_create(
            &(chx_schedule_problem){.n_lanes = of.n_lanes,
                                    .n_tasks = of.n_tasks,
                                    .n_edges = (uint32_t)of.n_edges,
                                    .task_names = (const char *const *)of.names,
                                    .cost_ms = of.cost_ms,
                                    .edges = of.edges},
            params, schedule);
    for (size_t t = 0; t < of.names_capacity; t++)
        free(of.names[t]);
    free(of.names);
    free(of.cost_ms);
    free(of.edges);
    free(of.text);
    return status;
}
