/* What is written in pictures: a sign for every letter, and no words over others at any size. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "scene/labels.h"
#include "scene/letters.h"

#define LONG_NAME                                                                                 \
    "an edge list that somebody exported from a database, with everything they knew about it in " \
    "its name, and the day on which they did so as well, and then once more for good measure"

static chx_neuron_type types[40];
static chx_neuron cells[80];
static chx_synapse synapses[2] = {{.pre = 0, .post = 1, .weight_pa = 1},
                                  {.pre = 1, .post = 0, .weight_pa = -1}};

static chx_network_info
network_of(const char *name, uint32_t n_types)
{
    static char names[40][24];
    for (uint32_t i = 0; i < 40; i++) {
        snprintf(names[i], sizeof names[i], i % 3 ? "L%u" : "parvalbumin basket %u", i);
        types[i].name = names[i];
    }
    for (uint32_t i = 0; i < 80; i++)
        cells[i] = (chx_neuron){.name = names[i % 40], .type = i % n_types};
    return (chx_network_info){.name = name,
                              .n_types = n_types,
                              .types = types,
                              .n_neurons = 80,
                              .neurons = cells,
                              .n_synapses = 2,
                              .synapses = synapses,
                              .duration_ms = 12000,
                              .time_step_ms = 0.05,
                              .view = {.decay_ms = 5}};
}

static void
check_apart(const chx__labels *labels)
{
    for (uint32_t i = 0; i < labels->n_places; i++)
        for (uint32_t k = 0; k < i; k++) {
            const chx__block *a = &labels->places[i], *b = &labels->places[k];
            ck_assert(a->x1_px <= b->x0_px || b->x1_px <= a->x0_px || a->y1_px <= b->y0_px ||
                      b->y1_px <= a->y0_px);
        }
}

/* What is written once is in the picture, and leaves free where the time will be: places[0]. */
static void
check_strokes(const chx__labels *labels, const chx_scene_params *params)
{
    const chx__block *time = &labels->places[0];
    for (size_t i = 0; i < labels->strokes.n; i++) {
        const chx_stroke *stroke = &labels->strokes.items[i];
        if (stroke->flags & (CHX_STROKE_GROUND | CHX_STROKE_BAR_X1))
            continue;
        double x = stroke->x1 / 256.0, y = stroke->y1 / 256.0;
        ck_assert(x >= 0 && x <= params->width_px && y >= 0 && y <= params->height_px);
        ck_assert(params->colour_by != CHX_COLOUR_BY_SPIKE || x < time->x0_px || y > time->y1_px);
    }
}

START_TEST(labels_lie_over_no_others)
{
    static const uint32_t sizes[][2] = {{160, 120}, {320, 180}, {120, 160}, {64, 64},
                                        {96, 256},  {640, 64},  {64, 640},  {1920, 1080}};
    static const char *const names[] = {"", "cell", LONG_NAME};
    chx_tables *tables = chx__alloc(1, sizeof *tables);
    for (int kind = 0; kind < 24; kind++) {
        const chx_scene_params params = {
            .width_px = sizes[_i][0],
            .height_px = sizes[_i][1],
            .axes = true,
            .connections = kind / 12 ? CHX_CONNECTIONS_SHOWN : CHX_CONNECTIONS_HIDDEN,
            .colour_by = kind / 3 % 2 ? CHX_COLOUR_BY_ID : CHX_COLOUR_BY_SPIKE,
            .format = CHX_PIXELS_YUV420};
        const chx_network_info network = network_of(names[kind % 3], kind / 6 % 2 ? 40 : 1);
        chx__labels labels;
        ck_assert_int_eq(chx__labels_init(&labels, &network, tables, &params), CHX_OK);
        ck_assert_uint_ge(labels.n_places, 3);
        check_apart(&labels);
        check_strokes(&labels, &params);
        chx__labels_finish(&labels);
    }
    free(tables);
}
END_TEST

START_TEST(letters_have_one_sign_each)
{
    static const struct {
        const char *text, *signs;
    } cases[] = {
        {"M\u00fcller \u0141\u00f3d\u017a \u0130\u1ec7", "Muller Lodz Ie"},
        {"\u041f\u0443\u0440\u043a\u0438\u043d\u044c\u0435 \u0401\u0457", "Purkin'e Ei"},
        {"a\u2013b\u2014c \u201cd\u201d \u2018e\u2019 \u00abf\u00bb", "a-b-c \"d\" 'e' <f>"},
        {"\u9662\u5b50 \U0001f9e0\ufe0f", "?? ?"},
        {"e\u0301\u200d", "e"},
        {"5 \u00b5m, 5 \u03bcm", "5 \001m, 5 \001m"},
        {"\u0391\u03a9 \u03b1\u03c9 \u2126\u03ce", "\200\227 \240\267 \227\267"},
        {"a\xff\xc3(", "a?\?("},
    };
    const char *next = cases[_i].text, *signs = cases[_i].signs;
    while (*next) {
        unsigned sign = chx__letter_next(&next);
        if (sign)
            ck_assert_uint_eq(sign, (unsigned char)*signs++);
    }
    ck_assert_uint_eq((unsigned char)*signs, 0);
}
END_TEST

/* All that a European name is written with. */
START_TEST(letters_of_every_alphabet_are_drawn)
{
    static const uint32_t alphabets[][2] = {
        {0xc0, 0x17f}, {0x391, 0x3a1}, {0x3a3, 0x3ce}, {0x400, 0x45f}, {0x1e00, 0x1e9a}};
    chx__font font;
    ck_assert_int_eq(chx__font_init(&font), CHX_OK);
    for (size_t i = 0; i < sizeof alphabets / sizeof *alphabets; i++)
        for (uint32_t code = alphabets[i][0]; code <= alphabets[i][1]; code++) {
            char text[] = {(char)(0xc0 | code >> 6), (char)(0x80 | (code & 63)), 0, 0};
            if (code >= 0x800) {
                text[0] = (char)(0xe0 | code >> 12);
                text[1] = (char)(0x80 | (code >> 6 & 63));
                text[2] = (char)(0x80 | (code & 63));
            }
            const char *next = text;
            unsigned sign = chx__letter_next(&next);
            ck_assert_msg(sign != '?' && sign < CHX__GLYPHS && font.glyphs[sign].count > 0,
                          "U+%04x", code);
            ck_assert_uint_eq((unsigned char)*next, 0);
        }
    chx__font_finish(&font);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("letters");
    TCase *tests = tcase_create("letters");
    tcase_add_loop_test(tests, labels_lie_over_no_others, 0, 8);
    tcase_add_loop_test(tests, letters_have_one_sign_each, 0, 8);
    tcase_add_test(tests, letters_of_every_alphabet_are_drawn);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
