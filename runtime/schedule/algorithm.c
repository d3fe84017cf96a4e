/* One table of names, the default first: the order in which they are listed to users and tested. */
#include "schedule/algorithm.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

static const chx__algorithm algorithms[] = {
    {"best", chx__best},
    {"heft", chx__heft},
    {"heft-no-insertion", chx__heft_no_insertion},
    {"cpop", chx__cpop},
    {"peft", chx__peft},
    {"lookahead", chx__lookahead},
    {"heteroprio", chx__heteroprio},
};

const chx__algorithm *
chx__algorithm_at(size_t index)
{
    return index < sizeof algorithms / sizeof *algorithms ? &algorithms[index] : NULL;
}

chx_status
chx__algorithm_find(const char *name, const chx__algorithm **algorithm)
{
    char names[256] = "";
    size_t used = 0;
    for (size_t i = 0; chx__algorithm_at(i); i++) {
        const chx__algorithm *one = chx__algorithm_at(i);
        if (!name || strcmp(name, one->name) == 0) {
            *algorithm = one;
            return CHX_OK;
        }
        if (used < sizeof names)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "",
                                     one->name);
    }
    return chx__fail(CHX_ERROR_INVALID, "there is no algorithm \"%s\"; there are: %s", name, names);
}
