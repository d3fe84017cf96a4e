/* A described machine, from the JSON that docs/machine-format.md explains. */
#ifndef CHX_IO_MACHINE_FILE_H
#define CHX_IO_MACHINE_FILE_H

#include "schedule/machine_model.h"

#include <chronaxie/status.h>

/* On success the caller finishes *model. Errors: FILE, LIMIT, FORMAT with file and line, MEMORY. */
chx_status chx__machine_file_load(const char *path, chx__machine_model *model);

#endif
