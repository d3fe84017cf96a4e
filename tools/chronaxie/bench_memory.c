/* Sweeps over tiles that lie on the host before and after: with room for all of them, with room for
 * a quarter, and, as the least that it could take, moving them there and back alone, for which one
 * work-item touches each. The three take turns. */
#include "bench_memory.h"

#include <stdlib.h>
#include <string.h>

#include <chronaxie/plan.h>
#include <xxhash.h>

#include "outcome.h"
#include "result.h"
#include "stopwatch.h"
#include "table.h"

enum { N_TILES = 64, N_TILES_FIT = 16, N_SWEEPS = 3, MOST_ROUNDS = 100 };

#define TILE_BYTES ((size_t)4 << 20)
#define N_WORDS (TILE_BYTES / sizeof(uint32_t))
#define ALL_BYTES (N_TILES * TILE_BYTES)

static const char source[] =
    "kernel void turn(global uint *x, uint by)\n"
    "{\n"
    "    x[get_global_id(0)] = (x[get_global_id(0)] ^ by) * 1664525u + 1013904223u;\n"
    "}\n";

static const struct kind {
    const char *name, *key;
    size_t n_tiles_fit; /* in the budget; 0: all */
    size_t n_words; /* of each tile that a task turns */
    uint32_t n_sweeps;
} kinds[] = {
    {"moving alone", "moving_s", 0, 1, 1},
    {"room for all", "in_core_s", 0, N_WORDS, N_SWEEPS},
    {"room for a quarter", "out_of_core_s", N_TILES_FIT, N_WORDS, N_SWEEPS},
};
enum { MOVING, IN_CORE, OUT_OF_CORE, N_KINDS };

/* The work of one kind, in a runtime of its own. */
typedef struct work {
    const struct kind *kind;
    chx_runtime *runtime;
    chx_program *program;
    chx_buffer *tiles[N_TILES];
    chx_graph *graph;
    chx_plan *plan;
    double seconds[MOST_ROUNDS];
    uint64_t digest;
} work;

static chx_status
add_task(work *of, uint32_t tile, uint32_t sweep)
{
    uint32_t device = 0;
    for (chx_device_info info;
         chx_runtime_device(of->runtime, device, &info) == CHX_OK && !info.selected;)
        device++;
    chx_kernel_task task = {
        .program = of->program,
        .kernel = "turn",
        .global = {of->kind->n_words},
        .devices = &device,
        .n_devices = 1,
        .args = CHX_ARGS(CHX_READ_WRITE(of->tiles[tile]), CHX_UINT(sweep)),
    };
    return chx_graph_kernel(of->graph, &task);
}

static chx_status
begin_work(const struct kind *kind, const shared_options *shared, work *made)
{
    chx_runtime_params params = options_runtime_params(shared);
    params.optimize = true;
    params.memory_budget_bytes = kind->n_tiles_fit * TILE_BYTES;
    *made = (work){.kind = kind};
    chx_status status = chx_runtime_create(&made->runtime, &params);
    if (status == CHX_OK)
        status = chx_program_from_source(made->runtime, "memory.cl", source, NULL, &made->program);
    if (status == CHX_OK)
        status = chx_graph_create(made->runtime, &made->graph);
    for (uint32_t t = 0; status == CHX_OK && t < N_TILES; t++)
        status = chx_buffer_create(made->runtime, TILE_BYTES, NULL, &made->tiles[t]);
    for (uint32_t s = 0; status == CHX_OK && s < kind->n_sweeps; s++)
        for (uint32_t t = 0; status == CHX_OK && t < N_TILES; t++)
            status = add_task(made, t, s);
    return status == CHX_OK ? chx_plan_create(made->graph, NULL, &made->plan) : status;
}

static void
end_work(work *of)
{
    chx_plan_destroy(&of->plan);
    chx_graph_destroy(&of->graph);
    for (uint32_t t = 0; t < N_TILES; t++)
        chx_buffer_destroy(&of->tiles[t]);
    chx_program_destroy(&of->program);
    chx_runtime_destroy(&of->runtime);
}

/* From data that the host has written until it has all of it again. */
static chx_status
play(work *of, uint32_t *bytes, double *seconds)
{
    chx_status status = CHX_OK;
    for (size_t i = 0; i < ALL_BYTES / sizeof *bytes; i++)
        bytes[i] = (uint32_t)i;
    for (uint32_t t = 0; status == CHX_OK && t < N_TILES; t++)
        status = chx_buffer_write(of->tiles[t], 0, TILE_BYTES, bytes + t * N_WORDS);
    const uint64_t begin_ns = stopwatch_now_ns();
    if (status == CHX_OK)
        status = chx_plan_submit(of->plan, NULL);
    for (uint32_t t = 0; status == CHX_OK && t < N_TILES; t++)
        status = chx_buffer_read(of->tiles[t], 0, TILE_BYTES, bytes + t * N_WORDS);
    *seconds = stopwatch_seconds_since(begin_ns);
    of->digest = XXH3_64bits(bytes, ALL_BYTES);
    return status;
}

/* Each has one round that does not count. */
static chx_status
play_all(work *works, uint32_t n_rounds)
{
    double unused;
    uint32_t *bytes = malloc(ALL_BYTES);
    chx_status status = bytes ? CHX_OK : CHX_ERROR_MEMORY;
    for (int k = 0; status == CHX_OK && k < N_KINDS; k++)
        status = play(&works[k], bytes, &unused);
    for (uint32_t r = 0; status == CHX_OK && r < n_rounds; r++)
        for (int k = 0; status == CHX_OK && k < N_KINDS; k++)
            status = play(&works[k], bytes, &works[k].seconds[r]);
    free(bytes);
    return status;
}

static int
print(work *works, uint32_t n_rounds, bool as_json)
{
    double s[N_KINDS];
    bool is_same = works[IN_CORE].digest == works[OUT_OF_CORE].digest;
    json_t *object =
        json_pack("{s:s, s:i, s:I, s:I}", "bench", "memory", "rounds", (int)n_rounds, "bytes",
                  (json_int_t)ALL_BYTES, "budget_bytes", (json_int_t)(N_TILES_FIT * TILE_BYTES));
    struct table table;
    table_begin(&table, "work|>s|>over moving|>over room for all|result");
    for (int k = 0; k < N_KINDS; k++) {
        s[k] = stopwatch_median(works[k].seconds, n_rounds);
        json_object_set_new(object, kinds[k].key, json_real(s[k]));
        table_add(&table, "%s", kinds[k].name);
        table_add(&table, "%.3f", s[k]);
        table_add(&table, "%.2f", s[k] / s[MOVING]);
        if (k == MOVING)
            table_add(&table, "%s", "");
        else
            table_add(&table, "%.2f", s[k] / s[IN_CORE]);
        table_add(&table, "%s", k != OUT_OF_CORE ? "" : is_same ? "same" : "DIFFERENT");
    }
    json_object_set_new(object, "over_moving", json_real(s[OUT_OF_CORE] / s[MOVING]));
    json_object_set_new(object, "over_in_core", json_real(s[OUT_OF_CORE] / s[IN_CORE]));
    json_object_set_new(object, "digests_equal", json_boolean(is_same));
    if (as_json) {
        table_discard(&table);
        return result_print(object);
    }
    json_decref(object);
    table_print(&table);
    return OUTCOME_OK;
}

int
bench_memory(uint32_t n_rounds, const shared_options *shared)
{
    work works[N_KINDS] = {{.kind = NULL}};
    chx_status status = CHX_OK;
    for (int k = 0; status == CHX_OK && k < N_KINDS; k++)
        status = begin_work(&kinds[k], shared, &works[k]);
    if (status == CHX_OK)
        status = play_all(works, n_rounds);
    int code = outcome_report(status, STAGE_WORK);
    if (status == CHX_OK)
        code = print(works, n_rounds, shared->json);
    for (int k = 0; k < N_KINDS; k++)
        end_work(&works[k]);
    return code;
}
