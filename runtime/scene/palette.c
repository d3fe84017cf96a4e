#include "scene/palette.h"

#include <math.h>
#include <string.h>

#define ANCHORS 33

/* Inferno: Stefan van der Walt and Nathaniel Smith, CC0; cividis: Nunez, Anderton and Renslow 2018,
 * doi:10.1371/journal.pone.0199239, CC0. Every eighth of 256 colours. */
static const uint32_t colour_maps[2][ANCHORS] = {
    {0x000004, 0x040312, 0x0b0724, 0x150b37, 0x210c4a, 0x2f0a5b, 0x3d0965, 0x4a0c6b, 0x57106e,
     0x64156e, 0x71196e, 0x7d1e6d, 0x8a226a, 0x972766, 0xa32c61, 0xb0315b, 0xbc3754, 0xc73e4c,
     0xd24644, 0xdb503b, 0xe45a31, 0xeb6628, 0xf1731d, 0xf68013, 0xf98e09, 0xfb9d07, 0xfcac11,
     0xfbbc21, 0xf9cb35, 0xf5db4c, 0xf2ea69, 0xf3f68a, 0xfcffa4},
    {0x00224e, 0x00285b, 0x002e6a, 0x053371, 0x1a386f, 0x273e6e, 0x32436d, 0x3b496c, 0x434e6c,
     0x4b546c, 0x535a6d, 0x5a5f6e, 0x61656f, 0x686a71, 0x6f7073, 0x767676, 0x7d7c78, 0x848279,
     0x8c8878, 0x938e78, 0x9b9476, 0xa39a74, 0xaba072, 0xb4a76f, 0xbcae6c, 0xc4b468, 0xcdbb63,
     0xd5c25e, 0xdec958, 0xe7d150, 0xf0d846, 0xf9e03a, 0xfee838},
};

/* Cool and dim, so that light stands out; one per type of neuron. */
static const uint32_t tints[CHX__N_TINTS] = {0x6f93c4, 0x57a8a4, 0x9c88c9, 0x7ea87a,
                                             0xb58aa6, 0x6aaed0, 0xa9a075, 0x939cab};

static double
linear(double srgb)
{
    return srgb <= 0.04045 ? srgb / 12.92 : pow((srgb + 0.055) / 1.055, 2.4);
}

static double
display(double value)
{
    return value <= 0.0031308 ? value * 12.92 : 1.055 * pow(value, 1 / 2.4) - 0.055;
}

static double
channel(uint32_t rgb, int k)
{
    return (rgb >> (16 - 8 * k) & 255) / 255.0;
}

/* Colour map at x in [0, 1], display values. */
static double
map_at(chx_colour_map map, double x, int k)
{
    double at = fmax(0, fmin(x, 1)) * (ANCHORS - 1);
    int index = (int)fmin(at, ANCHORS - 2);
    double a = channel(colour_maps[map][index], k);
    double b = channel(colour_maps[map][index + 1], k);
    return a + (b - a) * (at - index);
}

/* The value in the middle of a curve's entry (picture.h: fine below the break, coarse above). */
static double
curve_value(int index)
{
    if (index < CHX_CURVE / 2)
        return index * 8 / 65536.0;
    return (CHX_CURVE_BREAK + (index - CHX_CURVE / 2) * 256.0) / 65536;
}

static double
smooth(double x)
{
    x = fmax(0, fmin(x, 1));
    return x * x * (3 - 2 * x);
}

static void
fill_light(chx_tables *tables)
{
    double end = (double)(CHX_LIGHT_COUNT << CHX_LIGHT_SHIFT) / CHX_TICKS_PER_DECAY;
    for (int i = 0; i < CHX_LIGHT_COUNT; i++) {
        double decays = (double)(i << CHX_LIGHT_SHIFT) / CHX_TICKS_PER_DECAY;
        double fading = decays - CHX__RISE_DECAYS;
        double value = fading < 0 ? smooth((decays + 1.0 / 256) / CHX__RISE_DECAYS)
                                  : (exp(-fading) - exp(-end)) / (1 - exp(-end));
        tables->light[i] = (uint16_t)rint(CHX_LIGHT_MAX * value);
    }
}

/* Cividis begins with a blue that is not black; light and bloom must. */
static double
fade_in(chx_colour_map map, double x, double steepness)
{
    return smooth(x * (map == CHX_COLOUR_CIVIDIS ? steepness / 4 : steepness));
}

static void
fill_emission(chx_tables *tables, chx_colour_map map)
{
    for (int i = 0; i <= CHX_LIGHT_MAX; i++) {
        double x = (double)i / CHX_LIGHT_MAX;
        for (int k = 0; k < 3; k++) {
            double value = linear(map_at(map, x, k)) * fade_in(map, x, 12) * (1 + 0.25 * x);
            tables->emission[i][k] = (uint16_t)rint(fmin(value, 1.99) * 32768);
        }
    }
}

static void
fill_glow(chx_tables *tables, chx_colour_map map)
{
    for (int i = 0; i < CHX_CURVE; i++) {
        double x = 1 - exp(-2.2 * curve_value(i));
        for (int k = 0; k < 3; k++) {
            double value = linear(map_at(map, x * 0.86, k)) * fade_in(map, x, 8) * 0.8;
            tables->glow[i][k] = (uint16_t)rint(value * 32768);
        }
    }
}

/* True to the colour up to a shoulder, then bending towards white. */
static void
fill_tone(chx_tables *tables)
{
    const double shoulder = 0.55;
    for (int i = 0; i < CHX_CURVE; i++) {
        double x = curve_value(i);
        if (x > shoulder)
            x = shoulder + (1 - shoulder) * (1 - exp(-(x - shoulder) / (1 - shoulder)));
        tables->tone[i] = (uint16_t)rint(4080 * display(x));
    }
}

/* The index of picture.h's curves for a linear value, q16. */
static uint32_t
curve_index(uint32_t value)
{
    if (value < CHX_CURVE_BREAK)
        return value >> 3;
    uint32_t index = CHX_CURVE / 2 + ((value - CHX_CURVE_BREAK) >> 8);
    return index < CHX_CURVE ? index : CHX_CURVE - 1;
}

/* Bloom on black, toned beforehand. */
static void
fill_veil(chx_tables *tables)
{
    for (int i = 0; i < CHX_CURVE; i++)
        for (int k = 0; k < 3; k++)
            tables->veil[i][k] = tables->tone[curve_index(tables->glow[i][k] * 2u)];
}

static void
fill_geometry(chx_tables *tables)
{
    for (int i = 0; i <= 256; i++) {
        double slope = i / 256.0;
        tables->secant[i] = (uint32_t)rint(65536 * sqrt(1 + slope * slope));
        tables->cosine[i] = (uint32_t)rint(65536 / sqrt(1 + slope * slope));
        tables->facing[i] = (uint32_t)rint(256 * sqrt(1 - slope));
    }
}

static void
fill_inks(chx_tables *tables)
{
    tables->ink[0] = 0x000000;
    tables->ink[CHX__INK_TITLE] = 0xf2f4f8;
    tables->ink[CHX__INK_TEXT] = 0xc3cad6;
    tables->ink[CHX__INK_FAINT] = 0x7f8896;
    for (int i = 0; i < CHX_HUES; i++)
        for (int k = 0; k < 3; k++)
            tables->hue[i][k] =
                (uint32_t)rint(65536 * 0.92 * linear(channel(tints[i % CHX__N_TINTS], k)));
    for (int i = 0; i < CHX__N_TINTS; i++)
        tables->ink[CHX__INK_TYPES + i] = tints[i];
}

void
chx__tables_fill(chx_tables *tables, chx_colour_map map)
{
    memset(tables, 0, sizeof *tables);
    fill_light(tables);
    fill_emission(tables, map);
    fill_glow(tables, map);
    fill_tone(tables);
    fill_veil(tables);
    fill_geometry(tables);
    fill_inks(tables);
}
