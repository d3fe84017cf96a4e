/* Parameters: what the kernels of a program declare, in one text, for a driver that no longer tells
 * of them once a program is made from its binary. */
#ifndef CHX_DEVICE_PARAMETERS_H
#define CHX_DEVICE_PARAMETERS_H

#include "device/backend.h"

/* Asks the driver about every kernel of a program: a text of the caller's to free. NULL when the
 * driver names none or fails meanwhile, or memory is out. */
char *chx__parameters_read(const chx__backend *backend, cl_program program);

/* As chx__backend.parameter, from such a text; accepts NULL. */
bool chx__parameters_find(const char *text, const char *kernel, uint32_t index,
                          chx__parameter_kind *parameter, char *type, size_t capacity);

#endif
