/* Neighbours in the table differ in lightness as well as in hue, so that they stay apart in grey
 * and for every kind of colour vision, on light and on dark ground. Orange-red is kept for the
 * critical path, amber for hosts and mint for transfers. */
#include "schedule/colour.h"

#include <stddef.h>

static const struct {
    const char *fill, *edge, *letters;
} colours[] = {
    {"#2f6fad", "#1d4a78", "#fff"}, /* kernels, the longest first */
    {"#9d86d9", "#654bab", "#14101f"}, {"#0f7d80", "#0a5355", "#fff"},
    {"#e59ac0", "#a9527f", "#2a0f1d"}, {"#6b4a9e", "#452c6d", "#fff"},
    {"#7fb2e5", "#3b77b0", "#0c1d2e"}, {"#5d7a2a", "#3d5219", "#fff"},
    {"#b9a37e", "#7b6743", "#221a0c"}, {"#8794a3", "#586473", "#10151a"}, /* other kernels */
    {"#f2b632", "#9a6f0b", "#1f2328"}, /* host tasks */
    {"#a9dac6", "#2f7a5e", "#1f2328"}, /* transfers */
};

uint32_t
chx__colour_of(const chx__kernel_use *kernel)
{
    if (kernel->kind != CHX_SPAN_KERNEL)
        return CHX__N_KERNEL_COLOURS + (kernel->kind == CHX_SPAN_HOST ? 1 : 2);
    return kernel->rank < CHX__N_KERNEL_COLOURS ? kernel->rank : CHX__N_KERNEL_COLOURS;
}

void
chx__colour_write_css(FILE *stream)
{
    for (size_t c = 0; c < sizeof colours / sizeof *colours; c++)
        fprintf(stream, ".k%zu{fill:%s;stroke:%s}.f%zu{fill:%s}.n%zu{fill:%s}", c, colours[c].fill,
                colours[c].edge, c, colours[c].edge, c, colours[c].letters);
}
