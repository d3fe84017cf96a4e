/* For the head of a result: what a person compares it by. */
#include "device_names.h"

#include <stdio.h>

void
device_names_join(const chx_runtime *runtime, char *names, size_t size)
{
    size_t used = 0;
    chx_device_info info;

    names[0] = '\0';
    for (uint32_t i = 0; i < chx_runtime_n_devices(runtime) && used < size; i++) {
        if (chx_runtime_device(runtime, i, &info) == CHX_OK && info.selected)
            used +=
                (size_t)snprintf(names + used, size - used, "%s%s", used ? ", " : "", info.name);
    }
}
