/*
 * What host and device agree on about drawing: units, records and tables.
 *
 * Lengths in the picture are in 1/256 pixel ("q8"); pixel i has its centre at
 * i * 256 + 128, x to the right, y down, from the top left corner. Depth grows
 * towards the viewer. Light is the brightness that a spike leaves at a place,
 * 0 .. 4095, found by the time since it passed there, in ticks.
 */
#ifndef CHX_KERNELS_PICTURE_H
#define CHX_KERNELS_PICTURE_H

#ifdef __OPENCL_C_VERSION__
typedef uint chx_u32;
typedef int chx_i32;
typedef ushort chx_u16;
#else
#include <assert.h>
#include <stdint.h>
typedef uint32_t chx_u32;
typedef int32_t chx_i32;
typedef uint16_t chx_u16;
#endif

/* Ticks: 4096 make the view's decay time, light[] has one entry for 16. */
#define CHX_TICKS_PER_DECAY 4096
#define CHX_LIGHT_SHIFT 4
#define CHX_LIGHT_COUNT 2048
#define CHX_NEVER 0x3fffffff
#define CHX_AGES 8 /* per neuron: ticks since its last spikes, youngest first */

#define CHX_LIGHT_BITS 12
#define CHX_LIGHT_MAX 4095
#define CHX_TILE 16 /* pixels a side of the tiles that are marked as touched */
#define CHX_BLOCK 64 /* pixels a side of the blocks that share the big sticks */
#define CHX_THIN_Q8 192 /* up to this radius a branch is a line, above it a body */
#define CHX_LIT_LINE_Q8 256 /* half a lit line at least: two rows are filled, or one and halves */
#define CHX_BODY_SHARE 175u /* of 256: so bright are bodies beside lines, and their edges are */
#define CHX_EDGE_DARKEST 36u /* at least so bright, of 256, and more in seven steps of */
#define CHX_EDGE_STEP 13u
#define CHX_FAINTEST_Q8 90 /* a line is drawn as tissue of this width at least */
#define CHX_BEHIND (-1000000000) /* depth of connections, behind all bodies */
#define CHX_BRANCH_SOMA 0x100u /* beside the hue: both ends are one, and it always shows */
#define CHX_BRANCH_CONNECTION 0x200u /* behind all bodies; radii are in 1/256 pixel */
#define CHX_SPOT_Q8 128 /* a soma is never smaller: radius, and half its length along x */
#define CHX_LIT_BULGE 768 /* 4096ths of the radius by which a lit surface comes forward, */
#define CHX_LIGHT_PER_BULGE 8 /* and one more for so much light */
#define CHX_RANK_BULGE 48 /* the same for each rank, 0 .. 15, that neurons have among each other */
#define CHX_RANK_SHIFT 8 /* of the rank beside a stick's hue */
#define CHX_SHEEN_Q8 512 /* from this radius on light is less at the rims of a body, */
#define CHX_SHEEN_LEAST 64u /* this of 256 at the very rim, */
#define CHX_SHEEN_INNER 330u /* all of it where what faces us is above 256 by this */
#define CHX_LIT_BEFORE 137u /* light from which on it hides half: before all that is silent */
#define CHX_LIT_ALIKE 64 /* lights that differ by less are one where they meet in a pixel */
#define CHX_SMALL_PX 32 /* bodies up to this size are drawn where they are found */
#define CHX_MOST_QUEUED 131072u /* bigger ones that wait for blocks; more are drawn at once */
#define CHX_TILE_LINES 1u /* what fell on a tile: fibres or light, */
#define CHX_TILE_BODIES 2u
#define CHX_TILE_INK 4u
#define CHX_TILE_LIT 8u /* and whether bloom reaches it */
#define CHX_NEAR_MAX 16383
#define CHX_HALO_RADII 6 /* how far behind a body a halo acts: radii of branches, */
#define CHX_HALO_SOMA_RADII 2 /* and of somata, */
#define CHX_HALO_THIN_Q8 208 /* bodies of this radius have none, those of 128 more all of it; */
#define CHX_HALO_FLAT 4096 /* what leans towards us so that its cosine is less, q14, has none; */
#define CHX_HALO_SOFT 8 /* and over which further nearness, 2^8, it sets in */
#define CHX_HALO_DARK 180 /* how much it hides, of 256 */
#define CHX_HALO_LIT 0x100000u /* beside nearness and strength: of a lit body, dark on light too */
#define CHX_INK_LIGHT 0x8000u /* beside a light in place of the index of a colour */
#define CHX_GROUND_MAX 208 /* how much a label's ground hides, of 256 */
#define CHX_GROUND_EDGE 1536 /* q8, over which it begins */
#define CHX_HUES 64
#define CHX_INKS 128
#define CHX_TEXT_LINES 3 /* lines of text that change from frame to frame */
#define CHX_TEXT_CHARS 16
#define CHX_CAP_UNITS 21 /* height of a capital in units of the font */
#define CHX_GLYPHS 128
#define CHX_CURVE 2048 /* entries of curves, see CHX_CURVE_BREAK */
#define CHX_CURVE_BREAK 8192

/* One branch: a round cone between two points of a neuron, or a soma when both are one. */
typedef struct chx_branch {
    float a_um[4]; /* end nearer to the soma along the branch: x, y, z, radius */
    float b_um[4];
    chx_u32 neuron;
    chx_u32 hue; /* with CHX_BRANCH_SOMA or CHX_BRANCH_CONNECTION */
    chx_i32 travel_a; /* ticks that the light takes from the soma to each end */
    chx_i32 travel_b;
} chx_branch;

/* A branch as it falls into the picture. */
typedef struct chx_stick {
    chx_i32 ax, ay, bx, by; /* q8 */
    chx_i32 az, bz; /* q8 */
    chx_i32 ra, rb; /* q8 */
    chx_i32 age_a, age_b; /* ticks since the youngest spike that reached a passed each end */
    chx_i32 back; /* ticks from the spike before that one */
    chx_u32 hue; /* and rank */
} chx_stick;

/* A stroke of a label, q8. */
typedef struct chx_stroke {
    chx_i32 x0, y0, x1, y1;
    chx_i32 radius;
    chx_u32 ink; /* index of a colour, or light when CHX_STROKE_LIGHT is set */
    chx_u32 flags;
    chx_u32 level; /* 0 .. 15, among equals the higher one shows */
} chx_stroke;

#define CHX_STROKE_LIGHT 1u /* ink is light, coloured as branches are */
#define CHX_STROKE_BAR_X0 2u /* x0 and x1 move with the end of the scale bar */
#define CHX_STROKE_BAR_X1 4u
#define CHX_STROKE_GROUND 16u /* dims what is behind: along a level axis, radius half the height */
#define CHX_STROKE_AXIS_0 32u /* x0, y0 and x1, y1 move with the tip of an axis of the data */
#define CHX_STROKE_AXIS_1 64u
#define CHX_STROKE_AXIS_NAME 128u /* a little further, for its letter */
#define CHX_STROKE_AXIS_SHIFT 8 /* which axis, in two bits */
#define CHX_STROKE_SQUARE 8u /* ends are cut off, not round */

/* A filled rectangle of whole pixels, half open; higher levels lie on top. */
typedef struct chx_box {
    chx_i32 x0, y0, x1, y1;
    chx_u32 ink;
    chx_u32 level;
} chx_box;

/* A line of text drawn from the glyphs below. */
typedef struct chx_line {
    chx_i32 x, y; /* q8, baseline */
    chx_i32 size; /* q8 pixels per unit of the font */
    chx_i32 radius; /* q8 */
    chx_u32 ink;
    chx_u32 align; /* 0 left, 1 centre, 2 right of x */
    chx_i32 bar_share; /* 256ths of the scale bar's length that x moves by */
    chx_u32 reserved;
} chx_line;

typedef struct chx_glyph {
    chx_u32 first; /* stroke */
    chx_u32 count;
    chx_i32 advance;
    chx_u32 reserved;
} chx_glyph;

typedef struct chx_tables {
    chx_u16 light[CHX_LIGHT_COUNT]; /* light by ticks >> CHX_LIGHT_SHIFT */
    chx_u16 emission[CHX_LIGHT_MAX + 1][4]; /* light to linear red, green, blue, q15; hides, q8 */
    chx_u16 glow[CHX_CURVE][4]; /* bloom to the same, by curve index */
    chx_u16 veil[CHX_CURVE][4]; /* glow as displayed, 0 .. 4080 */
    chx_u16 tone[CHX_CURVE]; /* linear q16 to display, 0 .. 4080, by curve index */
    chx_u32 hue[CHX_HUES][4]; /* tissue, linear q16 */
    chx_u32 ink[CHX_INKS]; /* 0xrrggbb */
    chx_u32 cosine[257]; /* of a slope in 256ths, q16 */
    chx_u32 secant[257]; /* q16 */
    chx_u32 facing[257]; /* sqrt(1 - x / 256), q8: how a round surface faces us */
    chx_u32 faintest; /* the width, q8, of which branches are drawn as tissue at least */
} chx_tables;

#ifndef __OPENCL_C_VERSION__
static_assert(sizeof(chx_branch) == 48, "layout of branches");
static_assert(sizeof(chx_stick) == 48, "layout of sticks");
static_assert(sizeof(chx_stroke) == 32, "layout of strokes");
static_assert(sizeof(chx_box) == 24, "layout of boxes");
static_assert(sizeof(chx_tables) % 4 == 0, "layout of tables");
#endif

#endif
