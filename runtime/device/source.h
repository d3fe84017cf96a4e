/* Kernel sources: embedded or from files, with their includes spliced in. */
#ifndef CHX_DEVICE_SOURCE_H
#define CHX_DEVICE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include <chronaxie/status.h>

typedef struct chx__embedded_source {
    const char *name; /* relative to kernels/, such as "neuron/model/lif.cl" */
    const char *bytes;
    size_t size;
} chx__embedded_source;

/* Made by kernels/embed.py; a row of zeroes ends it. */
extern const chx__embedded_source chx__embedded_sources[];

/* Expands `#include "..."` lines (relative to the including file), with #line directives that name
 * the real files, so that one self-contained text goes to compilers and digests. An include that
 * cannot be found so is left to the compiler. The caller frees *text. Errors: FILE naming the
 * includer's file and line, LIMIT, MEMORY. */
chx_status chx__source_from_file(const char *path, char **text);

/* The same for an embedded source, or its override below kernel_path (NULL for none). */
chx_status chx__source_from_embedded(const char *name, const char *kernel_path, char **text);

/* Whether a compiler needs nothing but the text: false when a line is left that may open a file or
 * ask whether there is one. Lines that no OpenCL compiler reads do not count. */
bool chx__source_is_closed(const char *text);

#endif
