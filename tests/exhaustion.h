/* Steps of a program on null devices, of whose allocations each is refused in turn, once or with
 * all after it. A step either succeeds or says why not, leaves nothing behind, and succeeds when it
 * is tried again. */
#ifndef CHX_TESTS_EXHAUSTION_H
#define CHX_TESTS_EXHAUSTION_H

#include "base/alloc.h"
#include "null.h"

#define N_DEVICES 2u

/* What a program asks for; tried again after a failure, it finds everything as it was before. */
typedef struct step {
    const char *name;
    chx_status (*take)(void);
    bool is_half; /* after a failure, or has lost what a run was to leave: all is made anew */
} step;

/* A failure has a status that says that memory is out, of the host or as a driver has it, and a
 * sentence. */
static inline void
expect_sentence(const step *taken, uint64_t nth, chx_status status)
{
    ck_assert_msg(status == CHX_ERROR_MEMORY || status == CHX_ERROR_DEVICE_MEMORY ||
                      status == CHX_ERROR_DEVICE,
                  "%s, allocation %llu: %s, %s", taken->name, (unsigned long long)nth,
                  chx_status_name(status), chx_last_error()->message);
    ck_assert_int_eq(chx_last_error()->status, status);
    ck_assert_uint_gt(strlen(chx_last_error()->message), 10);
}

/* Takes all steps, of whose allocations the nth is refused, and closes what they have made. Whether
 * there was an nth. */
static inline bool
try_steps(const step *steps, void (*close)(void), uint64_t nth, bool is_lasting)
{
    chx__alloc_arm(nth, is_lasting);
    for (const step *next = steps; next->take; next++) {
        chx_status status = next->take();
        if (!status)
            continue;
        expect_sentence(next, nth, status);
        ck_assert_msg(chx__alloc_asked() >= nth, "%s: %s", next->name, chx_last_error()->message);
        chx__alloc_arm(0, false);
        nth = 0;
        if (next->is_half)
            break;
        ck_assert_msg(next->take() == CHX_OK, "%s again: %s", next->name,
                      chx_last_error()->message);
    }
    close();
    const bool is_struck = nth == 0 || chx__alloc_asked() >= nth;
    chx__alloc_arm(0, false);
    return is_struck;
}

/* Of each n_apart allocations in a row one. */
static inline void
try_all(const step *steps, void (*close)(void), const chx__null_kernel *kernels, bool is_lasting,
        uint64_t n_apart)
{
    bool is_struck = true;
    for (uint64_t nth = 1; is_struck; nth += n_apart) {
        test_null_create(N_DEVICES, kernels, nth, false);
        is_struck = try_steps(steps, close, nth, is_lasting);
        const char *first;
        const uint32_t n = chx__null_violations(test_null, &first);
        ck_assert_msg(n == 0, "allocation %llu: %u violations, the first: %s",
                      (unsigned long long)nth, n, first);
        ck_assert_msg(chx__null_n_living(test_null) == 0, "allocation %llu: %u objects are left",
                      (unsigned long long)nth, chx__null_n_living(test_null));
        chx__null_destroy(&test_null);
    }
}

#endif
