/* The peer of runtime/scene/palette.c for black ground and inferno. Formulas are the same in the
 * same order, as tables are compared to the bit through the pictures that they make; constants
 * are written out again on purpose, so that a slip on one side shows. */
#include "colours.h"

#include <math.h>

/* Every eighth colour of inferno (van der Walt and Smith, CC0). */
static const uint32_t inferno[33] = {
    0x000004, 0x040312, 0x0b0724, 0x150b37, 0x210c4a, 0x2f0a5b, 0x3d0965, 0x4a0c6b, 0x57106e,
    0x64156e, 0x71196e, 0x7d1e6d, 0x8a226a, 0x972766, 0xa32c61, 0xb0315b, 0xbc3754, 0xc73e4c,
    0xd24644, 0xdb503b, 0xe45a31, 0xeb6628, 0xf1731d, 0xf68013, 0xf98e09, 0xfb9d07, 0xfcac11,
    0xfbbc21, 0xf9cb35, 0xf5db4c, 0xf2ea69, 0xf3f68a, 0xfcffa4};

static const uint32_t tints[63] = {
    0x6f93c4, 0x57a8a4, 0x9c88c9, 0x7ea87a, 0xb58aa6, 0x6aaed0, 0xa9a075, 0x939cab, 0x9e441d,
    0xfe8160, 0xfd9cf5, 0x4158bd, 0x8d3b96, 0x137738, 0x64616e, 0x7edf7f, 0xe9b6ad, 0xc4486c,
    0xfa7ba7, 0xc1bbff, 0xc76ac0, 0x79d9c6, 0xf8b65d, 0xc3cb83, 0x6d8af3, 0xb6c8cc, 0x957530,
    0xc48efa, 0x8163ce, 0xc2805e, 0x386698, 0x2787a2, 0xf0acd5, 0x90cbfe, 0xa1638a, 0x665894,
    0xd66e74, 0x42d9fa, 0xc74c3d, 0x777d70, 0x76acfc, 0x5e884f, 0x807399, 0x993e68, 0x356e6c,
    0x66663d, 0xe0929b, 0x9a5fac, 0x9b6c6d, 0x4ec491, 0xab2f3f, 0xc498d2, 0x2d8c76, 0xe288c2,
    0xe6964f, 0xce6e98, 0xc38323, 0xa79df8, 0x6477b3, 0xa278e4, 0xb7a7a1, 0x4874d8, 0xadcfac};

static double
byte_of(uint32_t rgb, int k)
{
    return (rgb >> (16 - 8 * k) & 255) / 255.0;
}

static double
to_linear(double s)
{
    return s <= 0.04045 ? s / 12.92 : pow((s + 0.055) / 1.055, 2.4);
}

static double
map_linear(double x, int k)
{
    double at = fmin(fmax(x, 0), 1) * 32;
    int i = (int)fmin(at, 31);
    double a = byte_of(inferno[i], k), b = byte_of(inferno[i + 1], k);
    return to_linear(a + (b - a) * (at - i));
}

static double
ease(double x)
{
    x = fmin(fmax(x, 0), 1);
    return x * x * (3 - 2 * x);
}

static double
curve_middle(int i)
{
    return i < 1024 ? i * 8 / 65536.0 : (8192 + (i - 1024) * 256.0) / 65536;
}

static void
fill_curves(threads_colours *colours)
{
    for (int i = 0; i < THREADS_CURVE; i++) {
        double x = curve_middle(i), bloom = 1 - exp(-2.2 * x);
        for (int k = 0; k < 3; k++)
            colours->haze[i][k] =
                2 * (uint32_t)rint(map_linear(bloom * 0.5, k) * ease(bloom * 8) * 0.5 * 32768);
        if (x > 0.55)
            x = 0.55 + (1 - 0.55) * (1 - exp(-(x - 0.55) / (1 - 0.55)));
        double shown = x <= 0.0031308 ? x * 12.92 : 1.055 * pow(x, 1 / 2.4) - 0.055;
        colours->tone[i] = (uint16_t)rint(4080 * shown);
    }
}

static void
fill_light(threads_colours *colours)
{
    const double end = 8;
    for (int i = 0; i < THREADS_AGES; i++) {
        double age = i * 16 / 4096.0;
        double value = (exp(-age) - exp(-end)) / (1 - exp(-end));
        colours->light[i] = (uint16_t)rint(4095 * value);
    }
    for (int i = 0; i < THREADS_LEVELS; i++) {
        double x = i / 4095.0;
        colours->emission[i][3] = (uint32_t)rint(256 * ease(x * 15));
        for (int k = 0; k < 3; k++) {
            double value = map_linear(0.25 + 0.75 * x, k) * ease(x * 15) * (1 + 0.25 * x);
            colours->emission[i][k] = (uint32_t)rint(fmin(value, 1.99) * 32768);
        }
    }
}

void
threads_colours_fill(threads_colours *colours)
{
    fill_curves(colours);
    fill_light(colours);
    for (int i = 0; i < 64; i++)
        for (int k = 0; k < 3; k++)
            colours->tissue[i][k] =
                (uint32_t)rint(65536 * 0.92 * to_linear(byte_of(tints[i % 63], k)));
    for (int i = 0; i <= 256; i++) {
        double slope = i / 256.0;
        colours->cosine[i] = (uint32_t)rint(65536 / sqrt(1 + slope * slope));
        colours->secant[i] = (uint32_t)rint(65536 * sqrt(1 + slope * slope));
        colours->facing[i] = (uint32_t)rint(256 * sqrt(1 - slope));
    }
}
