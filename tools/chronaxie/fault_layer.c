/* Beside the command where it was built, else where it was installed. The OpenCL loader has it in
 * every process that begins with its path in OPENCL_LAYERS. */
#include "fault_layer.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool
fault_layer_find(char *path, size_t capacity)
{
    char folder[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", folder, sizeof folder - 1);
    folder[length > 0 ? length : 0] = '\0';
    char *end = strrchr(folder, '/');
    if (end)
        *end = '\0';
    snprintf(path, capacity, "%.*s/../faults/layer_fault.so", PATH_MAX - 32, folder);
    if (access(path, R_OK) == 0)
        return true;
    snprintf(path, capacity, "%s", FAULT_LAYER_INSTALLED);
    return access(path, R_OK) == 0;
}

bool
fault_layer_arm(const char *path, const char *specification)
{
    void *layer = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
    void (*arm)(const char *) =
        layer ? (void (*)(const char *))dlsym(layer, "chx_fault_arm") : NULL;
    if (arm)
        arm(specification);
    if (layer)
        dlclose(layer);
    return arm != NULL;
}
