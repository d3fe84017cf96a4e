#include "colours.h"

#include <math.h>

/* Every eighth colour of inferno (van der Walt and Smith, CC0). */
static const uint32_t inferno[33] = {
    0x000004, 0x040312, 0x0b0724, 0x150b37, 0x210c4a, 0x2f0a5b, 0x3d0965, 0x4a0c6b, 0x57106e,
    0x64156e, 0x71196e, 0x7d1e6d, 0x8a226a, 0x972766, 0xa32c61, 0xb0315b, 0xbc3754, 0xc73e4c,
    0xd24644, 0xdb503b, 0xe45a31, 0xeb6628, 0xf1731d, 0xf68013, 0xf98e09, 0xfb9d07, 0xfcac11,
    0xfbbc21, 0xf9cb35, 0xf5db4c, 0xf2ea69, 0xf3f68a, 0xfcffa4};

static const uint32_t tints[8] = {0x6f93c4, 0x57a8a4, 0x9c88c9, 0x7ea87a,
                                  0xb58aa6, 0x6aaed0, 0xa9a075, 0x939cab};

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
                2 * (uint32_t)rint(map_linear(bloom * 0.86, k) * ease(bloom * 8) * 0.8 * 32768);
        if (x > 0.55)
            x = 0.55 + (1 - 0.55) * (1 - exp(-(x - 0.55) / (1 - 0.55)));
        double shown = x <= 0.0031308 ? x * 12.92 : 1.055 * pow(x, 1 / 2.4) - 0.055;
        colours->tone[i] = (uint16_t)rint(4080 * shown);
    }
}

static void
fill_light(threads_colours *colours)
{
    const double end = 8, rise = 1.0 / 32;
    for (int i = 0; i < THREADS_AGES; i++) {
        double age = i * 16 / 4096.0, past = age - rise;
        double value =
            past < 0 ? ease((age + 1.0 / 256) / rise) : (exp(-past) - exp(-end)) / (1 - exp(-end));
        colours->light[i] = (uint16_t)rint(4095 * value);
    }
    for (int i = 0; i < THREADS_LEVELS; i++)
        for (int k = 0; k < 3; k++) {
            double x = i / 4095.0;
            double value = map_linear(x, k) * ease(x * 12) * (1 + 0.25 * x);
            colours->emission[i][k] = (uint32_t)rint(fmin(value, 1.99) * 32768);
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
                (uint32_t)rint(65536 * 0.92 * to_linear(byte_of(tints[i % 8], k)));
    for (int i = 0; i <= 256; i++) {
        double slope = i / 256.0;
        colours->cosine[i] = (uint32_t)rint(65536 / sqrt(1 + slope * slope));
        colours->secant[i] = (uint32_t)rint(65536 * sqrt(1 + slope * slope));
        colours->facing[i] = (uint32_t)rint(256 * sqrt(1 - slope));
    }
}
