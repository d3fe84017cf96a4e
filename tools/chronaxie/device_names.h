/* Device names: which devices get the work, in words. */
#ifndef CHRONAXIE_DEVICE_NAMES_H
#define CHRONAXIE_DEVICE_NAMES_H

#include <stddef.h>

#include <chronaxie/runtime.h>

/* Names of the devices in use, joined by commas; cut when there are many. */
void device_names_join(const chx_runtime *runtime, char *names, size_t size);

#endif
