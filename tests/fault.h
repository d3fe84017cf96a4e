/* Faults on demand: how a test loads and arms the layer of tools/faults/layer_fault.c. */
#ifndef CHX_TESTS_FAULT_H
#define CHX_TESTS_FAULT_H

#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>

/* Makes the OpenCL loader load the layer; before the first OpenCL call of the process, best in
 * main(), as the tests that Check forks inherit it. FAULT_LAYER is defined by the build. */
#ifdef FAULT_LAYER
static inline void
test_fault_load(void)
{
    setenv("OPENCL_LAYERS", FAULT_LAYER, 1);
}

static inline void *
test_fault_symbol(const char *name)
{
    void *layer = dlopen(FAULT_LAYER, RTLD_NOW | RTLD_NOLOAD);
    return layer ? dlsym(layer, name) : NULL;
}

/* False when the layer is not loaded, which the loader does not tell: let the test fail then. Works
 * after the first OpenCL call, such as once a runtime exists. */
static inline bool
test_fault_arm(const char *spec)
{
    void (*arm)(const char *) = (void (*)(const char *))test_fault_symbol("chx_fault_arm");
    if (arm)
        arm(spec);
    return arm != NULL;
}

static inline unsigned
test_fault_injected(void)
{
    unsigned (*injected)(void) = (unsigned (*)(void))test_fault_symbol("chx_fault_injected");
    return injected ? injected() : 0;
}
#endif

#endif
