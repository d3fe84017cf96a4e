/* Names to indices: numbers are found by value, and no two texts are taken for one name. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "network/names.h"

static uint32_t
add(chx__names *names, const char *text, uint32_t index)
{
    uint32_t known = 0;
    ck_assert(chx__names_add(names, text, strlen(text), index, &known));
    return known;
}

static uint32_t
find(const chx__names *names, const char *text)
{
    return chx__names_find(names, text, strlen(text));
}

START_TEST(names_that_look_alike_are_told_apart)
{
    static const char *const texts[] = {"0",
                                        "00",
                                        "7",
                                        "07",
                                        "+7",
                                        "-7",
                                        "7.0",
                                        "7a",
                                        "a7",
                                        "70",
                                        "",
                                        " 7",
                                        "18446744073709551616",
                                        "18446744073709551623",
                                        "9999999999999999999",
                                        "720575940628857210",
                                        "720575940628857211",
                                        "1234",
                                        "12:4",
                                        "12/4",
                                        "123",
                                        "12345",
                                        "1234567",
                                        "12345678",
                                        "1234567:",
                                        "/2345678",
                                        "123456789",
                                        "1234567\xb1"};
    const uint32_t n = sizeof texts / sizeof *texts;
    chx__names names = {0};
    ck_assert_uint_eq(find(&names, "7"), CHX__NO_NAME);
    for (uint32_t i = 0; i < n; i++)
        ck_assert_uint_eq(add(&names, texts[i], i), CHX__NO_NAME);
    for (uint32_t i = 0; i < n; i++) {
        ck_assert_uint_eq(find(&names, texts[i]), i);
        ck_assert_uint_eq(add(&names, texts[i], 99), i);
    }
    ck_assert_uint_eq(find(&names, "000"), CHX__NO_NAME);
    ck_assert_uint_eq(find(&names, "8"), CHX__NO_NAME);
    ck_assert_uint_eq(find(&names, "999999999999999999"), CHX__NO_NAME);
    ck_assert_uint_eq(chx__names_find(&names, "7,5", 1), 2);
    chx__names_finish(&names);
}
END_TEST

/* The step between numbers: one by one, few in an array, and so far apart that none is. */
static const uint64_t steps[] = {1, 7, 4096, 9999999999};

START_TEST(names_of_numbers_are_found_in_any_order)
{
    enum { N = 5000 };
    char(*texts)[24] = malloc(sizeof(char[N][24]));
    chx__names names = {0};
    for (uint32_t i = 0; i < N; i++) {
        uint32_t turned = (i * 1237 + 311) % N;
        snprintf(texts[i], sizeof *texts, "%llu", (unsigned long long)(steps[_i] * turned));
        ck_assert_uint_eq(add(&names, texts[i], i), CHX__NO_NAME);
    }
    for (uint32_t i = 0; i < N; i++)
        ck_assert_uint_eq(find(&names, texts[i]), i);
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)(steps[_i] * N));
    ck_assert_uint_eq(find(&names, text), CHX__NO_NAME);
    chx__names_finish(&names);
    free(texts);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("names");
    TCase *tests = tcase_create("names");
    tcase_add_test(tests, names_that_look_alike_are_told_apart);
    tcase_add_loop_test(tests, names_of_numbers_are_found_in_any_order, 0,
                        sizeof steps / sizeof *steps);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
