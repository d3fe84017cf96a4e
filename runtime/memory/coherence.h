/* Which places hold the current content of which bytes of a buffer. */
#ifndef CHX_MEMORY_COHERENCE_H
#define CHX_MEMORY_COHERENCE_H

#include <stddef.h>
#include <stdint.h>

#include <chronaxie/status.h>

#include "base/places.h"

typedef struct chx__extent {
    size_t begin, end; /* bytes */
    chx__places places; /* holders of the current content; none means that it is lost */
} chx__extent;

/* Extents in order, touching, without empty ones, and covering [0, size). */
typedef struct chx__coherence {
    chx__extent *extents;
    size_t n_extents;
    size_t capacity;
    uint64_t n_changes; /* ever; what is as it was then says the same */
} chx__coherence;

/* One extent of size bytes held by `places`. */
chx_status chx__coherence_init(chx__coherence *coherence, size_t size, chx__places places);
void chx__coherence_finish(chx__coherence *coherence);

/* Makes `to` equal to `from`. Errors: MEMORY, and `to` is as it was. */
chx_status chx__coherence_copy(chx__coherence *to, const chx__coherence *from);

/* The same with room reserved for all of from's extents, so that it cannot fail. */
void chx__coherence_take(chx__coherence *to, const chx__coherence *from);

/* Places that hold all of [begin, end). */
chx__places chx__coherence_places(const chx__coherence *coherence, size_t begin, size_t end);

/* Makes room so that the next `n_changes` changes cannot fail. */
chx_status chx__coherence_reserve(chx__coherence *coherence, size_t n_changes);

/* [begin, end) was written: `places` alone hold it from now on. Needs room reserved. */
void chx__coherence_set(chx__coherence *coherence, size_t begin, size_t end, chx__places places);

/* [begin, end) was copied: `places` hold it as well. Needs room reserved. */
void chx__coherence_add(chx__coherence *coherence, size_t begin, size_t end, chx__places places);

/* `gone` hold nothing of [begin, end) any more. Without memory for the exact cut, they hold nothing
 * of any extent that it touches: the map may forget, but never claims. */
void chx__coherence_subtract(chx__coherence *coherence, size_t begin, size_t end, chx__places gone);

/* The places of `gone` hold nothing any more, anywhere. */
void chx__coherence_remove(chx__coherence *coherence, chx__places gone);

#endif
