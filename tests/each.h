/* Assertions about each of many: Check writes down every one of its own that holds, which takes
 * longer than to find out. */
#ifndef CHX_TESTS_EACH_H
#define CHX_TESTS_EACH_H

#include <check.h>

#define ck_each_msg(condition, ...)    \
    do {                               \
        if (!(condition))              \
            ck_abort_msg(__VA_ARGS__); \
    } while (0)

#define ck_each(condition) ck_each_msg(condition, "%s", #condition)

#endif
