/* The client of a campaign: random graphs over six buffers, runs of their plans in flight together,
 * writes between, and what may be found afterwards.
 *
 * Where all plans recover and none writes to what another uses, the client *survives*: all runs
 * end well, and every word is what program order leaves. Else a run may fail. A word is then what
 * it was before the first run that failed, or what any task of a failed run leaves there in program
 * order, or a read says that it is lost; a host task was given what program order gives it or has
 * not been called. Of what a failed run was to add up some pieces may be there. Runs that were
 * submitted when one before them had failed already work on whatever that has left, so nothing is
 * known of the words that they write. What is lost is written again, and where a fault passes all
 * goes well from then on. */
#ifndef CHX_TESTS_CAMPAIGN_H
#define CHX_TESTS_CAMPAIGN_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <chronaxie/plan.h>

#include "base/hash.h"
#include "null.h"

#define SECOND_NS UINT64_C(1000000000)
#define MOST_WORDS 2048u
#define N_BUFFERS 6u
#define N_OF_PLAN 3u /* buffers that a plan uses */
#define MOST_LAUNCHES 8u
#define MOST_RUNS 4u /* in flight */
#define MOST_ENTRIES 32u
#define MOST_LOOKS 256u
#define MOST_WORKS 3u
#define N_PIECES 8u /* of a buffer that is read in pieces */
#define PATIENCE_NS (20 * SECOND_NS) /* beyond all deadlines */

static const char source[] =
    "kernel void blend(global uint *y, global const uint *x, uint begin, uint seed)\n"
    "{\n"
    "    size_t i = begin + get_global_id(0);\n"
    "    y[i] = y[i] * 1664525u + x[i] + seed;\n"
    "}\n"
    "kernel void take(global uint *y, global const uint *x, uint begin, uint seed)\n"
    "{\n"
    "    size_t i = begin + get_global_id(0);\n"
    "    y[i] = x[i] ^ seed;\n"
    "}\n"
    "kernel void spread(global uint *y, global const uint *x, uint n, uint seed)\n"
    "{\n"
    "    size_t i = get_global_id(0);\n"
    "    uint left = i > 0 ? x[i - 1] : 7u, right = i + 1 < n ? x[i + 1] : 9u;\n"
    "    y[i] = y[i] * 1664525u + left - 3u * right + seed;\n"
    "}\n"
    "kernel void gather(global uint *y, global const uint *x, uint n, uint seed)\n"
    "{\n"
    "    uint word = x[get_global_id(0)];\n"
    "    atomic_add(&y[word % n], word ^ seed);\n"
    "}\n";

typedef enum launch_kind { BLEND, TAKE, SPREAD, GATHER, HOST, LOOK, WRITE } launch_kind;

/* Of words [begin, begin + n) of y from x, of n_words; a gather adds to any word of y. */
typedef struct launch {
    launch_kind kind;
    uint32_t x, y, begin, n, seed, n_words;
    chx_task id;
} launch;

static inline void
apply(const launch *l, uint32_t *y, const uint32_t *x, size_t begin, size_t end)
{
    for (size_t i = begin; i < end; i++)
        switch (l->kind) {
        case BLEND:
        case HOST:
            y[i] = y[i] * 1664525u + x[i] + l->seed;
            break;
        case TAKE:
            y[i] = x[i] ^ l->seed;
            break;
        case SPREAD:
            y[i] = y[i] * 1664525u + (i > 0 ? x[i - 1] : 7u) -
                   3u * (i + 1 < l->n_words ? x[i + 1] : 9u) + l->seed;
            break;
        case GATHER:
            y[x[i] % l->n_words] += x[i] ^ l->seed;
            break;
        case WRITE:
            y[i] = l->seed + (uint32_t)i;
            break;
        case LOOK:
            break;
        }
}

/* All of y is written. */
static inline bool
is_divisible(launch_kind kind)
{
    return kind == SPREAD || kind == GATHER;
}

static inline void
compute(const chx__null_call *call, launch_kind kind)
{
    const uint32_t first = *(uint32_t *)call->args[2], seed = *(uint32_t *)call->args[3];
    const launch l = {.kind = kind, .seed = seed, .n_words = first};
    const size_t begin = call->launch->offset[0] + (is_divisible(kind) ? 0 : first);
    apply(&l, call->args[0], call->args[1], begin, begin + call->launch->global[0]);
}

static inline void
blend(const chx__null_call *call)
{
    compute(call, BLEND);
}

static inline void
take(const chx__null_call *call)
{
    compute(call, TAKE);
}

static inline void
spread(const chx__null_call *call)
{
    compute(call, SPREAD);
}

static inline void
gather(const chx__null_call *call)
{
    compute(call, GATHER);
}

static const chx__null_kernel kernels[] = {{"blend", blend, NULL, 0},
                                           {"take", take, NULL, 0},
                                           {"spread", spread, NULL, 0},
                                           {"gather", gather, NULL, 0},
                                           {NULL, NULL, NULL, 0}};

/* What a host task was given, in the order of calls. */
typedef struct look {
    const void *launch;
    uint64_t hash;
} look;

struct client;

typedef struct work {
    struct client *client;
    chx_graph *graph;
    chx_plan *plan;
    bool recovers;
    uint32_t n_launches;
    launch launches[MOST_LAUNCHES];
    uint32_t buffers[N_OF_PLAN];
    struct task {
        struct client *client;
        launch of;
    } tasks[MOST_LAUNCHES]; /* of the host */
} work;

/* A run or a write, as it was submitted. */
typedef struct entry {
    const work *of; /* NULL: a write */
    chx_run *run; /* NULL: it has ended */
    chx_status status; /* once it has ended */
    bool is_after_failure; /* a run before it may have failed before it was submitted */
    uint32_t n_launches;
    launch launches[MOST_LAUNCHES];
} entry;

typedef struct client {
    chx_runtime *runtime;
    chx_program *program;
    uint64_t random;
    uint32_t n_words, n_devices, n_steps;
    uint64_t deadline_ns;
    bool has_pins; /* some tasks may run on one device only */
    chx_buffer *buffers[N_BUFFERS];
    uint32_t memory[N_BUFFERS][MOST_WORDS]; /* of buffers over it */
    uint32_t wrapped; /* as bits: buffers over it, which may be lost where a device still writes */
    uint32_t base[N_BUFFERS][MOST_WORDS]; /* before the entries */
    uint32_t found[N_BUFFERS][MOST_WORDS];
    uint8_t notes[N_BUFFERS][MOST_WORDS]; /* of words, see word_note */
    uint32_t n_works;
    work works[MOST_WORKS];
    bool survives; /* whatever fails is made again */
    bool passes; /* what fails does so once, and no device is lost */
    bool has_trouble; /* a call has failed since all was last looked at */
    bool is_mended; /* it was once, and what was lost is written again */
    uint32_t n_entries;
    entry entries[MOST_ENTRIES];
    uint32_t n_looks;
    look looks[MOST_LOOKS];
    bool has_written; /* since its last run was submitted: what a read then loses is told, as
                         nothing is left to make it from */
    bool may_be_late; /* something never ends, so a run may come to its deadline */
    bool is_told;
    char failure[512]; /* the first, "" for none */
} client;

typedef enum word_note {
    LOST = 1, /* its read says so */
    ALLOWED = 2, /* the word that is found there is one that may be */
    PROMISED = 4, /* by a run that failed */
} word_note;

/* Checks do not work in threads: the first failure is kept. */
static inline bool
holds(client *c, bool condition, const char *what)
{
    if (!condition && !c->failure[0])
        snprintf(c->failure, sizeof c->failure, "%s: %.400s", what, chx_last_error()->message);
    return condition;
}

/* Splitmix64 (Steele, Lea and Flood 2014). */
static inline uint32_t
draw(uint64_t *random, uint32_t below)
{
    uint64_t x = *random += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((x ^ (x >> 31)) % below);
}

static inline bool
went(client *c, chx_status status, const char *what)
{
    return holds(c, status == CHX_OK, what);
}

static inline chx_status
on_host(void *data, void *const *host)
{
    const struct task *task = data;
    client *c = task->client;
    if (task->of.kind == HOST)
        apply(&task->of, host[0], host[1], task->of.begin, task->of.begin + task->of.n);
    else if (c->n_looks < MOST_LOOKS)
        c->looks[c->n_looks++] = (look){
            task, chx__hash((uint32_t *)host[0] + task->of.begin, 4 * (size_t)task->of.n).low};
    return CHX_OK;
}

static inline chx_status
add_host(work *w, launch *l, struct task *task)
{
    const client *c = w->client;
    *task = (struct task){w->client, *l};
    const chx_access access = l->kind == HOST ? CHX_ACCESS_READ_WRITE : CHX_ACCESS_READ;
    const chx_arg y = CHX_BUFFER_RANGE(c->buffers[l->y], access, 4 * l->begin, 4 * l->n);
    const chx_arg x = CHX_BUFFER_RANGE(c->buffers[l->x], CHX_ACCESS_READ, 4 * l->begin, 4 * l->n);
    return chx_graph_host(w->graph,
                          &(chx_host_task){.run = on_host,
                                           .data = task,
                                           .args = l->kind == HOST ? CHX_ARGS(y, x) : CHX_ARGS(y),
                                           .id = &l->id});
}

static inline chx_arg
arg_x(const client *c, const launch *l)
{
    if (l->kind == SPREAD)
        return CHX_SPLIT(c->buffers[l->x], CHX_ACCESS_READ, 4, 1);
    if (l->kind == GATHER)
        return CHX_SPLIT(c->buffers[l->x], CHX_ACCESS_READ, 4, 0);
    return CHX_BUFFER_RANGE(c->buffers[l->x], CHX_ACCESS_READ, 4 * l->begin, 4 * l->n);
}

static inline chx_arg
arg_y(const client *c, const launch *l)
{
    const chx_access access = l->kind == TAKE ? CHX_ACCESS_WRITE : CHX_ACCESS_READ_WRITE;
    if (l->kind == SPREAD)
        return CHX_SPLIT(c->buffers[l->y], access, 4, 0);
    if (l->kind == GATHER)
        return CHX_REDUCE(c->buffers[l->y], CHX_REDUCTION_SUM_32);
    return CHX_BUFFER_RANGE(c->buffers[l->y], access, 4 * l->begin, 4 * l->n);
}

static inline chx_status
add_kernel(work *w, launch *l)
{
    static const char *const names[] = {"blend", "take", "spread", "gather"};
    client *c = w->client;
    const uint32_t device = draw(&c->random, c->n_devices);
    const uint32_t first = is_divisible(l->kind) ? l->n_words : l->begin;
    return chx_graph_kernel(
        w->graph,
        &(chx_kernel_task){
            .program = c->program,
            .kernel = names[l->kind],
            .global = {l->n},
            .devices = &device,
            .n_devices = c->has_pins && !is_divisible(l->kind) && !draw(&c->random, 4),
            .args = CHX_ARGS(arg_y(c, l), arg_x(c, l), CHX_UINT(first), CHX_UINT(l->seed)),
            .id = &l->id,
        });
}

static inline void
draw_range(client *c, launch *l)
{
    l->n_words = c->n_words;
    l->n = is_divisible(l->kind) ? c->n_words : 1 + draw(&c->random, c->n_words);
    l->begin = draw(&c->random, c->n_words - l->n + 1);
    l->seed = draw(&c->random, UINT32_MAX);
}

/* Its buffers are the first three or the last, or any. */
static inline void
draw_work(client *c, work *w, bool is_apart)
{
    static const launch_kind kinds[] = {BLEND, BLEND, TAKE, TAKE, SPREAD, GATHER, HOST, LOOK};
    w->client = c;
    const uint32_t first =
        is_apart ? (uint32_t)(w - c->works) * N_OF_PLAN : draw(&c->random, N_BUFFERS);
    const uint32_t step = is_apart ? 1 : 1 + first % 2;
    for (uint32_t b = 0; b < N_OF_PLAN; b++)
        w->buffers[b] = (first + b * step) % N_BUFFERS;
    ck_assert_int_eq(chx_graph_create(c->runtime, &w->graph), CHX_OK);
    w->n_launches = 1 + draw(&c->random, MOST_LAUNCHES);
    for (uint32_t i = 0; i < w->n_launches; i++) {
        launch *l = &w->launches[i];
        const uint32_t x = draw(&c->random, N_OF_PLAN);
        const uint32_t y = (x + 1 + draw(&c->random, N_OF_PLAN - 1)) % N_OF_PLAN;
        *l = (launch){.kind = kinds[draw(&c->random, sizeof kinds / sizeof *kinds)],
                      .x = w->buffers[x],
                      .y = w->buffers[y]};
        draw_range(c, l);
        const bool is_kernel = l->kind <= GATHER;
        const chx_status status = is_kernel ? add_kernel(w, l) : add_host(w, l, &w->tasks[i]);
        ck_assert_msg(status == CHX_OK, "%s", chx_last_error()->message);
    }
}

/* Wrapped, as bits: buffers that lie over the client's own memory. */
static inline void
client_init(client *c, uint32_t wrapped)
{
    c->wrapped = wrapped;
    for (uint32_t b = 0; b < N_BUFFERS; b++) {
        for (uint32_t i = 0; i < c->n_words; i++)
            c->base[b][i] = c->memory[b][i] = 1000 * b + i;
        const size_t size = 4 * (size_t)c->n_words;
        const chx_status status =
            wrapped >> b & 1 ? chx_buffer_wrap(c->runtime, c->memory[b], size, &c->buffers[b])
                             : chx_buffer_create(c->runtime, size, c->base[b], &c->buffers[b]);
        ck_assert_int_eq(status, CHX_OK);
    }
}

static inline void
client_finish(client *c)
{
    for (uint32_t e = 0; e < c->n_entries; e++)
        chx_run_destroy(&c->entries[e].run);
    for (uint32_t w = 0; w < c->n_works; w++) {
        chx_plan_destroy(&c->works[w].plan);
        chx_graph_destroy(&c->works[w].graph);
    }
    for (uint32_t b = 0; b < N_BUFFERS; b++)
        chx_buffer_destroy(&c->buffers[b]);
}

static inline bool
is_devices(const client *c, chx_status status)
{
    return status == CHX_ERROR_DEVICE || status == CHX_ERROR_DEVICE_MEMORY ||
           ((status == CHX_ERROR_TIMEOUT || status == CHX_ERROR_NO_DEVICE) && c->may_be_late);
}

/* Whether a call went well. What a device fails may be told where not all is survived. */
static inline bool
comes(client *c, chx_status status, const char *what)
{
    if (!status)
        return true;
    c->has_trouble = true;
    if ((!c->survives || c->is_told) && is_devices(c, status))
        return false;
    return went(c, status, what);
}

/* The same of what only the latest writes can have been lost for. */
static inline bool
comes_unless_written(client *c, chx_status status, const char *what)
{
    c->is_told |= c->survives && c->has_written &&
                  (status == CHX_ERROR_DEVICE || status == CHX_ERROR_TIMEOUT);
    if (c->is_told && status)
        return false;
    return comes(c, status, what);
}

static inline void
wait_for(client *c, entry *e)
{
    if (!e->run)
        return;
    e->status = chx_run_wait(e->run, PATIENCE_NS);
    holds(c, chx_run_done(e->run), "a run has not ended long after its deadline");
    c->is_told |= c->survives && c->may_be_late && e->status == CHX_ERROR_TIMEOUT;
    comes(c, e->status, "a run failed");
    chx_run_destroy(&e->run);
}

static inline uint64_t
hash_of(const launch *l, const uint32_t *words)
{
    return chx__hash(words + l->begin, 4 * (size_t)l->n).low;
}

/* Takes the call of a host task, which was given these words. One of a run that failed need not
 * have been called. */
static inline void
check_look(client *c, const struct task *task, const uint32_t *words, bool has_failed)
{
    const uint64_t hash = hash_of(&task->of, words);
    uint32_t i = 0;
    while (i < c->n_looks && c->looks[i].launch != task)
        i++;
    const bool is_called = i < c->n_looks;
    const bool is_right = is_called && c->looks[i].hash == hash;
    holds(c, is_called || has_failed, "a host task was not called");
    holds(c, is_right || !is_called || has_failed, "a host task was given what is wrong");
    if (is_right)
        c->looks[i].launch = NULL;
}

/* Notes where the words that are found are those of now. */
static inline void
note_words(client *c, uint32_t b, uint32_t begin, uint32_t n, bool are_those_of_before)
{
    for (uint32_t i = begin; i < begin + n; i++) {
        const bool is_right = c->found[b][i] == c->base[b][i];
        const uint8_t kept =
            c->notes[b][i] & (LOST | PROMISED | (are_those_of_before ? ALLOWED : 0));
        c->notes[b][i] = kept | (is_right ? ALLOWED : 0);
    }
}

static inline void
add_notes(client *c, const launch *l, word_note note)
{
    for (uint32_t i = l->begin; i < l->begin + l->n; i++)
        c->notes[l->y][i] |= note;
}

/* Does on the words of before what an entry does. */
static inline void
replay(client *c, const entry *e, bool *is_unknown)
{
    *is_unknown |= e->is_after_failure;
    for (uint32_t i = 0; i < e->n_launches; i++) {
        const launch *l = &e->launches[i];
        if (l->kind == LOOK && !*is_unknown)
            check_look(c, &e->of->tasks[i], c->base[l->y], e->status);
        if (l->kind == LOOK)
            continue;
        apply(l, c->base[l->y], c->base[l->x], l->begin, l->begin + l->n);
        note_words(c, l->y, l->begin, l->n, e->status);
        if (e->status)
            add_notes(c, l, PROMISED);
        if ((*is_unknown && e->of) || (e->status && l->kind == GATHER))
            add_notes(c, l, ALLOWED | PROMISED);
    }
}

/* What is not found is said to be lost. */
static inline void
look_at_pieces(client *c, uint32_t b)
{
    const uint32_t n = c->n_words / N_PIECES;
    for (uint32_t i = 0; i < c->n_words; i += n) {
        const chx_status status =
            chx_buffer_read(c->buffers[b], 4 * (size_t)i, 4 * (size_t)n, &c->found[b][i]);
        if (!comes_unless_written(c, status, "a read of a piece failed"))
            memset(&c->notes[b][i], LOST, n);
    }
}

static inline void
look_at(client *c, uint32_t b)
{
    const size_t size = 4 * (size_t)c->n_words;
    memset(c->notes[b], 0, sizeof c->notes[b]);
    const chx_status status = chx_buffer_read(c->buffers[b], 0, size, c->found[b]);
    if (!comes_unless_written(c, status, "a read failed"))
        look_at_pieces(c, b);
    note_words(c, b, 0, c->n_words, false);
}

/* Of words from begin on, n of them: whether any has the note. */
static inline bool
any_has(const client *c, uint32_t b, uint32_t begin, uint32_t n, word_note note)
{
    bool any = false;
    for (uint32_t i = begin; i < begin + n; i++)
        any |= (c->notes[b][i] & note) != 0;
    return any;
}

/* Goes on from the words that were found in a piece, or writes it anew. */
static inline void
mend(client *c, uint32_t b, uint32_t begin, uint32_t n)
{
    const bool is_lost = c->notes[b][begin] & LOST;
    const bool may_be_lost = !c->passes || c->wrapped >> b & 1;
    holds(c, !is_lost || may_be_lost || any_has(c, b, begin, n, PROMISED),
          "words are lost that no failed run was to write");
    for (uint32_t i = begin; i < begin + n; i++) {
        holds(c, is_lost || c->notes[b][i] & ALLOWED, "a word is wrong");
        c->base[b][i] = is_lost ? draw(&c->random, UINT32_MAX) : c->found[b][i];
    }
    if (!is_lost)
        return;
    went(c, chx_buffer_write(c->buffers[b], 4 * (size_t)begin, 4 * (size_t)n, &c->base[b][begin]),
         "what was lost cannot be written");
    c->has_written = true;
}

/* Waits for all, and looks at every buffer. */
static inline void
settle(client *c)
{
    bool is_unknown = false;
    for (uint32_t e = 0; e < c->n_entries; e++)
        wait_for(c, &c->entries[e]);
    for (uint32_t b = 0; b < N_BUFFERS; b++)
        look_at(c, b);
    for (uint32_t e = 0; e < c->n_entries; e++)
        replay(c, &c->entries[e], &is_unknown);
    for (uint32_t i = 0; i < c->n_looks && !is_unknown; i++)
        holds(c, !c->looks[i].launch, "a host task was given what is wrong, or called too often");
    for (uint32_t b = 0; b < N_BUFFERS; b++)
        for (uint32_t i = 0; i < c->n_words; i += c->n_words / N_PIECES)
            mend(c, b, i, c->n_words / N_PIECES);
    holds(c, !c->has_trouble || !c->is_mended, "a call failed after the fault had passed");
    c->is_mended |= c->passes && c->has_trouble;
    c->is_told |= c->may_be_late && c->has_trouble;
    c->has_trouble = false;
    c->n_entries = c->n_looks = 0;
}

/* How many are in flight; *oldest is the first of them. */
static inline uint32_t
count_flying(client *c, entry **oldest)
{
    uint32_t n = 0;
    for (uint32_t e = c->n_entries; e-- > 0;)
        if (c->entries[e].run) {
            *oldest = &c->entries[e];
            n++;
        }
    return n;
}

/* Another value, and at times another buffer to read. */
static inline void
change(client *c, work *w)
{
    const uint32_t index = draw(&c->random, w->n_launches);
    launch *l = &w->launches[index];
    if (l->kind > GATHER)
        return;
    const uint32_t seed = draw(&c->random, UINT32_MAX);
    const chx_arg value = CHX_UINT(seed);
    if (went(c, chx_graph_set_value(w->graph, l->id, 3, &value), "a change of a value failed"))
        l->seed = seed;
    const uint32_t x = w->buffers[draw(&c->random, N_OF_PLAN)];
    if (x == l->y || draw(&c->random, 4))
        return;
    /* What is in flight meanwhile could not be made again. */
    settle(c);
    launch changed = *l;
    changed.x = x;
    const chx_arg arg = arg_x(c, &changed);
    if (went(c, chx_graph_set_buffer(w->graph, l->id, 1, &arg), "a change of buffers failed"))
        *l = changed;
}

/* Whether a run before may have failed by now. */
static inline bool
has_failed(const client *c)
{
    bool has = false;
    for (uint32_t e = 0; e < c->n_entries && !has; e++) {
        const entry *before = &c->entries[e];
        has = before->run ? chx_run_done(before->run) && chx_run_wait(before->run, 0)
                          : before->status;
    }
    return has;
}

static inline void
submit(client *c)
{
    work *w = &c->works[draw(&c->random, c->n_works)];
    entry *oldest;
    const chx_plan_params params = {.deadline_ns = c->deadline_ns, .recovers = w->recovers};
    if (!w->plan && !comes(c, chx_plan_create(w->graph, &params, &w->plan), "planning failed"))
        return;
    if (draw(&c->random, 2))
        change(c, w);
    if (count_flying(c, &oldest) == MOST_RUNS)
        wait_for(c, oldest);
    entry *e = &c->entries[c->n_entries];
    *e = (entry){.of = w, .n_launches = w->n_launches};
    memcpy(e->launches, w->launches, sizeof e->launches);
    e->status = chx_plan_submit(w->plan, &e->run);
    e->is_after_failure = has_failed(c);
    c->n_entries++;
    if (comes_unless_written(c, e->status, "a submit failed"))
        c->has_written &= c->n_works > 1;
}

static inline void
write_some(client *c)
{
    entry *e = &c->entries[c->n_entries];
    *e = (entry){.n_launches = 1};
    e->launches[0] = (launch){.kind = WRITE, .y = draw(&c->random, N_BUFFERS)};
    draw_range(c, &e->launches[0]);
    const launch *l = &e->launches[0];
    uint32_t words[MOST_WORDS];
    apply(l, words, words, l->begin, l->begin + l->n);
    const chx_status status = chx_buffer_write(c->buffers[l->y], 4 * (size_t)l->begin,
                                               4 * (size_t)l->n, &words[l->begin]);
    c->n_entries++;
    c->has_written = true;
    went(c, status, "a write failed");
}

static inline void
client_step(client *c)
{
    entry *oldest;
    const uint32_t action = draw(&c->random, 16);
    if (c->n_entries == MOST_ENTRIES || action == 0 || (c->has_trouble && action < 12))
        settle(c);
    else if (action == 1)
        write_some(c);
    else if (action < 5 && count_flying(c, &oldest))
        wait_for(c, oldest);
    else
        submit(c);
}

#endif
