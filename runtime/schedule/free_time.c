/* Gaps rise, neither touch nor overlap, none is empty, and the last one has no end, so a search
 * from any time finds one. Times are compared exactly: a task begins at the very number at which
 * the one before it ended. Work without duration takes no time, in plans as when they are played
 * (play.c).
 *
 * Taking time that is taken already, or partly, is allowed: a rival lane's work overlaps with
 * what a lane has anyhow. */
#include "schedule/free_time.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

bool
chx__free_time_init(chx__free_time *time)
{
    *time = (chx__free_time){0};
    if (!chx__grow(&time->gaps, &time->capacity, 1, sizeof *time->gaps))
        return false;
    chx__free_time_reset(time);
    return true;
}

void
chx__free_time_reset(chx__free_time *time)
{
    time->gaps[0] = (chx__gap){0.0, INFINITY};
    time->n_gaps = 1;
}

double
chx__free_time_end(const chx__free_time *time)
{
    return time->gaps[time->n_gaps - 1].start_ns;
}

void
chx__free_time_finish(chx__free_time *time)
{
    free(time->gaps);
    *time = (chx__free_time){0};
}

/* The first gap that ends at or after a time; there always is one. Work is mostly placed near the
 * end, so the search widens from there before it halves. */
static size_t
first_ending_from(const chx__free_time *time, double ns)
{
    size_t high = time->n_gaps - 1, step = 1;
    while (step <= high && time->gaps[high - step].finish_ns >= ns) {
        high -= step;
        step *= 2;
    }
    size_t low = step <= high ? high - step + 1 : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (time->gaps[middle].finish_ns >= ns)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

double
chx__free_time_find(const chx__free_time *time, double ready_ns, double duration_ns,
                    double limit_ns)
{
    for (size_t i = first_ending_from(time, ready_ns + duration_ns); i < time->n_gaps; i++) {
        const chx__gap *gap = &time->gaps[i];
        double start = gap->start_ns > ready_ns ? gap->start_ns : ready_ns;
        if (start + duration_ns >= limit_ns)
            return INFINITY;
        if (start + duration_ns <= gap->finish_ns)
            return start;
    }
    return INFINITY;
}

bool
chx__free_time_take(chx__free_time *time, double start_ns, double finish_ns)
{
    if (!(start_ns < finish_ns))
        return true;
    if (!chx__grow(&time->gaps, &time->capacity, time->n_gaps + 1, sizeof *time->gaps))
        return false;
    size_t first = first_ending_from(time, start_ns);
    if (time->gaps[first].finish_ns == start_ns)
        first++;
    size_t end = first;
    while (end < time->n_gaps && time->gaps[end].start_ns < finish_ns)
        end++;
    if (first == end)
        return true;

    chx__gap left = {time->gaps[first].start_ns, start_ns};
    chx__gap right = {finish_ns, time->gaps[end - 1].finish_ns};
    chx__gap kept[2];
    size_t n_kept = 0;
    if (left.start_ns < left.finish_ns)
        kept[n_kept++] = left;
    if (right.start_ns < right.finish_ns)
        kept[n_kept++] = right;
    memmove(time->gaps + first + n_kept, time->gaps + end,
            (time->n_gaps - end) * sizeof *time->gaps);
    memcpy(time->gaps + first, kept, n_kept * sizeof *kept);
    time->n_gaps = time->n_gaps + n_kept - (end - first);
    assert(time->n_gaps > 0 && time->gaps[time->n_gaps - 1].finish_ns == INFINITY);
    return true;
}
