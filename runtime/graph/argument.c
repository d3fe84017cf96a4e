/* A value of up to 16 bytes travels in its argument; a longer one stands elsewhere, and whoever
 * keeps the argument keeps a copy of it behind the array. So an array of arguments is two stretches
 * of memory at most, whatever its values are. */
#include "graph/argument.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"

static size_t
excess_of(const chx_arg *arg)
{
    return arg->kind == CHX_ARG_VALUE && arg->bytes && arg->size_bytes > sizeof arg->value
               ? arg->size_bytes
               : 0;
}

size_t
chx__args_excess(const chx_arg *args, size_t n)
{
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++)
        bytes += excess_of(&args[i]);
    return bytes;
}

void
chx__args_copy(chx_arg *to, const chx_arg *from, size_t n, unsigned char **excess)
{
    for (size_t i = 0; i < n; i++) {
        size_t bytes = excess_of(&from[i]);
        to[i] = from[i];
        to[i].bytes = bytes > 0 ? *excess : NULL;
        if (bytes > 0)
            memcpy(*excess, from[i].bytes, bytes);
        else if (from[i].kind == CHX_ARG_VALUE && from[i].bytes)
            memcpy(&to[i].value, from[i].bytes, from[i].size_bytes);
        *excess += bytes;
    }
}

chx_arg *
chx__args_clone(const chx_arg *args, size_t n)
{
    size_t size = n * sizeof *args;
    unsigned char *block = chx__alloc(1, size + chx__args_excess(args, n) + 1);
    if (!block)
        return NULL;
    unsigned char *excess = block + size;
    chx__args_copy((chx_arg *)(void *)block, args, n, &excess);
    return (chx_arg *)(void *)block;
}
