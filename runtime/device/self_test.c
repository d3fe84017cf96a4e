/* Results must be the same bits on every device, so a device is asked for just what the kernels
 * rely on: a product and a sum without contraction, integer arithmetic and conversions, local
 * memory and barriers, atomics on local and global memory, 64-bit atomics where claimed, long
 * loops, and what the kernels for neurons and pictures look like: private arrays, vectors, loops
 * of a work-group, 64-bit products. Answers are compared with the host's, bit by bit. Wrong
 * arithmetic excludes a device; a short loop or missing 64-bit atomics only limit it.
 *
 * A record of a pass is kept in the cache under device, driver, version and test source. A failure
 * is not kept: it is tried again next time. A driver that ends the process is: at first contact it
 * is tried in a process of its own (trial.h), and one of which a process died later is tried so
 * again. The test's object holds all that a command may touch and is leaked when one does not end.
 */
#include "device/self_test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <chronaxie/version.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "device/cache.h"
#include "device/journal.h"
#include "device/probe.h"
#include "device/source.h"
#include "device/speed.h"
#include "device/trial.h"
#include "device/venture.h"

#define N_ITEMS 64u
#define TIMEOUT_NS UINT64_C(120000000000) /* for a driver to come back at all */

/* What the cache keeps of a device that passed. */
typedef struct record {
    uint32_t has_int64_atomics;
    uint64_t max_loop_iterations;
    chx__speed speed;
} record;

/* What the driver may still read or write lives here, so that all of it can be abandoned when a
 * command does not end. */
typedef struct self_test {
    chx__probe probe;
    char *text; /* of the kernels */
    bool passed;
    bool with_int64;
    bool with_speed;
    record result;
    float values[3 * N_ITEMS];
    uint32_t words[2 * N_ITEMS];
    uint32_t results[8 * N_ITEMS];
    uint32_t shared_words[3];
    uint64_t wide[2];
    uint32_t reached[2];
    uint32_t sums[N_ITEMS];
    uint64_t products[N_ITEMS];
} self_test;

/* A driver that claims 64-bit atomics but cannot compile them only loses that capability. */
static bool
build_kernels(self_test *test, const char *text)
{
    test->with_int64 = test->probe.device->claims_int64_atomics;
    if (test->with_int64 &&
        chx__probe_build(&test->probe, text, "-cl-std=CL1.2 -DCHX_INT64_ATOMICS=1"))
        return true;
    test->with_int64 = false;
    test->probe.why[0] = '\0';
    return chx__probe_build(&test->probe, text, "-cl-std=CL1.2");
}

static uint32_t
scramble(uint32_t x)
{
    return (x * 1664525u + 1013904223u) ^ (x >> 15);
}

/* Values between -1000 and 1000 with all their bits in use. */
static void
fill_inputs(self_test *test)
{
    uint32_t x = 2463534242u;
    for (uint32_t i = 0; i < 3 * N_ITEMS; i++) {
        x = scramble(x);
        test->values[i] = (float)((int32_t)x >> 7) * (1000.0f / 16777216.0f);
    }
    for (uint32_t i = 0; i < 2 * N_ITEMS; i++)
        test->words[i] = x = scramble(x);
}

static uint32_t
bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static uint32_t
integer_reference(uint32_t x, uint32_t y)
{
    uint32_t product = (uint32_t)(((uint64_t)x * y) >> 32);
    return (x * 1664525u + 1013904223u) ^ product ^ (y << 7 | y >> 25) ^
           (uint32_t)__builtin_popcount(x);
}

static bool
check_arithmetic(self_test *test)
{
    for (uint32_t i = 0; i < N_ITEMS; i++) {
        const uint32_t *got = test->results + 8 * i;
        const float *in = test->values + 3 * i;
        float product = in[0] * in[1];
        if (got[0] != bits_of(product + in[2]))
            return chx__probe_refuse(&test->probe,
                                     "self-test: a product and a sum differ from the host's");
        if (got[1] != integer_reference(test->words[2 * i], test->words[2 * i + 1]))
            return chx__probe_refuse(&test->probe,
                                     "self-test: integer arithmetic differs from the host's");
        if (got[2] != (uint32_t)(int32_t)lrintf(in[0]) || got[3] != (uint32_t)(int32_t)in[1] ||
            got[4] != bits_of((float)(test->words[2 * i] >> 8)))
            return chx__probe_refuse(
                &test->probe, "self-test: conversions between float and integer differ from the "
                              "host's");
    }
    return true;
}

static bool
check_group(self_test *test, uint32_t first, uint32_t n)
{
    uint32_t sum = 0, low = UINT32_MAX, high = 0;
    for (uint32_t i = first; i < first + n; i++) {
        uint32_t x = test->words[2 * i];
        sum += x >> 16;
        low = x < low ? x : low;
        high = x > high ? x : high;
    }
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t *got = test->results + 8 * (first + i);
        if (got[5] != test->words[2 * (first + n - 1 - i)])
            return chx__probe_refuse(&test->probe,
                                     "self-test: a barrier does not order local memory");
        if (got[6] != sum || got[7] != (low ^ high))
            return chx__probe_refuse(&test->probe,
                                     "self-test: atomics on local memory give wrong results");
    }
    return true;
}

static bool
check_global(self_test *test)
{
    uint32_t sum = 0, low = UINT32_MAX, high = 0;
    uint64_t wide_low = UINT64_MAX, wide_sum = 0;
    for (uint32_t i = 0; i < N_ITEMS; i++) {
        uint32_t x = test->words[2 * i];
        uint64_t key = (uint64_t)x << 32 | i;
        sum += x >> 16;
        low = x < low ? x : low;
        high = x > high ? x : high;
        wide_low = key < wide_low ? key : wide_low;
        wide_sum += key;
    }
    if (test->shared_words[0] != sum || test->shared_words[1] != low ||
        test->shared_words[2] != high)
        return chx__probe_refuse(&test->probe,
                                 "self-test: atomics on global memory give wrong results");
    test->result.has_int64_atomics =
        test->with_int64 && test->wide[0] == wide_low && test->wide[1] == wide_sum;
    return true;
}

static bool
check_answers(self_test *test, uint32_t n_local)
{
    if (!check_arithmetic(test) || !check_global(test))
        return false;
    for (uint32_t first = 0; first < N_ITEMS; first += n_local)
        if (!check_group(test, first, n_local))
            return false;
    return true;
}

static uint32_t
iterate_reference(uint32_t n, uint32_t x)
{
    for (uint32_t i = 0; i < n; i++)
        x = scramble(x);
    return x;
}

/* A loop that ends early but is right so far shows the driver's limit; one that is wrong shows a
 * broken driver. */
static bool
check_loop(self_test *test, uint32_t n)
{
    uint32_t made = test->reached[0];
    if (made == 0 || made > n || test->reached[1] != iterate_reference(made, 12345))
        return chx__probe_refuse(&test->probe,
                                 "self-test: a loop of %u iterations gives a wrong result", n);
    test->result.max_loop_iterations = made < n ? made : UINT64_MAX;
    return true;
}

/* What the kernel reads and writes: its first arguments, in order. */
enum { VALUES, WORDS, RESULTS, SHARED_WORDS, WIDE, REACHED, N_BUFFERS };

static bool
launch_check(self_test *test, const cl_mem buffers[N_BUFFERS], uint32_t n_rounds)
{
    chx__argument arguments[N_BUFFERS + 1];
    for (int i = 0; i < N_BUFFERS; i++)
        arguments[i] = (chx__argument){&buffers[i], sizeof buffers[i]};
    arguments[N_BUFFERS] = (chx__argument){&n_rounds, sizeof n_rounds};
    chx__probe *probe = &test->probe;
    cl_kernel kernel = chx__probe_kernel(probe, "check", arguments, N_BUFFERS + 1);
    cl_event event;
    bool done = kernel &&
                chx__probe_launch(probe, kernel, N_ITEMS, chx__probe_local_size(probe), &event) &&
                chx__probe_await(probe, event, "checking arithmetic") &&
                chx__probe_read(probe, buffers[RESULTS], test->results, sizeof test->results) &&
                chx__probe_read(probe, buffers[SHARED_WORDS], test->shared_words,
                                sizeof test->shared_words) &&
                chx__probe_read(probe, buffers[WIDE], test->wide, sizeof test->wide) &&
                chx__probe_read(probe, buffers[REACHED], test->reached, sizeof test->reached);
    chx__probe_drop_kernel(probe, kernel);
    return done;
}

static bool
run_check(self_test *test)
{
    uint32_t n_rounds = test->probe.device->platform->is_oclgrind ? 1000 : 1000000;
    fill_inputs(test);
    test->shared_words[1] = UINT32_MAX;
    test->wide[0] = UINT64_MAX;
    cl_mem buffers[N_BUFFERS] = {
        chx__probe_buffer(&test->probe, sizeof test->values, test->values),
        chx__probe_buffer(&test->probe, sizeof test->words, test->words),
        chx__probe_buffer(&test->probe, sizeof test->results, test->results),
        chx__probe_buffer(&test->probe, sizeof test->shared_words, test->shared_words),
        chx__probe_buffer(&test->probe, sizeof test->wide, test->wide),
        chx__probe_buffer(&test->probe, sizeof test->reached, test->reached)};
    bool done = true;
    for (int i = 0; i < N_BUFFERS; i++)
        done = done && buffers[i];
    done = done && launch_check(test, buffers, n_rounds);
    for (int i = 0; i < N_BUFFERS; i++)
        chx__probe_drop_buffer(&test->probe, buffers[i]);
    return done && check_answers(test, (uint32_t)chx__probe_local_size(&test->probe)) &&
           check_loop(test, n_rounds);
}

#define N_ROUNDS 5u

/* One work-item of the kernel `work`. */
typedef struct worker {
    uint32_t x, y, own[8], v[4];
} worker;

static void
begin_worker(worker *item, const uint32_t words[2])
{
    *item = (worker){.x = words[0], .y = words[1]};
    for (uint32_t k = 0; k < 8; k++)
        item->own[k] = (k ? item->x << k | item->x >> (32 - k) : item->x) ^ item->y;
    item->v[0] = item->x;
    item->v[1] = item->y;
    item->v[2] = item->x ^ item->y;
    item->v[3] = item->x + item->y;
}

/* Gives what the item leaves in its group's row. */
static uint32_t
advance_worker(worker *item, uint32_t other)
{
    uint32_t first = item->v[0];
    item->own[other & 7] += other;
    for (int k = 0; k < 3; k++)
        item->v[k] = item->v[k + 1] + other;
    item->v[3] = first + other;
    return item->own[other >> 3 & 7] ^ item->v[0];
}

static bool
check_worker(self_test *test, uint32_t i, const worker *item)
{
    uint32_t sum = item->v[0] ^ item->v[1] ^ item->v[2] ^ item->v[3];
    for (uint32_t k = 0; k < 8; k++)
        sum += item->own[k] * (k + 1);
    if (test->sums[i] != sum)
        return chx__probe_refuse(&test->probe, "self-test: a loop of a work-group with private "
                                               "arrays and vectors gives wrong results");
    uint64_t product = (uint64_t)item->x * item->y * UINT64_C(0x9e3779b97f4a7c15);
    product ^= (uint64_t)((int64_t)(int32_t)item->x * (int32_t)item->y >> 3);
    return test->products[i] == product ||
           chx__probe_refuse(&test->probe, "self-test: 64-bit products differ from the host's");
}

static bool
check_work_group(self_test *test, uint32_t first, uint32_t n)
{
    worker items[32];
    uint32_t row[32], next[32];
    for (uint32_t i = 0; i < n; i++) {
        begin_worker(&items[i], test->words + 2 * (size_t)(first + i));
        row[i] = items[i].x;
    }
    for (uint32_t round = 0; round < N_ROUNDS; round++) {
        for (uint32_t i = 0; i < n; i++)
            next[i] = advance_worker(&items[i], row[(i + round + 1) % n]);
        memcpy(row, next, sizeof row);
    }
    for (uint32_t i = 0; i < n; i++)
        if (!check_worker(test, first + i, &items[i]))
            return false;
    return true;
}

static bool
launch_work(self_test *test, const cl_mem buffers[3])
{
    uint32_t n_rounds = N_ROUNDS;
    chx__probe *probe = &test->probe;
    chx__argument arguments[4] = {{&buffers[0], sizeof buffers[0]},
                                  {&buffers[1], sizeof buffers[1]},
                                  {&buffers[2], sizeof buffers[2]},
                                  {&n_rounds, sizeof n_rounds}};
    cl_kernel kernel = chx__probe_kernel(probe, "work", arguments, 4);
    cl_event event;
    bool done = kernel &&
                chx__probe_launch(probe, kernel, N_ITEMS, chx__probe_local_size(probe), &event) &&
                chx__probe_await(probe, event, "a loop of a work-group") &&
                chx__probe_read(probe, buffers[1], test->sums, sizeof test->sums) &&
                chx__probe_read(probe, buffers[2], test->products, sizeof test->products);
    chx__probe_drop_kernel(probe, kernel);
    return done;
}

/* Oclgrind 21.10 crashes on vectors when it looks for uninitialised reads. It is a checker, so it
 * is trusted. */
static bool
run_work(self_test *test)
{
    if (test->probe.device->platform->is_oclgrind)
        return true;
    cl_mem buffers[3] = {chx__probe_buffer(&test->probe, sizeof test->words, test->words),
                         chx__probe_buffer(&test->probe, sizeof test->sums, test->sums),
                         chx__probe_buffer(&test->probe, sizeof test->products, test->products)};
    bool done = buffers[0] && buffers[1] && buffers[2] && launch_work(test, buffers);
    for (int i = 0; i < 3; i++)
        chx__probe_drop_buffer(&test->probe, buffers[i]);
    uint32_t n_local = (uint32_t)chx__probe_local_size(&test->probe);
    for (uint32_t first = 0; done && first < N_ITEMS; first += n_local)
        done = check_work_group(test, first, n_local);
    return done;
}

static chx_status
run_all(void *data)
{
    self_test *test = data;
    test->passed = chx__probe_open(&test->probe) && build_kernels(test, test->text) &&
                   run_check(test) && run_work(test) &&
                   (!test->with_speed || chx__speed_measure(&test->probe, &test->result.speed));
    return CHX_OK;
}

static void
apply(chx__device *device, const record *result)
{
    chx_device_info *info = &device->info;
    info->has_int64_atomics = result->has_int64_atomics;
    info->max_loop_iterations = result->max_loop_iterations;
    info->launch_us = result->speed.launch_us;
    info->giga_ops = result->speed.giga_ops;
    info->giga_bytes = result->speed.giga_bytes;
}

static chx__digest
record_key(const chx__device *device, const char *text)
{
    chx__hasher *hasher = chx__hasher_create();
    chx__hasher_add_text(hasher, "self-test");
    chx__hasher_add_text(hasher, CHX_VERSION);
    chx__hasher_add_text(hasher, text);
    chx__hasher_add(hasher, &device->identity, sizeof device->identity);
    return chx__hasher_end(hasher);
}

/* A record with speeds has a key of its own, so that a process that needs none cannot put a lesser
 * record in the place of what another measured meanwhile. */
static chx__digest
kept_key(chx__digest tested, bool has_speed)
{
    if (!has_speed)
        return tested;
    chx__hasher *hasher = chx__hasher_create();
    chx__hasher_add_text(hasher, "with speeds");
    chx__hasher_add(hasher, &tested, sizeof tested);
    return chx__hasher_end(hasher);
}

static bool
recall_kept(chx__fleet *fleet, chx__device *device, chx__digest key)
{
    void *bytes = NULL;
    size_t size = 0;
    if (!chx__cache_find(fleet->cache, key, &bytes, &size))
        return false;
    bool fits = size == sizeof(record);
    if (fits)
        apply(device, bytes);
    free(bytes);
    return fits;
}

static bool
recall(chx__fleet *fleet, chx__device *device, chx__digest key, bool with_speed)
{
    return recall_kept(fleet, device, kept_key(key, true)) ||
           (!with_speed && recall_kept(fleet, device, kept_key(key, false)));
}

static chx_status
set_aside(chx__device *device, const char *why)
{
    device->info.excluded = chx__strdup(why);
    return device->info.excluded ? CHX_OK : chx__fail_memory("testing a device");
}

/* Notes what came of a test that is over, and frees it. */
static chx_status
settle(chx__fleet *fleet, chx__device *device, chx__digest key, self_test *test)
{
    chx_status status = CHX_OK;
    if (test->passed) {
        apply(device, &test->result);
        chx__cache_store(fleet->cache, kept_key(key, test->with_speed), &test->result,
                         sizeof test->result);
        device->tested = test->probe.context;
        test->probe.context = NULL;
    } else {
        status = set_aside(device, test->probe.why);
    }
    char *text = test->text;
    if (chx__probe_close(&test->probe)) {
        free(text);
        free(test);
    }
    return status;
}

/* Takes the text. */
static chx_status
test_device(chx__fleet *fleet, chx__device *device, char *text, chx__digest key, bool with_speed)
{
    self_test *test = chx__alloc(1, sizeof *test);
    if (!test) {
        free(text);
        return chx__fail_memory("testing a device");
    }
    test->probe.device = device;
    test->text = text;
    test->with_speed = with_speed;
    uint64_t begun_ns = chx__now_ns();
    chx__journal_entry entry;
    char doing[160];
    bool came_back;
    snprintf(doing, sizeof doing, "self-testing %.120s", device->info.name);
    chx__journal_begin(&entry, chx__trial_is_this() ? NULL : fleet->cache, device->identity, doing);
    chx_status status =
        chx__venture(fleet, device->platform, run_all, test, TIMEOUT_NS, doing, &came_back);
    chx__journal_end(&entry);
    if (came_back) {
        status = settle(fleet, device, key, test);
    } else {
        chx__keep(test);
        status = set_aside(device, chx_last_error()->message);
    }
    chx__log(&fleet->logger, CHX_LOG_INFO, "%s: self-tested in %.0f ms", device->info.name,
             (double)(chx__now_ns() - begun_ns) / 1e6);
    return status;
}

static chx__digest
verdict_key(chx__digest tested)
{
    chx__hasher *hasher = chx__hasher_create();
    chx__hasher_add_text(hasher, "its driver ended the self-test");
    chx__hasher_add(hasher, &tested, sizeof tested);
    return chx__hasher_end(hasher);
}

/* A note of the cache is one byte, of which 0 takes it back. */
static bool
is_noted(chx__fleet *fleet, chx__digest key)
{
    void *bytes = NULL;
    size_t size = 0;
    bool noted =
        chx__cache_find(fleet->cache, key, &bytes, &size) && size == 1 && *(const char *)bytes != 0;
    free(bytes);
    return noted;
}

static void
note(chx__fleet *fleet, chx__digest key, bool holds)
{
    char byte = holds;
    chx__cache_store(fleet->cache, key, &byte, 1);
}

static chx_status
set_aside_crashing(chx__fleet *fleet, chx__device *device, chx__digest key, const char *how)
{
    char name[33], why[512];
    chx__digest_text(verdict_key(key), name);
    snprintf(why, sizeof why,
             "self-test: its driver crashes%s%s%s; to try it again without an update, remove "
             "%.300s/%s.bin",
             *how ? " (" : "", how, *how ? ")" : "", chx__cache_path(fleet->cache), name);
    return set_aside(device, why);
}

/* One that has passed before may have crashed for a passing reason, such as a lack of memory, so
 * the next start tries it again. */
static chx_status
set_aside_for_now(chx__device *device, const char *how)
{
    char why[256];
    snprintf(why, sizeof why,
             "self-test: its driver crashed this time (%s), though it has passed before; it is "
             "tried again at the next start",
             how);
    return set_aside(device, why);
}

/* Whether a driver is tried in another process first. Not PoCL, unless a process died of it: there
 * the trial would cost 0.6 s at the first start, as the work of its first context is done twice,
 * and the journal tells of a crash. */
static bool
wants_trial(const chx__device *device, bool is_suspect)
{
    return !chx__trial_is_this() && (is_suspect || !device->platform->is_pocl);
}

/* Sets *is_settled when no test in this process is needed, or wanted, any more. */
static chx_status
try_elsewhere(chx__fleet *fleet, chx__device *device, chx__digest key, bool with_speed,
              bool *is_settled)
{
    char how[64] = "", why[160];
    chx__trial_outcome outcome = chx__trial_run(fleet->cache, fleet->kernel_path, device->index,
                                                with_speed, how, sizeof how);
    *is_settled = true;
    switch (outcome) {
    case CHX__TRIAL_DIED:
        if (recall(fleet, device, key, false))
            return set_aside_for_now(device, how);
        note(fleet, verdict_key(key), true);
        return set_aside_crashing(fleet, device, key, how);
    case CHX__TRIAL_STOPPED:
        snprintf(why, sizeof why, "self-test: the process that made it was stopped (%s)", how);
        return set_aside(device, why);
    case CHX__TRIAL_DONE:
        note(fleet, chx__driver_cache_suspicion(device->identity), false);
        break;
    case CHX__TRIAL_NONE:
        break;
    }
    *is_settled = recall(fleet, device, key, with_speed);
    return CHX_OK;
}

chx_status
chx__self_test(chx__fleet *fleet, chx__device *device, bool with_speed)
{
    char *text = NULL;
    chx_status status = chx__source_from_embedded("common/self_test.cl", fleet->kernel_path, &text);
    if (status)
        return status;
    chx__digest key = record_key(device, text);
    bool is_suspect = is_noted(fleet, chx__driver_cache_suspicion(device->identity));
    bool is_settled = !is_suspect && recall(fleet, device, key, with_speed);
    if (!is_settled && is_noted(fleet, verdict_key(key))) {
        status = set_aside_crashing(fleet, device, key, "");
        is_settled = true;
    } else if (!is_settled && wants_trial(device, is_suspect)) {
        status = try_elsewhere(fleet, device, key, with_speed, &is_settled);
    }
    if (!status && !is_settled)
        return test_device(fleet, device, text, key, with_speed);
    free(text);
    return status;
}

bool
chx__self_test_repeat(const chx__device *device, const char *kernel_path)
{
    char *text = NULL;
    if (chx__device_backend(device) != &chx__opencl)
        return true;
    self_test *test = chx__alloc(1, sizeof *test);
    if (!test || chx__source_from_embedded("common/self_test.cl", kernel_path, &text) != CHX_OK) {
        free(test);
        return false;
    }
    test->probe.device = device;
    test->text = text;
    run_all(test);
    const bool has_passed = test->passed;
    if (!chx__probe_close(&test->probe)) {
        chx__keep(test);
        return false;
    }
    free(text);
    free(test);
    return has_passed;
}
