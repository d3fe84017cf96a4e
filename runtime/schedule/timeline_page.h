/* What a page is written with, embedded at build time: its style and its script. */
#ifndef CHX_SCHEDULE_TIMELINE_PAGE_H
#define CHX_SCHEDULE_TIMELINE_PAGE_H

#include <stddef.h>

typedef struct chx__page_part {
    const char *name; /* of the file */
    const char *bytes;
    size_t size;
} chx__page_part;

/* Ended by a row of zeroes. */
extern const chx__page_part chx__page_parts[];

#endif
