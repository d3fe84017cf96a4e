/* The picture of a timeline, for those that put it elsewhere than into a file of its own. */
#ifndef CHX_SCHEDULE_TIMELINE_SVG_H
#define CHX_SCHEDULE_TIMELINE_SVG_H

#include <stdio.h>

#include "schedule/diagnosis.h"

/* Plan and measurement share one axis; not known when no span has a time. */
chx__interval chx__timeline_axis(const chx_timeline *timeline);

/* Whether predictions are drawn beside what was measured. */
bool chx__timeline_has_ghosts(const chx_timeline *timeline);

/* Writes what a heading says below its title: counts and the prediction, as XML text. */
void chx__timeline_write_facts(FILE *stream, const chx_timeline *timeline);

/* Lanes in the order of their devices; order has room for all. */
void chx__timeline_group_lanes(const chx_timeline *timeline, uint32_t *order);

/* Writes an <svg> element. Numbers must be in the C locale. Errors: MEMORY. */
chx_status chx__timeline_draw(const chx__diagnosis *diagnosis, FILE *stream);

#endif
