/* A legend names whole entries in their order: what does not fit is counted ("and 12 more") rather
 * than cut or left out in silence. */
#include "scene/legend.h"

#include <stdio.h>

static void
add_compartment(chx__legend *to, uint32_t compartment)
{
    for (uint32_t i = 0; i < to->n; i++)
        if (to->compartments[i] == compartment)
            return;
    to->compartments[to->n++] = compartment;
}

chx__legend
chx__legend_of(const chx_network_info *network, chx_colour_by by)
{
    chx__legend made = {.network = network, .by = by};
    if (by == CHX_COLOUR_BY_ID)
        made.n = network->n_neurons;
    else if (by != CHX_COLOUR_BY_COMPARTMENT)
        made.n = network->n_types;
    if (by == CHX_COLOUR_BY_COMPARTMENT) {
        add_compartment(&made, 0);
        for (uint32_t i = 0; i < network->n_nodes; i++)
            add_compartment(&made, chx__compartment_of(network->nodes[i].kind));
    }
    return made;
}

const char *
chx__legend_name(const chx__legend *of, uint32_t i)
{
    if (of->by == CHX_COLOUR_BY_COMPARTMENT)
        return chx__compartment_name(of->compartments[i]);
    return of->by == CHX_COLOUR_BY_ID ? of->network->neurons[i].name : of->network->types[i].name;
}

uint32_t
chx__legend_ink(const chx__legend *of, uint32_t i)
{
    if (of->by == CHX_COLOUR_BY_COMPARTMENT)
        return CHX__INK_TYPES + chx__compartment_hue(of->compartments[i]);
    return CHX__INK_TYPES + i % CHX__N_TINTS;
}

/* What says how many there are where none can be named; neurons are counted in front anyway. */
static void
count(const chx__legend *of, char *text, size_t size)
{
    const char *what = of->by == CHX_COLOUR_BY_COMPARTMENT ? "kind" : "type";
    if (of->by != CHX_COLOUR_BY_ID && of->n > 0)
        snprintf(text, size, CHX__BETWEEN_NAMES "%u %s%s", of->n, what, of->n == 1 ? "" : "s");
}

uint32_t
chx__legend_fit(const chx__legend *of, const chx__font *font, double cap_px, double most_px,
                char *text, size_t size)
{
    double used = 0;
    uint32_t n = 0;
    text[0] = 0;
    for (uint32_t i = 0; i < of->n; i++) {
        char rest[32] = "";
        if (i + 1 < of->n)
            snprintf(rest, sizeof rest, CHX__BETWEEN_NAMES "and %u more", of->n - i - 1);
        used += chx__text_width_px(font, CHX__BETWEEN_NAMES, cap_px) +
                chx__text_width_px(font, chx__legend_name(of, i), cap_px);
        if (used > most_px)
            break;
        if (used + chx__text_width_px(font, rest, cap_px) > most_px)
            continue;
        n = i + 1;
        snprintf(text, size, "%s", rest);
    }
    if (n == 0)
        count(of, text, size);
    return n;
}
