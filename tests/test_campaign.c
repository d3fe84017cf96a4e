/* A campaign of random faults: from a seed a machine of null devices, a client (campaign.h) of one
 * plan that recovers, of one whose failures are told, or of several in turn, and a fault or two at
 * random times. While a device is left all that recovers is as program order has it, or what was
 * written after the last run, or is fetched from a device that the caller excludes, is said to be
 * lost, or a run with something that never ends to be late. What is told leaves words of program
 * order or none. Nothing is used wrongly or left over, and nobody waits for ever.
 *
 * CHRONAXIE_TEST_FAULTS is the number of seeds instead of 126, CHRONAXIE_TEST_FIRST the first of
 * them; with either each seed says what was made of it. */
#include "campaign.h"

#define DEFAULT_SEEDS 126
#define MOST_DEVICES 7u
#define DEADLINE_NS (SECOND_NS / 2) /* of runs, where something does not end */
#define OPENING_NS (6 * SECOND_NS) /* a second more than a device's first commands may take */
#define N_STEPS 24u
#define N_SWIFT 3u
#define N_LATE 3u
#define LATE_SHARE 12u /* one of so many faults takes a second or more to be noticed */

typedef enum fault {
    NOTHING,
    REFUSED,
    FAILED,
    HUNG,
    STALLED,
    BLOCKED,
    EXCLUDED,
    N_FAULTS,
} fault;

static const char *const fault_names[N_FAULTS] = {"nothing", "refused", "failed",  "hung",
                                                  "stalled", "blocked", "excluded"};

typedef enum campaign_kind {
    RECOVERS, /* one plan, whose failures are survived */
    TELLS, /* one plan, whose failures are told */
    SEVERAL, /* plans of both kinds, over buffers of their own or over some in common */
    N_KINDS,
} campaign_kind;

static const char *const kind_names[N_KINDS] = {"recovers", "tells", "several"};

typedef struct campaign {
    uint64_t seed, random;
    campaign_kind kind;
    uint32_t n_devices, n_platforms, n_lanes;
    bool has_stamps, passes_failures;
    fault faults[2]; /* the second may be NOTHING */
    uint32_t steps[2]; /* of the client, at which they are armed */
    uint64_t n_struck;
    chx__null_device devices[MOST_DEVICES];
    client client;
} campaign;

static campaign now;

static bool
has_fault(const campaign *c, fault kind)
{
    return c->faults[0] == kind || c->faults[1] == kind;
}

/* Something that does not end. */
static bool
has_late_fault(const campaign *c)
{
    return has_fault(c, HUNG) || has_fault(c, STALLED) || has_fault(c, BLOCKED);
}

static void
draw_faults(campaign *c)
{
    static const fault swift[N_SWIFT] = {REFUSED, FAILED, EXCLUDED};
    static const fault late[N_LATE] = {HUNG, STALLED, BLOCKED};
    for (uint32_t f = 0; f < 2; f++) {
        c->faults[f] = draw(&c->random, LATE_SHARE) ? swift[draw(&c->random, N_SWIFT)]
                                                    : late[draw(&c->random, N_LATE)];
        c->steps[f] = draw(&c->random, N_STEPS * 2 / 3);
    }
}

/* Devices that the faults may take away; a single passing fault takes none. */
static uint32_t
count_taken(const campaign *c)
{
    uint32_t n = 0, n_blocked = 0;
    for (uint32_t f = 0; f < 2; f++)
        if (c->faults[f] == BLOCKED)
            n_blocked = (c->n_devices + c->n_platforms - 1) / c->n_platforms;
        else if (c->faults[f] == HUNG || c->faults[f] == STALLED || c->faults[f] == EXCLUDED)
            n++;
        else if (c->faults[f] != NOTHING && c->faults[1] != NOTHING)
            n++;
    return n + n_blocked;
}

static void
draw_machine(campaign *c)
{
    c->n_devices = 1 + draw(&c->random, MOST_DEVICES);
    c->n_platforms = 1 + draw(&c->random, c->n_devices < 3 ? c->n_devices : 3);
    c->n_lanes = 1 + draw(&c->random, 3);
    c->has_stamps = draw(&c->random, 2);
    c->passes_failures = draw(&c->random, 2);
    for (uint32_t d = 0; d < c->n_devices; d++)
        c->devices[d] = (chx__null_device){.platform = d % c->n_platforms,
                                           .shares_host_memory = draw(&c->random, 3) == 0,
                                           .launch_ns = 1000,
                                           .ns_per_item = 100.0 * (d + 1),
                                           .ns_per_byte = 0.1};
    draw_faults(c);
    if (draw(&c->random, 3) || has_late_fault(c) || count_taken(c) >= c->n_devices)
        c->faults[1] = NOTHING;
    if (count_taken(c) >= c->n_devices)
        c->faults[0] = REFUSED;
}

static void
draw_client(campaign *c, chx_runtime *runtime, chx_program *program, uint32_t n_words)
{
    client *made = &c->client;
    const bool has_doubts = has_late_fault(c) || has_fault(c, FAILED);
    const bool are_apart = draw(&c->random, 2);
    *made = (client){.runtime = runtime,
                     .program = program,
                     .random = c->seed,
                     .n_words = n_words,
                     .n_devices = c->n_devices,
                     .n_works = c->kind != SEVERAL ? 1
                                : are_apart        ? 2
                                                   : 2 + draw(&c->random, 2),
                     .survives = c->kind == RECOVERS || (c->kind == SEVERAL && are_apart),
                     .passes = c->faults[1] == NOTHING && !has_late_fault(c),
                     .has_pins = !has_fault(c, EXCLUDED),
                     .may_be_late = has_late_fault(c),
                     .deadline_ns = has_late_fault(c) ? DEADLINE_NS : 0};
    /* Into memory that a device may still write to nothing can be put back. */
    client_init(made, has_doubts ? 0 : draw(&made->random, 1u << N_BUFFERS));
    for (uint32_t w = 0; w < made->n_works; w++) {
        made->works[w].recovers = c->kind != TELLS && (w == 0 || draw(&c->random, 2));
        made->survives &= made->works[w].recovers;
        draw_work(made, &made->works[w], c->kind == SEVERAL && are_apart);
    }
}

/* What only the device held may be lost on its way to the host, which is told. */
static void
exclude(campaign *c, chx_runtime *runtime)
{
    const uint32_t device = draw(&c->random, c->n_devices);
    const chx_status status = chx_runtime_exclude(runtime, device, "a campaign", 5 * SECOND_NS);
    c->client.is_told |= status == CHX_ERROR_DEVICE;
    holds(&c->client, !status || c->client.is_told, "an exclusion failed");
}

static void
arm(campaign *c, uint32_t index, chx_runtime *runtime)
{
    chx__null_faults faults = {0};
    const uint32_t nth = 1 + draw(&c->random, 40);
    c->n_struck += chx__null_count(test_null).n_struck;
    switch (c->faults[index]) {
    case REFUSED:
        faults.refuse_call = nth;
        break;
    case FAILED:
        faults.fail_command = nth;
        break;
    case HUNG:
        faults.hang_command = nth;
        break;
    case STALLED:
        faults.stall_command = nth;
        break;
    case BLOCKED:
        faults.block = (chx__null_call_kind)(1 + draw(&c->random, CHX__NULL_CALL_RELEASE));
        faults.block_platform = draw(&c->random, c->n_platforms);
        break;
    case EXCLUDED:
        exclude(c, runtime);
        c->n_struck++;
        return;
    case NOTHING:
    case N_FAULTS:
        return;
    }
    chx__null_arm(test_null, faults);
}

static bool
has_ended(const client *c)
{
    return c->failure[0] || c->is_told;
}

static void
run_client(campaign *c, chx_runtime *runtime)
{
    for (uint32_t step = 0; step < N_STEPS && !has_ended(&c->client); step++) {
        for (uint32_t f = 0; f < 2; f++)
            if (step == c->steps[f])
                arm(c, f, runtime);
        client_step(&c->client);
    }
    if (!c->client.failure[0])
        settle(&c->client);
}

static void
say(const campaign *c)
{
    const char *failure = c->client.failure;
    if (failure[0] || getenv("CHRONAXIE_TEST_FAULTS") || getenv("CHRONAXIE_TEST_FIRST"))
        printf("seed %u: %s, %s %s, %u devices, %u struck: %s%s\n", (unsigned)c->seed,
               kind_names[c->kind], fault_names[c->faults[0]], fault_names[c->faults[1]],
               c->n_devices, (unsigned)c->n_struck,
               failure[0]                                 ? "WRONG, "
               : c->client.is_told || c->client.is_mended ? "told"
                                                          : "right",
               failure);
    fflush(stdout);
}

static void
begin_machine(campaign *c, chx_runtime **runtime, uint32_t n_words)
{
    const chx__null_params machine = {.devices = c->devices,
                                      .n_devices = c->n_devices,
                                      .kernels = kernels,
                                      .seed = c->seed + 1,
                                      .has_stamps = c->has_stamps,
                                      .passes_failures = c->passes_failures};
    const uint64_t budget = draw(&c->random, 3) ? 0 : (N_OF_PLAN + 1) * 4 * (uint64_t)n_words;
    const chx_runtime_params params = {.n_compute_lanes = c->n_lanes,
                                       .memory_budget_bytes = budget};
    ck_assert_int_eq(chx__null_create(&machine, &test_null), CHX_OK);
    ck_assert_int_eq(chx__runtime_create(runtime, &params, test_null), CHX_OK);
    (*runtime)->patience_ns = SECOND_NS / 5;
    (*runtime)->access_timeout_ns = SECOND_NS;
    (*runtime)->fleet.build_timeout_ns = DEADLINE_NS;
    (*runtime)->fleet.opening_timeout_ns = OPENING_NS;
    if (draw(&c->random, 2))
        (*runtime)->probation_ns = SECOND_NS / 20;
}

/* Queues of a platform where something has failed may have commands that never end; they are left
 * as they are, and so is what a driver may come back to. */
static bool
is_sound(const chx_runtime *runtime)
{
    bool is = true;
    for (uint32_t p = 0; p < runtime->fleet.n_platforms; p++)
        is &= !runtime->fleet.platforms[p].is_suspect;
    for (uint32_t d = 0; d < runtime->fleet.n_devices; d++)
        is &= !runtime->fleet.devices[d].info.excluded;
    return is;
}

static void
end_machine(campaign *c, chx_runtime **runtime)
{
    const char *violation;
    const bool is_whole = is_sound(*runtime) && !has_late_fault(c) && !has_fault(c, FAILED);
    chx_runtime_destroy(runtime);
    c->n_struck += chx__null_count(test_null).n_struck;
    ck_assert_msg(chx__null_violations(test_null, &violation) == 0, "a violation: %s", violation);
    if (!is_whole) {
        chx__null_arm(test_null, (chx__null_faults){0});
        return;
    }
    ck_assert_uint_eq(chx__null_n_living(test_null), 0);
    chx__null_destroy(&test_null);
}

START_TEST(fault_is_survived_or_told)
{
    static const uint32_t sizes[] = {64, 256, MOST_WORDS};
    campaign *c = &now;
    chx_runtime *runtime;
    chx_program *program;
    *c = (campaign){
        .seed = (uint64_t)_i, .random = (uint64_t)_i, .kind = (campaign_kind)(_i % N_KINDS)};
    draw_machine(c);
    const uint32_t n_words = sizes[draw(&c->random, 3)];
    begin_machine(c, &runtime, n_words);
    ck_assert_int_eq(chx_program_from_source(runtime, "blend.cl", source, NULL, &program), CHX_OK);
    draw_client(c, runtime, program, n_words);
    run_client(c, runtime);
    client_finish(&c->client);
    chx_program_destroy(&program);
    end_machine(c, &runtime);
    say(c);
    ck_assert_msg(!c->client.failure[0],
                  "%s (repeat with CHRONAXIE_TEST_FIRST=%d CHRONAXIE_TEST_FAULTS=1)",
                  c->client.failure, _i);
}
END_TEST

static int
number_in(const char *name, int otherwise)
{
    const char *text = getenv(name);
    return text ? atoi(text) : otherwise;
}

int
main(void)
{
    const int first = number_in("CHRONAXIE_TEST_FIRST", 0);
    const int n_seeds = number_in("CHRONAXIE_TEST_FAULTS", DEFAULT_SEEDS);
    Suite *suite = suite_create("campaign");
    TCase *tcase = tcase_create("campaign");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, fault_is_survived_or_told, first, first + n_seeds);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
