/* Words that are nearly another, so that a complaint can say what was meant. */
#ifndef CHX_IO_NEAR_H
#define CHX_IO_NEAR_H

#include <stdbool.h>

/* Whether a text is a known word but for case or a slip or two: letters left out, added, replaced
 * or swapped; one slip in words of up to four letters. */
bool chx__is_near(const char *text, const char *known);

#endif
