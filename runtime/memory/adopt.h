/* What floors above ask of a buffer beyond its public functions. */
#ifndef CHX_MEMORY_ADOPT_H
#define CHX_MEMORY_ADOPT_H

#include <chronaxie/buffer.h>

/* Makes the memory that a buffer was wrapped around its own: chx__alloc() made it, and it goes when
 * the buffer does, or never where a device may still reach it then. */
void chx__buffer_adopt(chx_buffer *buffer);

#endif
