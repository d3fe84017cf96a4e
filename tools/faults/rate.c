/* Faults by seed and rate. What is drawn for a call is a hash of the seed, of what strikes and of
 * the call's number among its like, so that a seed strikes the same calls in every order of the
 * threads that make them. */
#include "rate.h"

#include <stdlib.h>
#include <string.h>

rate
rate_parse(const char *text)
{
    rate parsed = {0};
    char *end;
    parsed.seed = strtoull(text, &end, 10);
    if (*end == ':')
        parsed.per_mille = (uint32_t)strtoul(end + 1, &end, 10);
    if (*end != ':')
        return (rate){0};
    size_t length = strcspn(end + 1, ",");
    if (length >= sizeof parsed.kinds)
        return (rate){0};
    memcpy(parsed.kinds, end + 1, length);
    return parsed;
}

bool
rate_names(const rate *drawn, const char *kind)
{
    const size_t length = strlen(kind);
    for (const char *at = drawn->kinds; *at;) {
        const size_t part = strcspn(at, "+");
        if (part == length && memcmp(at, kind, length) == 0)
            return true;
        at += part;
        at += *at == '+';
    }
    return false;
}

/* The end of SplitMix64 (Steele, Lea and Flood 2014), over what FNV-1a makes of the name. */
uint64_t
rate_draw(const rate *drawn, const char *name, uint64_t call)
{
    uint64_t z = UINT64_C(0xcbf29ce484222325);
    for (; *name; name++)
        z = (z ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    z += (drawn->seed + 1) * UINT64_C(0xd1342543de82ef95) + call * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

bool
rate_hits(const rate *drawn, const char *name, uint64_t call)
{
    return drawn->per_mille > 0 && rate_draw(drawn, name, call) % 1000 < drawn->per_mille;
}
