/* Arguments as the library keeps them: copies that own what their values are. */
#ifndef CHX_GRAPH_ARGUMENT_H
#define CHX_GRAPH_ARGUMENT_H

#include <chronaxie/graph.h>

/* Where an argument's value stands. */
static inline const void *
chx__arg_value(const chx_arg *arg)
{
    return arg->bytes ? arg->bytes : &arg->value;
}

/* Bytes of values that do not fit into their arguments. */
size_t chx__args_excess(const chx_arg *args, size_t n);

/* Copies n arguments; values that do not fit into them are copied to *excess, which moves on by
 * chx__args_excess(). */
void chx__args_copy(chx_arg *to, const chx_arg *from, size_t n, unsigned char **excess);

/* Copies n arguments with all that belongs to them into one block, freed with free(). NULL without
 * memory. */
chx_arg *chx__args_clone(const chx_arg *args, size_t n);

#endif
