/* A program: one source, built once per device (or set of twin parts) and context, on first use.
 *
 * Lock: program->lock guards what is built and who builds; a leaf, never held over a driver's call.
 * Whoever sets is_building is the only one to build; others sleep until their device's build
 * stands, or build it themselves then. Builds of one program thus follow each other, those of
 * different programs do not. A build belongs to the generation of its platform's context; an older
 * one is void and released when the next is installed.
 *
 * On PoCL a program starts quick, without optimization, and is promoted after half a second of
 * measured run time; is_promoted makes quick builds outdated, and build_epoch in the runtime makes
 * plans pick that up. Costs of quick and optimized builds are kept apart (execute/model.c).
 *
 * The digest of a binary covers all that goes into it: text after inclusion, options, device and
 * driver, and BINARY_FORMAT for what we add ourselves. A text that is not closed may make the
 * driver open files that we do not know, so no binary of it is kept. */
#include "device/program.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "device/backend.h"
#include "device/cache.h"
#include "device/parameters.h"
#include "device/release.h"
#include "device/source.h"
#include "device/venture.h"

/* Counts up when options or defines that we add ourselves change their meaning, or what is kept
 * with a binary. */
#define BINARY_FORMAT 3u

/* A quick build that has run this long is worth optimizing, which takes about twice as long. */
#define PROMOTION_NS UINT64_C(500000000)

/* What is built for one device. The parts of a split device share a cl_program. */
typedef struct build {
    cl_program program; /* NULL while there is none */
    uint32_t generation; /* of the platform when it was built */
    bool is_quick; /* compiled without optimization, to be ready soon */
} build;

struct chx_program {
    chx__fleet *fleet;
    char *name;
    char *text;
    char *options;
    char *folder; /* of the file it came from, for includes that only the compiler finds; or NULL */
    bool is_closed; /* text and options are all that a compiler reads */
    chx__digest digest;
    build *builds; /* by device index */
    char **parameters; /* of its kernels by device index, whichever the build is; or NULL */
    uint32_t n_builds;
    _Atomic uint64_t quick_ns; /* that its quick builds have run */
    bool is_kept; /* for a build that may yet come back */
    atomic_bool is_promoted; /* quick builds are replaced when next asked for */
    /* Guards is_building, builds and parameters; a leaf, never held over an OpenCL call.
     * Whoever sets is_building is the only one to build until it is cleared. */
    pthread_mutex_t lock;
    pthread_cond_t built;
    bool is_building;
};

/* A build on its way, and the devices that it serves. */
typedef struct target_set {
    chx__target target;
    chx__device **devices;
    cl_device_id *ids;
    char *options;
    bool is_quick;
} target_set;

static chx__digest
digest_source(const char *text, const char *options)
{
    chx__hasher *hasher = chx__hasher_create();
    chx__hasher_add_text(hasher, text);
    chx__hasher_add_text(hasher, options);
    return chx__hasher_end(hasher);
}

/* Compilers cite the program by its name; expanded sources have their own #line lines. */
static char *
with_name(const char *name, char *text)
{
    if (!text || strncmp(text, "#line ", 6) == 0)
        return text;
    char *named = chx__format("#line 1 \"%s\"\n%s", name, text);
    free(text);
    return named;
}

static void
free_program(chx_program *program)
{
    free(program->name);
    free(program->text);
    free(program->options);
    free(program->folder);
    free(program->builds);
    for (uint32_t i = 0; program->parameters && i < program->n_builds; i++)
        free(program->parameters[i]);
    free(program->parameters);
    free(program);
}

/* Whether the options make no compiler open a file, which -include and others do. Folders for
 * includes do nothing to a text without any. */
static bool
are_closed(const char *options)
{
    static const char *const harmless[] = {"-D", "-I", "-cl-", "-w", "-W", "-O", "-g", NULL};
    bool takes_next = false;
    while (*(options += strspn(options, " \t\r\n"))) {
        size_t length = strcspn(options, " \t\r\n");
        bool is_known = takes_next;
        for (const char *const *start = harmless; *start; start++)
            is_known = is_known || strncmp(options, *start, strlen(*start)) == 0;
        if (!is_known)
            return false;
        takes_next = !takes_next && length == 2 && (options[1] == 'D' || options[1] == 'I');
        options += length;
    }
    return true;
}

/* The folder of a file by that name, if it can stand among options. */
static char *
folder_of(const char *name)
{
    const char *slash = strrchr(name, '/');
    if (access(name, F_OK) != 0 || strpbrk(name, " \t\"'\\"))
        return NULL;
    return slash ? chx__format("%.*s", (int)(slash - name + 1), name) : chx__strdup(".");
}

chx_status
chx__program_create(chx__fleet *fleet, const char *name, char *text, const char *options,
                    chx_program **program)
{
    chx_program *made = chx__alloc(1, sizeof *made);
    if (!made) {
        free(text);
        return chx__fail_memory("making a program");
    }
    made->fleet = fleet;
    made->name = chx__strdup(name);
    made->text = with_name(name, text);
    made->options = chx__strdup(options ? options : "");
    made->n_builds = fleet->n_devices;
    made->builds = chx__alloc(fleet->n_devices, sizeof *made->builds);
    made->parameters = chx__alloc(fleet->n_devices, sizeof *made->parameters);
    if (!made->name || !made->text || !made->options || !made->builds || !made->parameters)
        goto fail;
    if (pthread_mutex_init(&made->lock, NULL) != 0)
        goto fail;
    if (pthread_cond_init(&made->built, NULL) != 0) {
        pthread_mutex_destroy(&made->lock);
        goto fail;
    }
    made->is_closed = chx__source_is_closed(made->text) && are_closed(made->options) &&
                      !strstr(made->options, "__has_");
    made->folder = made->is_closed ? NULL : folder_of(name);
    made->digest = digest_source(made->text, made->options);
    *program = made;
    return CHX_OK;
fail:
    free_program(made);
    return chx__fail_memory("making a program");
}

/* What the cache says once a program was compiled with optimization for a device, as the driver
 * keeps the result in its folder, or ran for long enough to be: a process that draws one picture
 * ends before its kernels are asked for again, and the next one then begins with the build. */
static chx__digest
optimized_key(const chx_program *program, const chx__device *device)
{
    chx__hasher *hasher = chx__hasher_create();
    chx__hasher_add_text(hasher, "optimized");
    chx__hasher_add_text(hasher, getenv("POCL_CACHE_DIR"));
    chx__hasher_add(hasher, &program->digest, sizeof program->digest);
    chx__hasher_add(hasher, &device->identity, sizeof device->identity);
    return chx__hasher_end(hasher);
}

void
chx__program_destroy(chx_program **program)
{
    if (!*program)
        return;
    for (uint32_t i = 0; i < (*program)->n_builds; i++)
        if ((*program)->builds[i].is_quick && atomic_load(&(*program)->is_promoted))
            chx__cache_store((*program)->fleet->cache,
                             optimized_key(*program, &(*program)->fleet->devices[i]), "", 1);
    for (uint32_t i = 0; i < (*program)->n_builds; i++)
        if ((*program)->builds[i].program)
            chx__release((*program)->fleet->devices[i].platform, CHX__RELEASE_PROGRAM,
                         (*program)->builds[i].program);
    if ((*program)->is_kept) {
        chx__keep(*program);
    } else {
        pthread_cond_destroy(&(*program)->built);
        pthread_mutex_destroy(&(*program)->lock);
        free_program(*program);
    }
    *program = NULL;
}

bool
chx__program_is_quick(chx_program *program, const chx__device *device)
{
    pthread_mutex_lock(&program->lock);
    bool is_quick = program->builds[device->index].is_quick;
    pthread_mutex_unlock(&program->lock);
    return is_quick;
}

bool
chx__program_note_use(chx_program *program, const chx__device *device, uint64_t duration_ns)
{
    if (!chx__program_is_quick(program, device))
        return false;
    uint64_t used_ns = atomic_fetch_add(&program->quick_ns, duration_ns) + duration_ns;
    if (used_ns < PROMOTION_NS || atomic_exchange(&program->is_promoted, true))
        return false;
    chx__log(&program->fleet->logger, CHX_LOG_INFO, "%s has run for %.1f s and gets optimized",
             program->name, (double)used_ns / 1e9);
    return true;
}

chx__fleet *
chx__program_fleet(const chx_program *program)
{
    return program->fleet;
}

chx__digest
chx__program_digest(const chx_program *program)
{
    return program->digest;
}

/* What a text that is not closed needs: the folder of its file, and a define that no build had
 * before, since drivers too keep binaries under the text alone (Mesa does; PoCL looks at what comes
 * out of the preprocessor). */
static char *
open_options(const chx_program *program, const chx__device *device)
{
    char anew[48] = "";
    if (program->is_closed)
        return chx__strdup("");
    if (!device->platform->is_pocl)
        snprintf(anew, sizeof anew, " -DCHX_ANEW=%" PRIu64 "u", chx__now_ns());
    return chx__format("%s%s%s", anew, program->folder ? " -I " : "",
                       program->folder ? program->folder : "");
}

/* Capabilities reach the source as defines: the host decides, no kernel asks for vendors. How
 * arguments are declared is kept, for tasks to be compared with. */
static char *
device_options(const chx_program *program, const chx__device *device, bool is_quick)
{
    bool has_standard = strstr(program->options, "-cl-std") != NULL;
    char *more = open_options(program, device);
    char *made =
        more ? chx__format("-cl-kernel-arg-info %s%s%s%s%s%s", is_quick ? "-cl-opt-disable " : "",
                           has_standard ? "" : "-cl-std=CL1.2 ",
                           device->info.has_int64_atomics ? "-DCHX_HAS_INT64_ATOMICS=1 " : "",
                           device->info.has_fp64 ? "-DCHX_HAS_FP64=1 " : "", program->options, more)
             : NULL;
    free(more);
    return made;
}

static chx__digest
digest_binary(const chx_program *program, const chx__device *device, const char *options)
{
    uint32_t format = BINARY_FORMAT;
    chx__hasher *hasher = chx__hasher_create();
    chx__hasher_add_text(hasher, "program binary");
    chx__hasher_add(hasher, &format, sizeof format);
    chx__hasher_add_text(hasher, program->text);
    chx__hasher_add_text(hasher, options);
    chx__hasher_add(hasher, &device->identity, sizeof device->identity);
    return chx__hasher_end(hasher);
}

/* Parts of one device are built in one go: on PoCL two parts then cost what one costs (21 ms
 * instead of 42 with its cache warm). */
static bool
is_twin(const chx__device *a, const chx__device *b)
{
    return a == b ||
           (b->info.selected && a->is_sub_device && b->is_sub_device &&
            a->info.parent == b->info.parent && chx__digest_equal(a->identity, b->identity));
}

static bool
is_worth_optimizing(const chx_program *program, const chx__device *device)
{
    void *bytes = NULL;
    size_t size = 0;
    bool found =
        chx__cache_find(program->fleet->cache, optimized_key(program, device), &bytes, &size);
    free(bytes);
    return found;
}

/* Measured on PoCL 3.1 with an empty cache: the worm's first picture takes 4.4 s when everything is
 * optimized and 1.6 s when nothing is. So a program starts quick, and is optimized when it has run
 * for long. Other drivers compile fast. */
static bool
starts_quick(const chx_program *program, const chx__device *device)
{
    return device->platform->is_pocl && !program->fleet->optimizes &&
           !atomic_load(&program->is_promoted) && !is_worth_optimizing(program, device);
}

/* Measured on PoCL 3.1: taking out a binary makes it compile every kernel once more for an unknown
 * work-group size, about 90 ms per kernel on the cold start; a build from source with PoCL's own
 * cache warm takes 22 ms per program, one from a binary 0.7 ms. A cold picture is dearer than that
 * gain, so PoCL keeps its own binaries, in a folder inside ours. rusticl: binary 0.3 ms, source
 * 1-15 ms. No digest covers a header that a compiler opens itself. */
static bool
keeps_binary(const chx_program *program, const chx__device *device)
{
    return !device->platform->is_pocl && program->is_closed;
}

static chx_status
begin_target(const chx_program *program, chx__device *device, target_set *made)
{
    chx__fleet *fleet = program->fleet;
    bool is_quick = starts_quick(program, device);
    *made = (target_set){.devices = chx__alloc(fleet->n_devices, sizeof *made->devices),
                         .ids = chx__alloc(fleet->n_devices, sizeof *made->ids),
                         .options = device_options(program, device, is_quick),
                         .is_quick = is_quick};
    if (!made->devices || !made->ids || !made->options)
        return chx__fail_memory("building a program");
    uint32_t n = 0;
    for (uint32_t i = 0; i < fleet->n_devices; i++)
        if (is_twin(device, &fleet->devices[i])) {
            made->devices[n] = &fleet->devices[i];
            made->ids[n++] = fleet->devices[i].id;
        }
    made->target = (chx__target){.name = program->name,
                                 .text = program->text,
                                 .options = made->options,
                                 .device = device,
                                 .context = device->platform->context,
                                 .ids = made->ids,
                                 .n_devices = n,
                                 .keeps_binary = keeps_binary(program, device),
                                 .key = digest_binary(program, device, made->options),
                                 .cache = fleet->cache,
                                 .logger = &fleet->logger};
    return CHX_OK;
}

static void
finish_target(target_set *made)
{
    free(made->devices);
    free(made->ids);
    free(made->options);
}

static bool
is_built(const chx_program *program, const chx__device *device)
{
    const build *have = &program->builds[device->index];
    bool is_outdated = have->is_quick && atomic_load(&program->is_promoted);
    return have->program && have->generation == device->platform->generation && !is_outdated;
}

/* Every device of the target holds one reference, the one asked for that of the build; what they
 * held of an older context goes. A twin for which the driver refuses one stays as it was. */
static void
install(chx_program *program, const target_set *made, cl_program built)
{
    const chx__backend *backend = made->target.device->platform->backend;
    uint32_t generation = made->target.device->platform->generation;
    for (uint32_t i = 0; i < made->target.n_devices; i++) {
        cl_program old = program->builds[made->devices[i]->index].program;
        if (made->devices[i] != made->target.device && backend->retain_program(built))
            continue;
        pthread_mutex_lock(&program->lock);
        program->builds[made->devices[i]->index] = (build){built, generation, made->is_quick};
        pthread_mutex_unlock(&program->lock);
        if (old)
            chx__release(made->target.device->platform, CHX__RELEASE_PROGRAM, old);
    }
}

/* What text and options declare does not change from build to build, so the first is kept. */
static void
keep_parameters(chx_program *program, const target_set *made, const char *parameters)
{
    for (uint32_t i = 0; parameters && i < made->target.n_devices; i++) {
        char *copied = chx__strdup(parameters);
        pthread_mutex_lock(&program->lock);
        char **kept = &program->parameters[made->devices[i]->index];
        if (!*kept) {
            *kept = copied;
            copied = NULL;
        }
        pthread_mutex_unlock(&program->lock);
        free(copied);
    }
}

/* A build in a thread of its own. */
typedef struct building {
    target_set made;
    const chx__backend *backend;
    cl_program built;
    char *parameters;
} building;

static chx_status
run_build(void *data)
{
    building *under_way = data;
    return under_way->backend->build(&under_way->made.target, &under_way->built,
                                     &under_way->parameters);
}

/* False when the driver does not come back: what it works on stays then. */
static bool
venture_build(chx_program *program, chx__device *device, building *under_way, chx_status *status)
{
    char doing[160];
    bool came_back;
    snprintf(doing, sizeof doing, "building %.100s", program->name);
    *status = chx__venture(program->fleet, device->platform, run_build, under_way,
                           program->fleet->build_timeout_ns, doing, &came_back);
    program->is_kept |= !came_back;
    return came_back;
}

static chx_status
build_for(chx_program *program, chx__device *device)
{
    building *under_way = chx__alloc(1, sizeof *under_way);
    if (!under_way)
        return chx__fail_memory("building a program");
    under_way->backend = device->platform->backend;
    chx_status status = begin_target(program, device, &under_way->made);
    if (!status && !program->is_closed)
        chx__log(&program->fleet->logger, CHX_LOG_INFO,
                 "%s: compiled at every start, as it includes files that only the driver finds",
                 program->name);
    if (!status && !venture_build(program, device, under_way, &status)) {
        chx__keep(under_way);
        return status;
    }
    if (!status) {
        keep_parameters(program, &under_way->made, under_way->parameters);
        install(program, &under_way->made, under_way->built);
        if (!under_way->made.is_quick && device->platform->is_pocl)
            chx__cache_store(program->fleet->cache, optimized_key(program, device), "", 1);
    }
    finish_target(&under_way->made);
    free(under_way->parameters);
    free(under_way);
    return status;
}

/* False when another thread has built it meanwhile. */
static bool
begin_building(chx_program *program, const chx__device *device)
{
    pthread_mutex_lock(&program->lock);
    while (program->is_building && !is_built(program, device))
        pthread_cond_wait(&program->built, &program->lock);
    bool needed = !is_built(program, device);
    program->is_building = program->is_building || needed;
    pthread_mutex_unlock(&program->lock);
    return needed;
}

static void
end_building(chx_program *program)
{
    pthread_mutex_lock(&program->lock);
    program->is_building = false;
    pthread_cond_broadcast(&program->built);
    pthread_mutex_unlock(&program->lock);
}

chx_status
chx__program_build(chx_program *program, chx__device *device)
{
    chx_status status = chx__fleet_open(program->fleet, device);
    if (status)
        return status;
    if (!begin_building(program, device))
        return CHX_OK;
    status = build_for(program, device);
    end_building(program);
    return status;
}

static chx_status
fail_kernel(const chx_program *program, const chx__device *device, cl_program built, cl_int code,
            const char *name)
{
    char known[512] = "";
    if (code == CL_INVALID_KERNEL_NAME)
        device->platform->backend->list_kernels(built, known, sizeof known);
    if (known[0] == '\0')
        return chx__fail_cl(chx__cl_status(code), code, device->info.name, NULL,
                            "%s: cannot make its kernel \"%.64s\": %s", program->name, name,
                            chx__cl_name(code));
    for (char *at = known; *at; at++)
        if (*at == ';')
            *at = ' ';
    return chx__fail_cl(CHX_ERROR_KERNEL, code, device->info.name, NULL,
                        "%s: has no kernel \"%.64s\"; it has: %s", program->name, name, known);
}

chx_status
chx__program_kernel(chx_program *program, chx__device *device, const char *name, cl_kernel *kernel)
{
    chx_status status = chx__program_build(program, device);
    if (status)
        return status;
    pthread_mutex_lock(&program->lock);
    cl_program built = program->builds[device->index].program;
    pthread_mutex_unlock(&program->lock);
    cl_int code = device->platform->backend->create_kernel(built, name, kernel);
    return code ? fail_kernel(program, device, built, code, name) : CHX_OK;
}

bool
chx__program_parameter(chx_program *program, const chx__device *device, cl_kernel kernel,
                       const char *name, uint32_t index, chx__parameter_kind *parameter, char *type,
                       size_t capacity)
{
    if (device->platform->backend->parameter(kernel, index, parameter, type, capacity))
        return true;
    pthread_mutex_lock(&program->lock);
    bool is_known = chx__parameters_find(program->parameters[device->index], name, index, parameter,
                                         type, capacity);
    pthread_mutex_unlock(&program->lock);
    return is_known;
}
