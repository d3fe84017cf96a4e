/* What transfers take, measured: a described machine gives what its description says, through the
 * file too, and a driver figures that can be. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <chronaxie/schedule.h>

#include "execute/lifetime.h"
#include "execute/model.h"
#include "machine.h"
#include "null_machine.h"
#include "scratch.h"

#define SECOND_NS UINT64_C(1000000000)
#define MACHINE(name) SOURCE_ROOT "/tests/machines/" name ".json"
#define TOLERANCE 0.02
#define NOTHING_NS 10.0 /* clocks advance by one for nothing, too */

static const char *const machines[] = {
    MACHINE("two-cores"),   MACHINE("big-and-small"), MACHINE("four-equal"),
    MACHINE("tiny-memory"), MACHINE("integrated"),    MACHINE("slow-link"),
};
enum { N_MACHINES = sizeof machines / sizeof *machines };

static void
ck_like(double measured, double stated, const char *what)
{
    ck_assert_msg(fabs(measured - stated) <= fabs(stated) * TOLERANCE, "%s: %g instead of %g", what,
                  measured, stated);
}

/* A runtime on null devices of a file. */
typedef struct house {
    test_null_machine described;
    chx__null *machine;
    chx_runtime *runtime;
} house;

static void
begin_house(house *h, const char *path)
{
    *h = (house){0};
    test_null_machine_load(&h->described, path);
    chx__null_params params = {.devices = h->described.devices,
                               .n_devices = h->described.n_devices,
                               .wires = h->described.wires,
                               .serial = true,
                               .has_stamps = true};
    chx_runtime_params wanted = {.serial = true};
    ck_assert_int_eq(chx__null_create(&params, &h->machine), CHX_OK);
    ck_assert_msg(chx__runtime_create(&h->runtime, &wanted, h->machine) == CHX_OK, "%s",
                  chx_last_error()->message);
    h->runtime->fleet.timing_ns = 60 * SECOND_NS; /* also under sanitizers, beside other work */
}

static void
end_house(house *h)
{
    const char *first;
    chx_runtime_destroy(&h->runtime);
    ck_assert_uint_eq(chx__null_n_living(h->machine), 0);
    ck_assert_msg(chx__null_violations(h->machine, &first) == 0, "%s", first);
    chx__null_destroy(&h->machine);
    test_null_machine_finish(&h->described);
}

START_TEST(wires_of_a_described_machine_are_measured_as_described)
{
    house h;
    chx__wire *measured;
    begin_house(&h, machines[_i]);
    ck_assert_int_eq(chx__wires_measure(&h.runtime->fleet, &measured), CHX_OK);
    uint32_t n = h.described.n_devices + 1;
    for (uint32_t l = 0; l < n * n; l++) {
        const chx__wire *stated = &h.described.wires[l], *found = &measured[l];
        if (l / n == l % n)
            continue;
        ck_assert(found->exists == stated->exists);
        ck_assert(!found->exists || !found->is_unknown);
        if (!stated->exists)
            continue;
        ck_like(found->ns_per_byte, stated->ns_per_byte, "ns per byte");
        if (stated->latency_ns > 0)
            ck_like(found->latency_ns, stated->latency_ns, "latency");
        else
            ck_assert_double_lt(found->latency_ns, NOTHING_NS);
    }
    free(measured);
    end_house(&h);
}
END_TEST

/* Devices that compute, and the host, in the order of both files. */
static void
ck_same_machine(const test_null_machine *a, const test_null_machine *b)
{
    uint32_t n = a->n_devices + 1;
    ck_assert_uint_eq(a->n_devices, b->n_devices);
    for (uint32_t d = 0; d < a->n_devices; d++) {
        ck_assert_str_eq(a->devices[d].name, b->devices[d].name);
        ck_assert(a->devices[d].memory_bytes == b->devices[d].memory_bytes ||
                  a->devices[d].shares_host_memory);
        ck_assert(a->devices[d].shares_host_memory == b->devices[d].shares_host_memory);
        ck_assert(a->devices[d].has_one_copy_lane == b->devices[d].has_one_copy_lane);
        ck_like(b->devices[d].ns_per_item, a->devices[d].ns_per_item, "ns per item");
        ck_like(b->devices[d].launch_ns, a->devices[d].launch_ns, "a launch");
        for (uint32_t e = 0; e < a->n_devices; e++)
            ck_assert(d == e || !(a->devices[d].hardware & a->devices[e].hardware) ==
                                    !(b->devices[d].hardware & b->devices[e].hardware));
    }
    for (uint32_t l = 0; l < n * n; l++) {
        ck_assert(a->wires[l].exists == b->wires[l].exists);
        ck_like(b->wires[l].ns_per_byte, a->wires[l].ns_per_byte, "ns per byte");
        ck_like(b->wires[l].latency_ns, a->wires[l].latency_ns, "latency");
    }
}

START_TEST(recorded_machine_is_the_described_one)
{
    house h;
    test_null_machine again;
    begin_house(&h, machines[_i]);
    ck_assert_msg(chx_runtime_record_machine(h.runtime, folder_path("machine.json")) == CHX_OK,
                  "%s", chx_last_error()->message);
    test_null_machine_load(&again, folder_path("machine.json"));
    ck_same_machine(&h.described, &again);
    test_null_machine_finish(&again);
    end_house(&h);
}
END_TEST

START_TEST(path_that_cannot_be_is_one_sentence_and_no_file)
{
    house h;
    begin_house(&h, machines[0]);
    ck_assert_int_eq(chx_runtime_record_machine(h.runtime, folder_path("none/machine.json")),
                     CHX_ERROR_FILE);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "none/machine.json"));
    ck_assert_int_eq(chx_runtime_record_machine(h.runtime, folder_full_disk()), CHX_ERROR_FILE);
    ck_assert_uint_eq(folder_count(), 1);
    end_house(&h);
}
END_TEST

/* What was measured of a wire is what a plan goes by. */
static uint32_t
count_known_links(const chx__fleet *fleet)
{
    chx__model model;
    uint32_t n_known = 0, n = fleet->n_devices + 1;
    ck_assert_int_eq(chx__model_init(&model, fleet), CHX_OK);
    for (uint32_t l = 0; l < n * n; l++) {
        const chx__wire *wire = &fleet->wires[l];
        n_known += wire->exists && !wire->is_unknown && model.links[l].exists &&
                   model.links[l].latency_ns == wire->latency_ns &&
                   model.links[l].ns_per_byte == wire->ns_per_byte;
    }
    chx__model_finish(&model);
    return n_known;
}

/* What was measured is known to the next runtime that uses some of the same devices. */
START_TEST(driver_gives_figures_that_can_be)
{
    chx_runtime *runtime;
    chx_runtime_params params = test_machine_params();
    params.split = 2;
    params.cache_path = folder;
    if (chx_runtime_create(&runtime, &params)) {
        params.split = 0; /* not every driver can cut its device */
        ck_assert_msg(chx_runtime_create(&runtime, &params) == CHX_OK, "%s",
                      chx_last_error()->message);
    }
    ck_assert_ptr_null(runtime->fleet.wires);
    runtime->fleet.timing_ns = 60 * SECOND_NS; /* also beside other work */
    ck_assert_msg(chx_runtime_record_machine(runtime, folder_path("machine.json")) == CHX_OK, "%s",
                  chx_last_error()->message);
    chx_runtime_destroy(&runtime);
    chx__machine_model model;
    ck_assert_int_eq(chx__machine_file_load(folder_path("machine.json"), &model), CHX_OK);
    uint32_t n_links = 0, n_places = model.machine.n_places;
    for (uint32_t l = 0; l < n_places * n_places; l++) {
        const chx__link *link = &model.links[l];
        n_links += link->exists;
        ck_assert(!link->exists || (link->latency_ns + link->ns_per_byte > 0 &&
                                    link->latency_ns < 1e8 && link->ns_per_byte < 100));
    }
    ck_assert(n_places == 1 || n_links >= 2 * (n_places - 1));
    chx__machine_model_finish(&model);
    ck_assert_int_eq(chx_runtime_create(&runtime, &params), CHX_OK);
    ck_assert(n_places < 3 || count_known_links(&runtime->fleet) == n_links);
    chx_runtime_destroy(&runtime);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("wire");
    TCase *tcase = tcase_create("wire");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, folder_setup, folder_teardown);
    tcase_add_loop_test(tcase, wires_of_a_described_machine_are_measured_as_described, 0,
                        N_MACHINES);
    tcase_add_loop_test(tcase, recorded_machine_is_the_described_one, 0, N_MACHINES);
    tcase_add_test(tcase, path_that_cannot_be_is_one_sentence_and_no_file);
    tcase_add_test(tcase, driver_gives_figures_that_can_be);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
