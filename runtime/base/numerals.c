/* The locale of one thread, set aside while numbers are written (uselocale, POSIX 2008): the
 * program's own, which other threads see, is never touched. */
#include "base/numerals.h"

chx__numerals
chx__numerals_begin(void)
{
    chx__numerals numerals = {newlocale(LC_NUMERIC_MASK, "C", (locale_t)0), (locale_t)0};
    if (numerals.neutral)
        numerals.previous = uselocale(numerals.neutral);
    return numerals;
}

void
chx__numerals_end(chx__numerals *numerals)
{
    if (!numerals->neutral)
        return;
    uselocale(numerals->previous);
    freelocale(numerals->neutral);
    *numerals = (chx__numerals){0};
}
