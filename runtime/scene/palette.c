/* All that is a matter of taste or of exp() and pow() is worked out here and looked up there, so
 * kernels are integer and the same on every device; the host's C library decides the bits, once per
 * scene. Tables are described in render/picture.h; curves are fine below a break, coarse above.
 *
 * What must hold: light of an age has the colour that the colour bar shows, bloom never passes
 * half of the map and half its brightness, and the veil is toned from the finished tone and glow
 * tables, so it is filled last. */
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

/* One per type of neuron, on black and on paper. The first eight are cool and dim, so that light
 * stands out; each further one is the colour that is farthest from all before it, on either ground,
 * in Oklab (Ottosson 2020). On paper a colour keeps its hue, and is darker and fuller. */
static const uint32_t tints[2][CHX__N_TINTS] = {
    {0x6f93c4, 0x57a8a4, 0x9c88c9, 0x7ea87a, 0xb58aa6, 0x6aaed0, 0xa9a075, 0x939cab, 0x9e441d,
     0xfe8160, 0xfd9cf5, 0x4158bd, 0x8d3b96, 0x137738, 0x64616e, 0x7edf7f, 0xe9b6ad, 0xc4486c,
     0xfa7ba7, 0xc1bbff, 0xc76ac0, 0x79d9c6, 0xf8b65d, 0xc3cb83, 0x6d8af3, 0xb6c8cc, 0x957530,
     0xc48efa, 0x8163ce, 0xc2805e, 0x386698, 0x2787a2, 0xf0acd5, 0x90cbfe, 0xa1638a, 0x665894,
     0xd66e74, 0x42d9fa, 0xc74c3d, 0x777d70, 0x76acfc, 0x5e884f, 0x807399, 0x993e68, 0x356e6c,
     0x66663d, 0xe0929b, 0x9a5fac, 0x9b6c6d, 0x4ec491, 0xab2f3f, 0xc498d2, 0x2d8c76, 0xe288c2,
     0xe6964f, 0xce6e98, 0xc38323, 0xa79df8, 0x6477b3, 0xa278e4, 0xb7a7a1, 0x4874d8, 0xadcfac},
    {0x1a5db0, 0x087572, 0x7145b5, 0x2d7b29, 0x904a7b, 0x047ba4, 0x7c6c0f, 0x5f697a, 0x602002,
     0xce3801, 0xe120da, 0x1b01a6, 0x5b0164, 0x02441c, 0x383543, 0x02ab25, 0xc57366, 0x8c063e,
     0xd50771, 0x8b78eb, 0x9e0a99, 0x05a48f, 0xbf7d07, 0x8d9509, 0x3332fa, 0x7d9196, 0x614704,
     0xa01cf3, 0x5a06b6, 0x994407, 0x023869, 0x035568, 0xce5ea8, 0x0c93e7, 0x821064, 0x401482,
     0xb50034, 0x079db9, 0x910500, 0x484e40, 0x056fed, 0x225a01, 0x553c7b, 0x67033c, 0x02403f,
     0x3b3a01, 0xc4415c, 0x74068e, 0x7a2f35, 0x008c5f, 0x6c011b, 0x9d50b4, 0x045848, 0xc61d9b,
     0xad6005, 0xad0269, 0x845505, 0x7750f1, 0x2b3da4, 0x7c0ed6, 0x84726b, 0x0109e0, 0x639e63},
};

/* The same for neurons apart, where no light has to stand out: bright from the first on, hue before
 * lightness, and that much more of it. The colours of connections stand at the places that they
 * have above. */
static const uint32_t bright_tints[2][CHX__N_TINTS] = {
    {0xffb000, 0x00b4ff, 0xff0000, 0xfcd8ff, 0x908763, 0xff00ff, 0x1ba212, 0x75f3ff, 0x7e6cff,
     0xff8787, 0xff0090, 0x00ff00, 0x00b4a2, 0xeaf300, 0xb4abcf, 0x7edf7f, 0xff99ff, 0xe1eab4,
     0xd86c00, 0xa2ab00, 0xc76ac0, 0x6c87b4, 0xbd48fc, 0xc6b487, 0xd8516c, 0x1bcf00, 0xb490ff,
     0x0087ff, 0xff5ad8, 0xbd7e90, 0x00ffcf, 0x87cfbd, 0xcfcf48, 0xffbdb4, 0x99cfff, 0x99ff63,
     0xe112bd, 0x5a995a, 0x51bd63, 0xbd902d, 0xe190c6, 0xff63a2, 0x7599fc, 0x9075cf, 0x63abc6,
     0x1bcfea, 0xe175ff, 0x87ab90, 0xf39048, 0xabffab, 0xd8b4ff, 0xff633f, 0x00d8ab, 0xffe16c,
     0x00f375, 0xa2d800, 0xd84899, 0xd8a2a2, 0x0090cf, 0xff2d63, 0xf3c687, 0xb46cea, 0xa2c67e},
    {0x005ac8, 0xea6300, 0x51481b, 0x9987ab, 0xff0987, 0xa2001b, 0x7e00ff, 0xe100ff, 0x907e1b,
     0x007e7e, 0x51366c, 0x1299ea, 0xab6cf3, 0x0000ff, 0x4800b4, 0x02ab25, 0x007509, 0xbd5175,
     0x7551b4, 0x005163, 0x9e0a99, 0x63a27e, 0x7e0051, 0x7e515a, 0xe1002d, 0xcf48bd, 0x6363ff,
     0xab5109, 0xbd7e6c, 0x5175ab, 0xab24e1, 0x6c0090, 0x123699, 0xc6007e, 0x752d12, 0x636c48,
     0x125100, 0x00a2b4, 0x7e87e1, 0xa263ab, 0x903f7e, 0x482dea, 0x7e1bc6, 0x48903f, 0x1209c6,
     0xc67e00, 0xea5a63, 0xf300cf, 0x3f5190, 0x005aff, 0x1b6348, 0x7e5100, 0x486375, 0x1b7efc,
     0x7e6c87, 0xbd1b51, 0x638790, 0xe15a99, 0x90876c, 0x5a3699, 0x879900, 0x8748ea, 0x633648},
};

#define BRIGHT_SHARE 1.5

/* Where colours are all that a picture on paper says, they are that much denser, and thin branches
 * as dense as the shaded bodies of thick ones. */
#define PAPER_SHARE 2
#define PAPER_FAINTEST_Q8 150

static const uint32_t *
tints_of(chx_colour_by by, bool on_paper)
{
    return by == CHX_COLOUR_BY_ID ? bright_tints[on_paper] : tints[on_paper];
}

static double
brightness_of(chx_colour_by by, bool on_paper)
{
    if (on_paper && by != CHX_COLOUR_BY_SPIKE)
        return PAPER_SHARE;
    return by == CHX_COLOUR_BY_ID ? BRIGHT_SHARE : 1;
}

void
chx__palette_types(uint32_t *inks, bool on_paper)
{
    memcpy(inks, tints[on_paper], sizeof tints[on_paper]);
}

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
        double value = (exp(-decays) - exp(-end)) / (1 - exp(-end));
        tables->light[i] = (uint16_t)rint(CHX_LIGHT_MAX * value);
    }
}

/* Light begins in the map where it is no longer nearly black: what fired long ago is never darker
 * than what did not fire. */
#define DARKEST_LIGHT 0.25

/* Light that is left at the end of the bar or before hides what it lies on, so that nothing changes
 * the colours that the bar shows; further on it gives way to the tissue. */
static double
light_hides(double x)
{
    return smooth(x * 15);
}

/* The exposure of bloom, the same for any picture and number of cells: its sum, which has no bound,
 * never takes it beyond these shares of the colour map and of the brightness there. */
#define BLOOM_REACH 0.5
#define BLOOM_SHARE 0.5

/* Cividis begins with a blue that is not black; bloom must. */
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
            double colour = linear(map_at(map, DARKEST_LIGHT + (1 - DARKEST_LIGHT) * x, k));
            double value = colour * light_hides(x) * (1 + 0.25 * x);
            tables->emission[i][k] = (uint16_t)rint(fmin(value, 1.99) * 32768);
        }
        tables->emission[i][3] = (uint16_t)rint(256 * light_hides(x));
    }
}

static void
fill_glow(chx_tables *tables, chx_colour_map map)
{
    for (int i = 0; i < CHX_CURVE; i++) {
        double x = 1 - exp(-2.2 * curve_value(i));
        for (int k = 0; k < 3; k++) {
            double value =
                linear(map_at(map, x * BLOOM_REACH, k)) * fade_in(map, x, 8) * BLOOM_SHARE;
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

/* Bloom on the background, toned beforehand. */
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
fill_inks(chx_tables *tables, chx_colour_by by)
{
    const uint32_t *tint = tints_of(by, false);
    double bright = brightness_of(by, false);
    tables->ink[0] = 0x000000;
    tables->ink[CHX__INK_TITLE] = 0xf2f4f8;
    tables->ink[CHX__INK_TEXT] = 0xc3cad6;
    tables->ink[CHX__INK_FAINT] = 0x7f8896;
    for (int i = 0; i < CHX_HUES; i++)
        for (int k = 0; k < 3; k++)
            tables->hue[i][k] =
                (uint32_t)rint(65536 * 0.92 * bright * linear(channel(tint[i % CHX__N_TINTS], k)));
    memcpy(&tables->ink[CHX__INK_TYPES], tint, sizeof tints[0]);
}

uint32_t
chx__compartment_of(uint32_t swc_kind)
{
    return swc_kind >= 1 && swc_kind < CHX__N_COMPARTMENTS ? swc_kind - 1 : CHX__N_COMPARTMENTS - 1;
}

const char *
chx__compartment_name(uint32_t compartment)
{
    static const char *const names[CHX__N_COMPARTMENTS] = {"soma", "axon", "dendrite",
                                                           "apical dendrite", "other"};
    return names[compartment];
}

/* Grey, orange, blue, green and sand: places in tints. */
uint32_t
chx__compartment_hue(uint32_t compartment)
{
    static const uint32_t hues[CHX__N_COMPARTMENTS] = {7, 9, 5, 15, 6};
    return hues[compartment];
}

/* Letters as far from white as from black, for backgrounds that are not known. */
static void
fill_clear_inks(chx_tables *tables)
{
    for (int i = CHX__INK_TITLE; i <= CHX__INK_FAINT; i++)
        tables->ink[i] = 0x6f7685;
}

/* On paper the kernels' sums are densities: what is added takes away light, as inks laid over one
 * another do, and the tone curve is what paper gives back (Beer and Lambert). Sums of nothing are
 * white. Fresh light is the darkest; fading, it turns towards yellow and thins out. */
static double
density(double colour)
{
    return fmin(-log(fmax(colour, 1e-3)), 3);
}

static double
light_density(chx_colour_map map, double x, int k)
{
    return density(linear(map_at(map, 0.84 - 0.5 * x, k))) * light_hides(x) * (0.3 + 0.8 * x);
}

static void
fill_paper(chx_tables *tables, chx_colour_map map, chx_colour_by by)
{
    const uint32_t *tint = tints_of(by, true);
    double dense = brightness_of(by, true);
    if (by != CHX_COLOUR_BY_SPIKE)
        tables->faintest = PAPER_FAINTEST_Q8;
    for (int k = 0; k < 3; k++) {
        for (int i = 0; i <= CHX_LIGHT_MAX; i++)
            tables->emission[i][k] = (uint16_t)rint(
                fmin(light_density(map, (double)i / CHX_LIGHT_MAX, k), 1.99) * 32768);
        for (int i = 0; i < CHX_CURVE; i++) {
            double x = 1 - exp(-2.2 * curve_value(i));
            tables->glow[i][k] = (uint16_t)rint(light_density(map, 0.35, k) * x * 0.4 * 32768);
        }
        for (int i = 0; i < CHX_HUES; i++)
            tables->hue[i][k] = (uint32_t)rint(65536 * 0.8 * dense *
                                               density(linear(channel(tint[i % CHX__N_TINTS], k))));
    }
    for (int i = 0; i < CHX_CURVE; i++)
        tables->tone[i] = (uint16_t)rint(4080 * display(exp(-curve_value(i))));
    tables->ink[0] = 0xffffff;
    tables->ink[CHX__INK_TITLE] = 0x14181f;
    tables->ink[CHX__INK_TEXT] = 0x3a4250;
    tables->ink[CHX__INK_FAINT] = 0x7f8896;
    memcpy(&tables->ink[CHX__INK_TYPES], tint, sizeof tints[1]);
}

void
chx__tables_fill(chx_tables *tables, const chx_scene_params *params)
{
    memset(tables, 0, sizeof *tables);
    if (params->colour_by == CHX_COLOUR_BY_SPIKE)
        fill_light(tables);
    fill_emission(tables, params->colour_map);
    fill_glow(tables, params->colour_map);
    fill_tone(tables);
    fill_geometry(tables);
    tables->faintest = CHX_FAINTEST_Q8;
    fill_inks(tables, params->colour_by);
    if (params->format == CHX_PIXELS_RGBA)
        fill_clear_inks(tables);
    if (params->background == CHX_BACKGROUND_WHITE)
        fill_paper(tables, params->colour_map, params->colour_by);
    fill_veil(tables);
}
