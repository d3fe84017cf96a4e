/* chronaxie-self-test INDEX CACHE speed|plain [KERNELS]: tests one device and leaves a pass in the
 * cache. It is started by the library (trial.c), ends with 0 whatever the test says, and by
 * anything else only when a driver ends it. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chronaxie/runtime.h>

int
main(int argc, char **argv)
{
    const struct rlimit none = {0, 0};
    if (argc < 4)
        return 0;
    setrlimit(RLIMIT_CORE, &none);
    setenv("CHRONAXIE_SELF_TEST", "", 1); /* in this process, no further one */
    chx_runtime_params params = {.devices = argv[1],
                                 .cache_path = argv[2],
                                 .measure = strcmp(argv[3], "speed") == 0,
                                 .kernel_path = argc > 4 ? argv[4] : NULL};
    chx_runtime *runtime = NULL;
    if (chx_runtime_create(&runtime, &params) == CHX_OK)
        chx_runtime_destroy(&runtime);
    _exit(0); /* what drivers do at exit, or a checker of leaks, is no verdict */
}
