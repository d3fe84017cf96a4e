/* The layer that makes drivers fail (tools/faults/layer_fault.c), as a file. */
#ifndef CHRONAXIE_FAULT_LAYER_H
#define CHRONAXIE_FAULT_LAYER_H

#include <stdbool.h>
#include <stddef.h>

/* False where it is missing: then path is where it should have been installed. */
bool fault_layer_find(char *path, size_t capacity);

/* Has the layer do what a specification says, in this process, which has loaded it. False when it
 * has not. */
bool fault_layer_arm(const char *path, const char *specification);

#endif
