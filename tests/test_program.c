/* Building from every kind of source, errors that name the real file and line, and the kernel
 * cache behind it. Needs OpenCL; skipped without. */
#include <dirent.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <check.h>

#include "base/clock.h"
#include "base/error.h"
#include "device/build_log.h"
#include "device/cache.h"
#include "device/fleet.h"
#include "device/program.h"
#include "device/source.h"
#include "device/venture.h"
#include "fault.h"
#include "folder.h"
#include "machine.h"

static chx__fleet fleet;
static chx__device *device;
static char *folder;

static void
set_up(void)
{
    chx_runtime_params params = test_machine_params();
    fleet = (chx__fleet){0};
    folder = test_folder_create();
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_OK);
    device = NULL;
    for (uint32_t i = 0; i < fleet.n_devices && !device; i++)
        if (fleet.devices[i].info.selected)
            device = &fleet.devices[i];
}

static void
tear_down(void)
{
    chx__fleet_finish(&fleet);
    test_folder_destroy(folder);
}

static chx_program *
program_of(const char *name, const char *source, const char *options)
{
    chx_program *program = NULL;
    ck_assert_int_eq(chx__program_create(&fleet, name, strdup(source), options, &program), CHX_OK);
    return program;
}

/* Builds and runs `kernel void set(global int *x)`, and gives what it wrote. */
static int
run_set(chx_program *program)
{
    cl_kernel kernel = NULL;
    cl_event event;
    cl_int code, value = -1;
    size_t one = 1;
    ck_assert_msg(chx__program_kernel(program, device, "set", &kernel) == CHX_OK, "%s",
                  chx_last_error()->message);
    cl_command_queue queue = device->lanes[0].queue;
    cl_mem buffer = clCreateBuffer(device->platform->context, CL_MEM_READ_WRITE, 64, NULL, &code);
    ck_assert_int_eq(clSetKernelArg(kernel, 0, sizeof buffer, &buffer), CL_SUCCESS);
    ck_assert_int_eq(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, NULL, 0, NULL, NULL),
                     CL_SUCCESS);
    ck_assert_int_eq(
        clEnqueueReadBuffer(queue, buffer, CL_FALSE, 0, sizeof value, &value, 0, NULL, &event),
        CL_SUCCESS);
    clFlush(queue);
    ck_assert_int_eq(chx__backend_await(&chx__opencl, event, chx__now_ns() + UINT64_C(20000000000),
                                        device->info.name, "reading"),
                     CHX_OK);
    clReleaseEvent(event);
    clReleaseMemObject(buffer);
    clReleaseKernel(kernel);
    return value;
}

static void
path_in_folder(const char *name, char path[4200])
{
    snprintf(path, 4200, "%s/%s", folder, name);
}

static chx_program *
program_of_file(const char *name)
{
    char path[4200], *text = NULL;
    chx_program *program = NULL;
    path_in_folder(name, path);
    ck_assert_msg(chx__source_from_file(path, &text) == CHX_OK, "%s", chx_last_error()->message);
    ck_assert_int_eq(chx__program_create(&fleet, path, text, NULL, &program), CHX_OK);
    return program;
}

START_TEST(program_runs_with_its_options)
{
    chx_program *program =
        program_of("set.cl", "kernel void set(global int *x) { x[0] = VALUE; }", "-DVALUE=42");
    ck_assert_int_eq(run_set(program), 42);
    chx__program_destroy(&program);
    ck_assert_ptr_null(program);
}
END_TEST

START_TEST(program_knows_what_its_device_can)
{
    chx_program *program = program_of("set.cl",
                                      "#ifdef CHX_HAS_INT64_ATOMICS\n"
                                      "kernel void set(global int *x) { x[0] = 1; }\n"
                                      "#else\n"
                                      "kernel void set(global int *x) { x[0] = 0; }\n"
                                      "#endif\n",
                                      NULL);
    ck_assert_int_eq(run_set(program), device->info.has_int64_atomics);
    chx__program_destroy(&program);
}
END_TEST

START_TEST(build_error_names_the_source_and_line)
{
    chx_program *program = program_of("broken.cl",
                                      "kernel void set(global int *x)\n"
                                      "{\n"
                                      "    x[0] = undeclared;\n"
                                      "}\n",
                                      NULL);
    ck_assert_int_eq(chx__program_build(program, device), CHX_ERROR_BUILD);
    const chx_error *error = chx_last_error();
    ck_assert_msg(strncmp(error->message, "broken.cl:3: error: ", 20) == 0, "%s", error->message);
    ck_assert_ptr_nonnull(strstr(error->message, "undeclared"));
    ck_assert_uint_gt(strlen(error->device), 0);
    chx__program_destroy(&program);
}
END_TEST

START_TEST(build_error_in_an_included_file_names_that_file)
{
    char expected[4300];
    test_folder_write(folder, "main.cl",
                      "/* one */\n"
                      "#include \"part.h\"\n"
                      "kernel void set(global int *x) { x[0] = part(); }\n");
    test_folder_write(folder, "part.h", "\n\nint part(void) { return missing; }\n");
    chx_program *program = program_of_file("main.cl");
    ck_assert_int_eq(chx__program_build(program, device), CHX_ERROR_BUILD);
    snprintf(expected, sizeof expected, "%s/part.h:3: error: ", folder);
    ck_assert_msg(strncmp(chx_last_error()->message, expected, strlen(expected)) == 0, "%s",
                  chx_last_error()->message);
    chx__program_destroy(&program);
}
END_TEST

START_TEST(build_error_after_an_include_keeps_its_line)
{
    char expected[4300];
    test_folder_write(folder, "main.cl",
                      "#include \"part.h\"\n"
                      "\n"
                      "kernel void set(global int *x) { x[0] = missing; }\n");
    test_folder_write(folder, "part.h", "int part(void);\nint part(void) { return 1; }\n");
    chx_program *program = program_of_file("main.cl");
    ck_assert_int_eq(chx__program_build(program, device), CHX_ERROR_BUILD);
    snprintf(expected, sizeof expected, "%s/main.cl:3: error: ", folder);
    ck_assert_msg(strncmp(chx_last_error()->message, expected, strlen(expected)) == 0, "%s",
                  chx_last_error()->message);
    chx__program_destroy(&program);
}
END_TEST

START_TEST(program_that_failed_to_build_fails_again_and_does_not_crash)
{
    cl_kernel kernel = NULL;
    chx_program *program = program_of("broken.cl", "kernel void set(", NULL);
    ck_assert_int_eq(chx__program_build(program, device), CHX_ERROR_BUILD);
    ck_assert_int_eq(chx__program_kernel(program, device, "set", &kernel), CHX_ERROR_BUILD);
    ck_assert_ptr_null(kernel);
    chx__program_destroy(&program);
}
END_TEST

START_TEST(kernel_that_is_missing_is_answered_with_those_there_are)
{
    cl_kernel kernel = NULL;
    chx_program *program = program_of("two.cl",
                                      "kernel void first(global int *x) { x[0] = 1; }\n"
                                      "kernel void second(global int *x) { x[0] = 2; }\n",
                                      NULL);
    ck_assert_int_eq(chx__program_kernel(program, device, "third", &kernel), CHX_ERROR_KERNEL);
    const char *message = chx_last_error()->message;
    ck_assert_ptr_nonnull(strstr(message, "two.cl"));
    ck_assert_ptr_nonnull(strstr(message, "third"));
    ck_assert_ptr_nonnull(strstr(message, "first"));
    ck_assert_ptr_nonnull(strstr(message, "second"));
    ck_assert_ptr_null(kernel);
    chx__program_destroy(&program);
}
END_TEST

START_TEST(guarded_includes_are_read_once_each)
{
    char inner[4200];
    test_folder_write(folder, "main.cl",
                      "#include \"a.h\"\n"
                      "#  include \"inner/b.h\"\n"
                      "/*\n"
                      "#include \"not there.h\"\n"
                      "*/\n"
                      "// #include \"not there.h\"\n"
                      "kernel void set(global int *x) { x[0] = a() + b(); }\n");
    path_in_folder("inner", inner);
    ck_assert_int_eq(mkdir(inner, 0700), 0);
    test_folder_write(folder, "a.h",
                      "/* a */\n#ifndef A\n#define A\n#include \"inner/b.h\"\nint a(void);\n"
                      "int a(void) { return 10 * b(); }\n#endif // A\n");
    test_folder_write(folder, "inner/b.h",
                      "#pragma once\n#include \"./../a.h\"\nint b(void);\n"
                      "int b(void) { return 3; }");
    chx_program *program = program_of_file("main.cl");
    ck_assert_int_eq(run_set(program), 33);
    chx__program_destroy(&program);
}
END_TEST

/* What main.cl of the folder gives. */
static int
run_main(const char *source)
{
    test_folder_write(folder, "main.cl", source);
    chx_program *program = program_of_file("main.cl");
    int value = run_set(program);
    chx__program_destroy(&program);
    return value;
}

START_TEST(include_that_is_missing_names_the_file_that_asks)
{
    char expected[4300];
    test_folder_write(folder, "main.cl", "\n#include \"missing.h\"\nkernel void set(void) {}\n");
    chx_program *program = program_of_file("main.cl");
    ck_assert_int_eq(chx__program_build(program, device), CHX_ERROR_BUILD);
    snprintf(expected, sizeof expected, "%s/main.cl:2: error: ", folder);
    ck_assert_msg(strncmp(chx_last_error()->message, expected, strlen(expected)) == 0, "%s",
                  chx_last_error()->message);
    ck_assert_ptr_nonnull(strstr(chx_last_error()->message, "missing.h"));
    chx__program_destroy(&program);
}
END_TEST

START_TEST(file_is_included_as_often_as_it_is_asked_for)
{
    test_folder_write(folder, "list.h", "ITEM(1)\nITEM(20)\n");
    ck_assert_int_eq(run_main("kernel void set(global int *x) {\n"
                              "x[0] = 0;\n"
                              "#define ITEM(n) x[0] += n;\n"
                              "#include \"list.h\"\n"
                              "#undef ITEM\n"
                              "#define ITEM(n) x[0] += 100 * n;\n"
                              "#include \"list.h\"\n"
                              "}\n"),
                     2121);
}
END_TEST

START_TEST(include_below_a_false_condition_is_not_the_only_one)
{
    test_folder_write(folder, "guard.h", "#ifndef G\n#define G\n#include \"once.h\"\n#endif\n");
    test_folder_write(folder, "once.h",
                      "#pragma once\nint value(void);\n"
                      "int value(void) { return 7; }\n");
    ck_assert_int_eq(run_main("#ifdef NEVER\n"
                              "#include \"guard.h\"\n"
                              "#include \"not there.h\"\n"
                              "#endif\n"
                              "#if 0\n"
                              "#include \"once.h\"\n"
                              "#endif\n"
                              "#include \"guard.h\"\n"
                              "#include \"once.h\"\n"
                              "kernel void set(global int *x) { x[0] = value(); }\n"),
                     7);
}
END_TEST

START_TEST(what_a_preprocessor_accepts_is_accepted)
{
    test_folder_write(folder, "a.h", "\xef\xbb\xbf#define A 1\r\n");
    test_folder_write(folder, "b.h", "#define B 20 \\\n  + 0");
    test_folder_write(folder, "c.h", "#define C 300\n");
    test_folder_write(folder, "self.h",
                      "#ifndef LEVEL\n#define LEVEL 1\n#include \"self.h\"\n"
                      "#else\n#define SELF 4000\n#endif\n#define AFTER\n");
    ck_assert_int_eq(run_main("/* one */ #include \"a.h\" /* goes\n"
                              "on */\n"
                              "#inclu\\\nde /* two\n"
                              "*/ \"b.h\" // three \\\n"
                              "#include \"not there.h\"\n"
                              "constant char text[] = \"/*\";\n"
                              "%:include \"c.h\"\n"
                              "constant char other[] = \"*/\";\n"
                              "#include \"self.h\"\n"
                              "kernel void set(global int *x) { x[0] = A + B + C + SELF; }\n"),
                     4321);
}
END_TEST

START_TEST(header_that_is_found_by_an_option_is_left_to_the_compiler)
{
    char path[4200], options[4300], *text = NULL;
    path_in_folder("headers", path);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    snprintf(options, sizeof options, "-I %s", path);
    test_folder_write(folder, "headers/far.h", "#define FAR 5\n");
    test_folder_write(folder, "main.cl",
                      "#include \"far.h\"\nkernel void set(global int *x) { x[0] = FAR; }\n");
    path_in_folder("main.cl", path);
    chx_program *program = NULL;
    ck_assert_int_eq(chx__source_from_file(path, &text), CHX_OK);
    ck_assert_int_eq(chx__program_create(&fleet, path, text, options, &program), CHX_OK);
    ck_assert_int_eq(run_set(program), 5);
    chx__program_destroy(&program);
}
END_TEST

START_TEST(header_named_by_a_macro_is_found_beside_its_source)
{
    test_folder_write(folder, "near.h", "#define NEAR 6\n");
    ck_assert_int_eq(run_main("#define HEADER \"near.h\"\n#include HEADER\n"
                              "kernel void set(global int *x) { x[0] = NEAR; }\n"),
                     6);
}
END_TEST

START_TEST(text_is_closed_unless_a_compiler_may_open_a_file)
{
    static const char *const closed[] = {
        "",
        "int a;",
        "/* #include <a.h> */",
        "// \\\n#include <a.h>\n",
        "#define include\n",
        "#if 0\n#include <a.h>\n#endif\n",
        "#ifndef __OPENCL_VERSION__\n#include <a.h>\n#endif\n",
        "#ifdef __OPENCL_C_VERSION__\n#else\n#include <a.h>\n#endif\n",
        "#if !defined(__OPENCL_C_VERSION__)\n#if 1\n#else\n#endif\n#include <a.h>\n#endif\n",
        "constant char s[] = \"\\\n#include <a.h>\";\n",
    };
    static const char *const open[] = {
        "#include <a.h>\n",
        "#include \"a.h\"",
        "  # /**/ include M\n",
        "%:include <a.h>\n",
        "#inc\\\nlude <a.h>\n",
        "#include_next <a.h>\n",
        "#import <a.h>\n",
        "#if __has_include(<a.h>)\n#endif\n",
        "#define H __has_include\n",
        "/* */#include <a.h>",
        "#if 0\n#else\n#include <a.h>\n#endif\n",
        "#if 0\n#endif\n#include <a.h>\n",
        "#ifdef __OPENCL_VERSION__\n#include <a.h>\n#endif\n",
        "#if 0 || X\n#include <a.h>\n#endif\n",
        "#if !X\n#include <a.h>\n#endif\n",
        "#if 0\n#elif 1\n#include <a.h>\n#endif\n",
    };
    for (size_t i = 0; i < sizeof closed / sizeof *closed; i++)
        ck_assert_msg(chx__source_is_closed(closed[i]), "%s", closed[i]);
    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        ck_assert_msg(!chx__source_is_closed(open[i]), "%s", open[i]);
    for (const chx__embedded_source *source = chx__embedded_sources; source->name; source++) {
        char *text = NULL;
        ck_assert_int_eq(chx__source_from_embedded(source->name, NULL, &text), CHX_OK);
        ck_assert_msg(chx__source_is_closed(text), "%s", source->name);
        free(text);
    }
}
END_TEST

START_TEST(source_with_a_nul_byte_is_refused)
{
    char path[4200], *text = NULL;
    path_in_folder("main.cl", path);
    FILE *file = fopen(path, "wb");
    fwrite("int a;\0int b;", 1, 13, file);
    fclose(file);
    ck_assert_int_eq(chx__source_from_file(path, &text), CHX_ERROR_FILE);
}
END_TEST

START_TEST(embedded_source_names_its_real_path)
{
    char *text = NULL;
    ck_assert_int_eq(chx__source_from_embedded("common/self_test.cl", NULL, &text), CHX_OK);
    ck_assert(strncmp(text, "#line 1 \"kernels/common/self_test.cl\"\n", 38) == 0);
    free(text);
    ck_assert_int_eq(chx__source_from_embedded("no/such.cl", NULL, &text), CHX_ERROR_FILE);
}
END_TEST

START_TEST(embedded_source_is_overridden_by_the_kernel_folder)
{
    char inner[4200], *text = NULL;
    path_in_folder("common", inner);
    ck_assert_int_eq(mkdir(inner, 0700), 0);
    test_folder_write(folder, "common/self_test.cl", "/* mine */\n");
    ck_assert_int_eq(chx__source_from_embedded("common/self_test.cl", folder, &text), CHX_OK);
    ck_assert_ptr_nonnull(strstr(text, "/* mine */"));
    ck_assert_ptr_nonnull(strstr(text, folder));
    free(text);
}
END_TEST

START_TEST(digest_covers_source_and_options)
{
    const char *source = "kernel void set(global int *x) { x[0] = 1; }";
    chx_program *a = program_of("a.cl", source, NULL), *b = program_of("a.cl", source, NULL);
    chx_program *c = program_of("a.cl", source, "-DX");
    ck_assert(chx__digest_equal(chx__program_digest(a), chx__program_digest(b)));
    ck_assert(!chx__digest_equal(chx__program_digest(a), chx__program_digest(c)));
    chx__program_destroy(&a);
    chx__program_destroy(&b);
    chx__program_destroy(&c);
}
END_TEST

/* Flips a bit in the middle of every entry. */
static int
damage_entries(const char *path)
{
    DIR *entries = opendir(path);
    ck_assert_ptr_nonnull(entries);
    int n_damaged = 0;
    for (struct dirent *entry; (entry = readdir(entries));) {
        char name[4600];
        if (!strstr(entry->d_name, ".bin"))
            continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        FILE *file = fopen(name, "r+b");
        ck_assert_ptr_nonnull(file);
        fseek(file, 0, SEEK_END);
        long middle = ftell(file) / 2;
        fseek(file, middle, SEEK_SET);
        int byte = fgetc(file);
        fseek(file, middle, SEEK_SET);
        fputc(byte ^ 16, file);
        fclose(file);
        n_damaged++;
    }
    closedir(entries);
    return n_damaged;
}

START_TEST(kept_binary_gives_the_same_program_and_a_damaged_one_is_rebuilt)
{
    const char *source = "kernel void set(global int *x) { x[0] = 4711; }";
    chx__cache *usual = fleet.cache;
    fleet.cache = NULL;
    ck_assert_int_eq(chx__cache_create(folder, &fleet.cache), CHX_OK);
    for (int round = 0; round < 3; round++) {
        chx_program *program = program_of("set.cl", source, NULL);
        ck_assert_int_eq(run_set(program), 4711);
        /* A binary, or on PoCL the note that there is an optimized one. */
        bool keeps = !chx__program_is_quick(program, device);
        chx__program_destroy(&program);
        if (round == 1)
            ck_assert_int_eq(damage_entries(folder), keeps);
    }
    chx__cache_destroy(&fleet.cache);
    fleet.cache = usual;
}
END_TEST

/* What is told of `every`, from whatever the program is made of, as one text. */
static void
list_parameters(chx_program *program, char listed[256])
{
    cl_kernel kernel = NULL;
    chx__parameter_kind kind;
    char type[48];
    listed[0] = '\0';
    ck_assert_msg(chx__program_kernel(program, device, "every", &kernel) == CHX_OK, "%s",
                  chx_last_error()->message);
    for (uint32_t i = 0; i < 6; i++)
        if (chx__program_parameter(program, device, kernel, "every", i, &kind, type, sizeof type))
            snprintf(listed + strlen(listed), 256 - strlen(listed), "%u %s; ", kind, type);
    clReleaseKernel(kernel);
}

/* A driver may tell the parameters only of what it has just compiled. PoCL keeps its own binaries,
 * which tell as well. */
START_TEST(parameters_are_known_of_a_kept_binary)
{
    const char *source =
        "kernel void ever(global int *x) { x[0] = 1; }\n"
        "kernel void every(int n, global float *x, local int *y, constant int *z,\n"
        "                  uint4 m) { x[0] = n + y[0] + z[0] + m.x; }\n"
        "kernel void everyone(int n) {}\n";
    char told[256], again[256];
    chx__cache *usual = fleet.cache;
    fleet.cache = NULL;
    ck_assert_int_eq(chx__cache_create(folder, &fleet.cache), CHX_OK);
    for (int round = 0; round < 3; round++) {
        ck_assert(test_fault_arm(
            round > 0 ? "refuse:clGetKernelArgInfo:CL_KERNEL_ARG_INFO_NOT_AVAILABLE:1+" : ""));
        chx_program *program = program_of("every.cl", source, NULL);
        list_parameters(program, round > 0 ? again : told);
        chx__program_destroy(&program);
        if (round == 0)
            ck_assert_str_eq(told, "0 int; 1 float*; 2 int*; 1 int*; 0 uint4; ");
        else /* a damaged entry is not believed */
            ck_assert_str_eq(again, round == 1 && !device->platform->is_pocl ? told : "");
        if (round == 1)
            damage_entries(folder);
    }
    test_fault_arm("");
    chx__cache_destroy(&fleet.cache);
    fleet.cache = usual;
}
END_TEST

/* However it is named, and in whatever order it is built and found in the cache. */
START_TEST(header_that_the_driver_opens_is_read_anew)
{
    static const char kernel[] = "kernel void set(global int *x) { x[0] = VALUE; }\n";
    char sources[3][4600], option[4300];
    snprintf(sources[0], sizeof *sources, "#include \"%s/value.h\"\n%s", folder, kernel);
    snprintf(sources[1], sizeof *sources, "#include <value.h>\n%s", kernel);
    snprintf(sources[2], sizeof *sources, "#define H \"%s/value.h\"\n#include H\n%s", folder,
             kernel);
    snprintf(option, sizeof option, "-I %s", folder);
    chx__cache *usual = fleet.cache;
    fleet.cache = NULL;
    ck_assert_int_eq(chx__cache_create(folder, &fleet.cache), CHX_OK);
    for (int round = 0; round < 6; round++) {
        char header[64];
        snprintf(header, sizeof header, "#define VALUE %d\n", 10 + round);
        test_folder_write(folder, "value.h", header);
        chx_program *program =
            program_of("set.cl", sources[round % 3], round % 3 == 1 ? option : NULL);
        ck_assert_int_eq(run_set(program), 10 + round);
        chx__program_destroy(&program);
    }
    chx__cache_destroy(&fleet.cache);
    fleet.cache = usual;
}
END_TEST

static int pipe_ends[2];

static chx_status
come_back_late(void *data)
{
    (void)data;
    nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
    return write(pipe_ends[1], "x", 1) == 1 ? CHX_OK : CHX_ERROR_FILE;
}

/* Drivers do not survive that their destructors run while a thread is in one of their calls. Here
 * none is loaded. */
START_TEST(process_that_ends_waits_for_threads_that_are_late)
{
    char byte = 0;
    ck_assert_int_eq(pipe(pipe_ends), 0);
    pid_t child = fork();
    if (child == 0) {
        chx__platform platform = {.name = (char[]){"late"}};
        bool came_back;
        chx__venture(&fleet, &platform, come_back_late, NULL, 1000000, "waiting", &came_back);
        exit(came_back);
    }
    int status = 0;
    close(pipe_ends[1]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(read(pipe_ends[0], &byte, 1), 1);
    ck_assert(WIFEXITED(status));
    close(pipe_ends[0]);
}
END_TEST

static void *
build_in_thread(void *data)
{
    static chx_status failed = CHX_ERROR_BUILD;
    return chx__program_build(data, device) == CHX_OK ? NULL : &failed;
}

/* The cache is a fresh folder, so that nothing is known to be optimized. */
static void
use_a_fresh_cache(void)
{
    chx_runtime_params params = test_machine_params();
    chx__fleet_finish(&fleet);
    params.cache_path = folder;
    unsetenv("CHRONAXIE_OPTIMIZE");
    ck_assert_int_eq(chx__fleet_init(&fleet, &params, NULL), CHX_OK);
    for (uint32_t i = 0; i < fleet.n_devices; i++)
        if (fleet.devices[i].info.selected)
            device = &fleet.devices[i];
}

START_TEST(quick_build_gives_way_to_an_optimized_one)
{
    use_a_fresh_cache();
    chx_program *program = program_of("set.cl", "kernel void set(global int *x) { *x = 5; }", NULL);
    ck_assert_int_eq(run_set(program), 5);
    ck_assert_int_eq(chx__program_is_quick(program, device), device->platform->is_pocl);
    ck_assert(!chx__program_note_use(program, device, UINT64_C(1000)));
    ck_assert_int_eq(chx__program_note_use(program, device, UINT64_C(10000000000)),
                     device->platform->is_pocl);
    ck_assert(!chx__program_note_use(program, device, UINT64_C(10000000000)));
    ck_assert_int_eq(run_set(program), 5);
    ck_assert(!chx__program_is_quick(program, device));
    chx__program_destroy(&program);
    program = program_of("set.cl", "kernel void set(global int *x) { *x = 5; }", NULL);
    ck_assert_int_eq(run_set(program), 5);
    ck_assert(!chx__program_is_quick(program, device));
    chx__program_destroy(&program);
}
END_TEST

/* As a still does, which ends before its kernels are asked for again. */
START_TEST(program_that_ran_for_long_starts_optimized_the_next_time)
{
    use_a_fresh_cache();
    for (int round = 0; round < 3; round++) {
        chx_program *program =
            program_of("set.cl", "kernel void set(global int *x) { *x = 6; }", NULL);
        ck_assert_int_eq(run_set(program), 6);
        ck_assert_int_eq(chx__program_is_quick(program, device),
                         device->platform->is_pocl && round < 2);
        chx__program_note_use(program, device, round == 0 ? 1000 : UINT64_C(10000000000));
        chx__program_destroy(&program);
    }
}
END_TEST

START_TEST(program_may_be_built_by_several_threads)
{
    pthread_t threads[4];
    if (getenv("CHRONAXIE_SERIAL"))
        return;
    chx_program *shared =
        program_of("set.cl", "kernel void set(global int *x) { x[0] = 5; }", NULL);
    chx_program *other = program_of("set.cl", "kernel void set(global int *x) { x[0] = 6; }", NULL);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, build_in_thread, i < 3 ? shared : other),
                         0);
    for (int i = 0; i < 4; i++) {
        void *failure = NULL;
        pthread_join(threads[i], &failure);
        ck_assert_ptr_null(failure);
    }
    ck_assert_int_eq(run_set(shared), 5);
    ck_assert_int_eq(run_set(other), 6);
    chx__program_destroy(&shared);
    chx__program_destroy(&other);
}
END_TEST

/* What compilers say, as seen; the text has its second #line at its own line 4. */
START_TEST(build_log_of_every_known_form_gives_file_and_line)
{
    static const char text[] = "#line 1 \"a.cl\"\nint a;\nint b;\n#line 1 \"b.h\"\nint c;\nbad\n";
    static const char *const logs[][2] = {
        {"error: b.h:2:1: unknown type name 'bad'\nDevice x failed\n",
         "b.h:2: error: unknown type name 'bad'"},
        {"b.h:2:1: error: unknown type name 'bad'\n", "b.h:2: error: unknown type name 'bad'"},
        {"b.h:1:1: warning: w\nb.h:2:1: error: first\nb.h:2:1: error: second\n",
         "b.h:2: error: first"},
        {"input.cl:6:1: error: unknown type name 'bad'\n", "b.h:2: error: unknown type name 'bad'"},
        {"<kernel>:3:1: error: x\n", "a.cl:2: error: x"},
        {"\nlinker went away\n", "name: error: linker went away"},
        {"", "name: error: "},
        {"error:", "name: error: error:"},
        {"a.cl:", "name: error: a.cl:"},
        /* Warnings before, and what a compiler says when it gives up after. */
        {"b.h:1:5: warning: 'error:' is a label\n1 warning generated.\n"
         "b.h:2:1: fatal error: 'c.h' file not found\n",
         "b.h:2: error: 'c.h' file not found"},
        {"fatal error: too many errors emitted, stopping now [-ferror-limit=]\n"
         "a.cl:2:7: error: late\n",
         "a.cl:2: error: late"},
        {"In file included from a.cl:1:\nb.h:1:5: note: here\nb.h:2:1: error: deep\n",
         "b.h:2: error: deep"},
        /* PoCL: with its prefix, and from its linker. */
        {"warning: a.cl:1:1: unused\nerror: b.h:2:1: bad\nDevice cpu failed to build\n",
         "b.h:2: error: bad"},
        {"Error(s) while linking: \nCannot find symbol missing in kernel library\n",
         "name: error: Cannot find symbol missing in kernel library"},
        {"a.cl:1:9: warning: implicit declaration of 'missing'\nError(s) while linking: \n"
         "Cannot find symbol missing in kernel library\n",
         "name: error: Cannot find symbol missing in kernel library"},
        {"error: a.cl:2:7 <Spelling=a.cl:1:16>: 'near.h' file not found\n",
         "a.cl:2: error: 'near.h' file not found"},
        /* Intel. */
        {"Compilation started\n1:3:1: error: use of 'x'\nCompilation failed\n",
         "a.cl:2: error: use of 'x'"},
        {"Compilation started\nCompilation done\nLinking started\n"
         "error: undefined symbol: missing\nLinking failed\n",
         "name: error: undefined symbol: missing"},
        /* NVIDIA. */
        {"<kernel>:6:1: error: unknown type name 'bad'\n", "b.h:2: error: unknown type name 'bad'"},
        {":6:1: error: unknown type name 'bad'\n", "b.h:2: error: unknown type name 'bad'"},
        {"ptxas warning : slow\nptxas fatal   : Unresolved extern function 'missing'\n",
         "name: error: ptxas fatal   : Unresolved extern function 'missing'"},
        /* AMD, of today and before. */
        {"/tmp/comgr-1/input/CompileSource:6:1: error: bad\n1 error generated.\n"
         "Error: Failed to compile source (from CL to LLVM IR).\n",
         "b.h:2: error: bad"},
        {"\"/tmp/OCL1.cl\", line 6: error: identifier \"bad\" is undefined\n  bad\n  ^\n",
         "b.h:2: error: identifier \"bad\" is undefined"},
        {"lld: error: undefined hidden symbol: missing\n>>> referenced by a.o\n"
         "Error: Creating the executable failed\n",
         "name: error: lld: error: undefined hidden symbol: missing"},
        /* Mesa. */
        {"input.cl:1:1: warning: w\ninput.cl:3:2: error: m\n", "a.cl:2: error: m"},
        {"a.cl(2): error #20: r\r\n", "a.cl:2: error: r"},
        {"1 error generated.\nError: back end ran out of registers\n",
         "name: error: back end ran out of registers"},
        {"1 error generated.\n", "name: error: 1 error generated."},
        {"error: expected ')': 3:4: odd\n", "name: error: expected ')': 3:4: odd"},
    };
    for (size_t i = 0; i < sizeof logs / sizeof *logs; i++) {
        char message[256];
        chx__build_log_summary(logs[i][0], text, "name", message, sizeof message);
        ck_assert_str_eq(message, logs[i][1]);
    }
}
END_TEST

static TCase *
source_tests(void)
{
    TCase *tests = tcase_create("source");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, guarded_includes_are_read_once_each);
    tcase_add_test(tests, file_is_included_as_often_as_it_is_asked_for);
    tcase_add_test(tests, include_below_a_false_condition_is_not_the_only_one);
    tcase_add_test(tests, what_a_preprocessor_accepts_is_accepted);
    tcase_add_test(tests, header_that_is_found_by_an_option_is_left_to_the_compiler);
    tcase_add_test(tests, header_named_by_a_macro_is_found_beside_its_source);
    tcase_add_test(tests, text_is_closed_unless_a_compiler_may_open_a_file);
    tcase_add_test(tests, include_that_is_missing_names_the_file_that_asks);
    tcase_add_test(tests, source_with_a_nul_byte_is_refused);
    tcase_add_test(tests, embedded_source_names_its_real_path);
    tcase_add_test(tests, embedded_source_is_overridden_by_the_kernel_folder);
    return tests;
}

static TCase *
build_tests(void)
{
    TCase *tests = tcase_create("build");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, program_runs_with_its_options);
    tcase_add_test(tests, program_knows_what_its_device_can);
    tcase_add_test(tests, build_error_names_the_source_and_line);
    tcase_add_test(tests, build_error_in_an_included_file_names_that_file);
    tcase_add_test(tests, build_error_after_an_include_keeps_its_line);
    tcase_add_test(tests, program_that_failed_to_build_fails_again_and_does_not_crash);
    tcase_add_test(tests, kernel_that_is_missing_is_answered_with_those_there_are);
    tcase_add_test(tests, digest_covers_source_and_options);
    tcase_add_test(tests, kept_binary_gives_the_same_program_and_a_damaged_one_is_rebuilt);
    tcase_add_test(tests, parameters_are_known_of_a_kept_binary);
    tcase_add_test(tests, header_that_the_driver_opens_is_read_anew);
    tcase_add_test(tests, quick_build_gives_way_to_an_optimized_one);
    tcase_add_test(tests, program_that_ran_for_long_starts_optimized_the_next_time);
    tcase_add_test(tests, program_may_be_built_by_several_threads);
    tcase_add_test(tests, build_log_of_every_known_form_gives_file_and_line);
    return tests;
}

int
main(void)
{
    test_fault_load();
    Suite *suite = suite_create("program");
    suite_add_tcase(suite, source_tests());
    suite_add_tcase(suite, build_tests());
    TCase *ending = tcase_create("ending");
    tcase_add_test(ending, process_that_ends_waits_for_threads_that_are_late);
    suite_add_tcase(suite, ending);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed != 0;
}
