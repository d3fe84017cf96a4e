/* Slips are looked for from the first letter that differs, each in every way it can have come
 * about. That is a few calls for each letter, since two slips are the most that are forgiven. */
#include "io/near.h"

#include <string.h>
#include <strings.h>

/* Whether at most `edits` letters were left out, added, replaced, or swapped with the next. */
static bool
is_within(const char *a, const char *b, int edits)
{
    while (*a && *a == *b)
        a++, b++;
    if (!*a && !*b)
        return true;
    if (edits == 0)
        return false;
    if (*a && a[1] && a[1] == b[0] && a[0] == b[1] && is_within(a + 2, b + 2, edits - 1))
        return true;
    return (*a && *b && is_within(a + 1, b + 1, edits - 1)) ||
           (*a && is_within(a + 1, b, edits - 1)) || (*b && is_within(a, b + 1, edits - 1));
}

bool
chx__is_near(const char *text, const char *known)
{
    return strcasecmp(text, known) == 0 || is_within(text, known, strlen(known) > 4 ? 2 : 1);
}
