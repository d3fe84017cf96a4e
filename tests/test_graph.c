/* What follows from program order: dependencies, versions, atoms. No device takes part. */
#include <check.h>
#include <stdlib.h>

#include "graph/flow.h"
#include "graph/graph.h"
#include "memory/buffer.h"

static chx__fleet fleet;
static chx_buffer *buffer;
static chx_graph *graph;
static chx__flow flow;

static chx_status
nothing(void *data, void *const *host)
{
    (void)data;
    (void)host;
    return CHX_OK;
}

static void
setup(void)
{
    ck_assert_int_eq(chx__buffer_create(NULL, &fleet, 100, NULL, &buffer), CHX_OK);
    graph = calloc(1, sizeof *graph);
}

static void
teardown(void)
{
    chx__flow_finish(&flow);
    chx_graph_destroy(&graph);
    chx__buffer_free(buffer);
}

/* Appends a task that touches [begin, end). */
static chx_task
touch(chx_access access, size_t begin, size_t end)
{
    chx_task id;
    chx_host_task task = {.run = nothing,
                          .args = CHX_ARGS(CHX_BUFFER_RANGE(buffer, access, begin, end - begin)),
                          .id = &id};
    ck_assert_int_eq(chx_graph_host(graph, &task), CHX_OK);
    return id;
}

static void
analyse(void)
{
    ck_assert_int_eq(chx__flow_init(&flow, graph), CHX_OK);
}

/* Whether a task follows another, by data or otherwise. */
static bool
follows(chx_task after, chx_task before)
{
    for (uint32_t i = flow.reads.begin[after]; i < flow.reads.begin[after + 1]; i++)
        if (flow.versions[flow.reads.index[i]].producer == before)
            return true;
    for (uint32_t i = flow.after.begin[after]; i < flow.after.begin[after + 1]; i++)
        if (flow.after.index[i] == before)
            return true;
    return false;
}

START_TEST(reader_follows_writer)
{
    chx_task writer = touch(CHX_ACCESS_WRITE, 0, 100);
    chx_task reader = touch(CHX_ACCESS_READ, 40, 60);
    analyse();
    ck_assert(follows(reader, writer));
}
END_TEST

START_TEST(writer_follows_readers)
{
    chx_task first = touch(CHX_ACCESS_READ, 0, 50);
    chx_task second = touch(CHX_ACCESS_READ, 20, 100);
    chx_task writer = touch(CHX_ACCESS_WRITE, 30, 40);
    analyse();
    ck_assert(follows(writer, first));
    ck_assert(follows(writer, second));
    ck_assert(!follows(second, first));
}
END_TEST

START_TEST(writer_follows_writer)
{
    chx_task first = touch(CHX_ACCESS_WRITE, 0, 50);
    chx_task second = touch(CHX_ACCESS_WRITE, 40, 60);
    analyse();
    ck_assert(follows(second, first));
}
END_TEST

START_TEST(disjoint_ranges_are_independent)
{
    chx_task first = touch(CHX_ACCESS_READ_WRITE, 0, 50);
    chx_task second = touch(CHX_ACCESS_READ_WRITE, 50, 100);
    analyse();
    ck_assert(!follows(second, first));
}
END_TEST

START_TEST(update_reads_the_version_before_it)
{
    chx_task first = touch(CHX_ACCESS_READ_WRITE, 0, 100);
    chx_task second = touch(CHX_ACCESS_READ_WRITE, 0, 100);
    analyse();
    ck_assert(follows(second, first));
    ck_assert_uint_eq(flow.versions[flow.reads.index[0]].producer, CHX__NO_INDEX);
    ck_assert_uint_eq(flow.n_versions, 3);
}
END_TEST

START_TEST(atoms_are_cut_at_ends_of_ranges)
{
    touch(CHX_ACCESS_READ, 0, 60);
    touch(CHX_ACCESS_READ, 40, 100);
    analyse();
    ck_assert_uint_eq(flow.n_atoms, 3);
    ck_assert_uint_eq(flow.atoms[1].begin, 40);
    ck_assert_uint_eq(flow.atoms[1].end, 60);
}
END_TEST

START_TEST(atoms_are_cut_where_content_lies_apart)
{
    chx__coherence_reserve(&buffer->coherence, 1);
    chx__coherence_set(&buffer->coherence, 70, 80, chx__places_of(1));
    touch(CHX_ACCESS_READ, 0, 100);
    analyse();
    ck_assert_uint_eq(flow.n_atoms, 3);
}
END_TEST

START_TEST(dependency_by_hand_is_kept)
{
    chx_task first = touch(CHX_ACCESS_READ, 0, 100);
    chx_task second = touch(CHX_ACCESS_READ, 0, 100);
    ck_assert_int_eq(chx_graph_depend(graph, first, second), CHX_OK);
    analyse();
    ck_assert(follows(second, first));
}
END_TEST

START_TEST(dependency_on_a_later_task_is_refused)
{
    chx_task first = touch(CHX_ACCESS_READ, 0, 100);
    chx_task second = touch(CHX_ACCESS_READ, 0, 100);
    ck_assert_int_eq(chx_graph_depend(graph, second, first), CHX_ERROR_INVALID);
    ck_assert_int_eq(chx_graph_depend(graph, first, first), CHX_ERROR_INVALID);
    ck_assert_int_eq(chx_graph_depend(graph, first, second + 1), CHX_ERROR_INVALID);
}
END_TEST

START_TEST(host_task_takes_no_scalars)
{
    chx_host_task task = {.run = nothing, .args = CHX_ARGS(CHX_INT(1))};
    ck_assert_int_eq(chx_graph_host(graph, &task), CHX_ERROR_INVALID);
    ck_assert_uint_eq(chx_graph_n_tasks(graph), 0);
}
END_TEST

/* Against the definition: two tasks that conflict are ordered by a path of dependencies. */
START_TEST(conflicting_tasks_are_always_ordered)
{
    enum { N = 40 };
    size_t begin[N], end[N];
    int access[N];
    static bool reaches[N][N];
    srand((unsigned)_i);
    for (int t = 0; t < N; t++) {
        begin[t] = (size_t)(rand() % 90);
        end[t] = begin[t] + 1 + (size_t)(rand() % 10);
        access[t] = 1 + rand() % 3;
        touch((chx_access)access[t], begin[t], end[t]);
    }
    analyse();
    for (uint32_t after = 0; after < N; after++)
        for (uint32_t before = 0; before < after; before++)
            reaches[before][after] = follows(after, before);
    for (int middle = 0; middle < N; middle++)
        for (int before = 0; before < middle; before++)
            for (int after = middle + 1; after < N; after++)
                reaches[before][after] |= reaches[before][middle] && reaches[middle][after];
    for (int after = 0; after < N; after++)
        for (int before = 0; before < after; before++)
            if ((access[before] | access[after]) & CHX_ACCESS_WRITE && begin[before] < end[after] &&
                begin[after] < end[before])
                ck_assert(reaches[before][after]);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("graph");
    TCase *tcase = tcase_create("flow");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, reader_follows_writer);
    tcase_add_test(tcase, writer_follows_readers);
    tcase_add_test(tcase, writer_follows_writer);
    tcase_add_test(tcase, disjoint_ranges_are_independent);
    tcase_add_test(tcase, update_reads_the_version_before_it);
    tcase_add_test(tcase, atoms_are_cut_at_ends_of_ranges);
    tcase_add_test(tcase, atoms_are_cut_where_content_lies_apart);
    tcase_add_test(tcase, dependency_by_hand_is_kept);
    tcase_add_test(tcase, dependency_on_a_later_task_is_refused);
    tcase_add_test(tcase, host_task_takes_no_scalars);
    tcase_add_loop_test(tcase, conflicting_tasks_are_always_ordered, 0, 50);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
