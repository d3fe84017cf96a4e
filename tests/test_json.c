/* Values know their lines, and what is wrong with one is told in a sentence with file, line and
 * name. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "io/json.h"

static char path[] = P_tmpdir "/json-XXXXXX.json";
static chx__json json;

static chx_status
load(const char *text, size_t size)
{
    strcpy(path, P_tmpdir "/json-XXXXXX.json");
    close(mkstemps(path, 5));
    ck_assert_int_eq(chx__file_write(path, text, size), CHX_OK);
    chx_status status = chx__json_load(path, 1 << 20, &json);
    unlink(path);
    return status;
}

static void
load_text(const char *text)
{
    ck_assert_int_eq(load(text, strlen(text)), CHX_OK);
}

static void
ck_says(const char *line_and_name)
{
    char expected[256];
    snprintf(expected, sizeof expected, "%s:%s", path, line_and_name);
    const char *message = chx_last_error()->message;
    ck_assert_msg(strncmp(message, expected, strlen(expected)) == 0, "%s\nis not\n%s", message,
                  expected);
    ck_assert_int_eq(chx_last_error()->status, CHX_ERROR_FORMAT);
}

START_TEST(json_value_knows_its_line)
{
    load_text(
        "{ \"a{\\\"[\": [1, \"]\\\\\",\n{\"x\": [\n-1.5e3, true]}],\n\"b\"\n:\n{\"c\" :\nnull}\n}");
    chx__json_at root = chx__json_root(&json), a, b, c, x;
    ck_assert_int_eq(chx__json_line(&root), 1);
    ck_assert_int_eq(chx__json_member(&root, "a{\"[", &a), CHX_OK);
    ck_assert_int_eq(chx__json_line(&a), 1);
    chx__json_at third = chx__json_element(&a, 2);
    ck_assert_int_eq(chx__json_line(&third), 2);
    ck_assert_int_eq(chx__json_member(&third, "x", &x), CHX_OK);
    chx__json_at number = chx__json_element(&x, 0), truth = chx__json_element(&x, 1);
    ck_assert_int_eq(chx__json_line(&number), 3);
    ck_assert_int_eq(chx__json_line(&truth), 3);
    ck_assert_int_eq(chx__json_member(&root, "b", &b), CHX_OK);
    ck_assert_int_eq(chx__json_line(&b), 4);
    ck_assert_int_eq(chx__json_member(&b, "c", &c), CHX_OK);
    ck_assert_int_eq(chx__json_line(&c), 6);
    double value;
    ck_assert_int_eq(chx__json_number(&number, 0, 10, &value), CHX_ERROR_FORMAT);
    ck_says("3: a{\"[[2].x[0]: -1500 is outside");
    chx__json_finish(&json);
}
END_TEST

START_TEST(json_wrong_types_are_named)
{
    load_text("{\"n\": 1.5,\n\"t\": \"\",\n\"l\": [1, 2]}");
    chx__json_at root = chx__json_root(&json), n, t, l;
    ck_assert_int_eq(chx__json_member(&root, "n", &n), CHX_OK);
    ck_assert_int_eq(chx__json_member(&root, "t", &t), CHX_OK);
    ck_assert_int_eq(chx__json_member(&root, "l", &l), CHX_OK);
    double number;
    long long integer;
    const char *text;
    bool truth;
    size_t count;
    ck_assert_int_eq(chx__json_number(&t, 0, 1, &number), CHX_ERROR_FORMAT);
    ck_says("2: t: must be a number, not a text");
    ck_assert_int_eq(chx__json_integer(&n, 0, 10, &integer), CHX_ERROR_FORMAT);
    ck_says("1: n: must be a whole number");
    ck_assert_int_eq(chx__json_text(&t, &text), CHX_ERROR_FORMAT);
    ck_says("2: t: must not be empty");
    ck_assert_int_eq(chx__json_text(&l, &text), CHX_ERROR_FORMAT);
    ck_says("3: l: must be a text, not an array");
    ck_assert_int_eq(chx__json_bool(&n, &truth), CHX_ERROR_FORMAT);
    ck_says("1: n: must be true or false");
    ck_assert_int_eq(chx__json_array(&n, 0, 9, &count), CHX_ERROR_FORMAT);
    ck_says("1: n: must be an array");
    ck_assert_int_eq(chx__json_array(&l, 3, 3, &count), CHX_ERROR_FORMAT);
    ck_says("3: l: has 2 elements where 3 are needed");
    ck_assert_int_eq(chx__json_array(&l, 2, 9, &count), CHX_OK);
    ck_assert_uint_eq(count, 2);
    chx__json_finish(&json);
}
END_TEST

START_TEST(json_keys_are_checked)
{
    load_text("{\"n\": 1.5,\n\n\"colour\": 0}");
    chx__json_at root = chx__json_root(&json), member;
    ck_assert_int_eq(chx__json_object(&root, (const char *[]){"n", "t", NULL}), CHX_ERROR_FORMAT);
    ck_says("3: colour: unknown key");
    ck_assert_int_eq(chx__json_object(&root, (const char *[]){"n", "colour", NULL}), CHX_OK);
    ck_assert_int_eq(chx__json_member(&root, "t", &member), CHX_ERROR_FORMAT);
    ck_says("1: the key \"t\" is missing");
    ck_assert_int_eq(chx__json_optional(&root, "t", &member), CHX_OK);
    ck_assert_ptr_null(member.value);
    chx__json_finish(&json);
}
END_TEST

START_TEST(json_broken_syntax_has_a_line)
{
    static const char *const broken[][2] = {
        {"", "1: not valid JSON"},
        {"{\n\"a\": 1,\n}", "3: not valid JSON"},
        {"{\"a\": 1,\n \"a\": 2}", "2: not valid JSON"},
        {"[1,\n1e999]", "2: not valid JSON"},
        {"[NaN]", "1: not valid JSON"},
        {"[1]\n[2]", "2: not valid JSON"},
        {"\n\"\xff\"", "2: not valid JSON"},
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        ck_assert_int_eq(load(broken[i][0], strlen(broken[i][0])), CHX_ERROR_FORMAT);
        ck_says(broken[i][1]);
    }
    ck_assert_int_eq(load("[\"a\0b\"]", 7), CHX_ERROR_FORMAT);
    ck_assert_int_eq(chx__json_load("/nonexistent.json", 100, &json), CHX_ERROR_FILE);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("json");
    TCase *cases = tcase_create("json");
    tcase_add_test(cases, json_value_knows_its_line);
    tcase_add_test(cases, json_wrong_types_are_named);
    tcase_add_test(cases, json_keys_are_checked);
    tcase_add_test(cases, json_broken_syntax_has_a_line);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
