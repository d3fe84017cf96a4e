/* Programs as callers see them: made of a file, of one of our own kernels or of text, for the fleet
 * of a runtime. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "device/program.h"
#include "device/source.h"
#include "execute/runtime.h"

/* Takes text. */
static chx_status
create_program(chx_runtime *runtime, const char *name, char *text, const chx_program_params *params,
               chx_program **program)
{
    return chx__program_create(&runtime->fleet, name, text, params ? params->options : NULL,
                               program);
}

chx_status
chx_program_from_file(chx_runtime *runtime, const char *path, const chx_program_params *params,
                      chx_program **program)
{
    CHX__REQUIRE(runtime && path && program);
    char *text;
    chx_status status = chx__source_from_file(path, &text);
    return status ? status : create_program(runtime, path, text, params, program);
}

chx_status
chx_program_from_embedded(chx_runtime *runtime, const char *name, const chx_program_params *params,
                          chx_program **program)
{
    CHX__REQUIRE(runtime && name && program);
    const char *kernel_path = runtime->fleet.kernel_path;
    chx_program_params own = params ? *params : (chx_program_params){0};
    char *text;
    /* PoCL prints the number of warnings, and newer compilers find new ones, which whoever changes
     * the kernels wants to see and nobody else. */
    char *options = chx__format("%s%s", kernel_path ? "" : "-w ", own.options ? own.options : "");
    if (!options)
        return chx__fail_memory("making a program");
    own.options = options;
    chx_status status = chx__source_from_embedded(name, kernel_path, &text);
    if (!status)
        status = create_program(runtime, name, text, &own, program);
    free(options);
    return status;
}

chx_status
chx_program_from_source(chx_runtime *runtime, const char *name, const char *source,
                        const chx_program_params *params, chx_program **program)
{
    CHX__REQUIRE(runtime && name && source && program);
    char *text = chx__format("#line 1 \"%s\"\n%s", name, source);
    if (!text)
        return chx__fail_memory("creating a program");
    return create_program(runtime, name, text, params, program);
}

chx_status
chx_program_build(chx_program *program)
{
    CHX__REQUIRE(program);
    chx__fleet *fleet = chx__program_fleet(program);
    chx_status status = CHX_OK;
    chx__fleet_enter(fleet);
    for (uint32_t d = 0; d < fleet->n_devices && !status; d++)
        if (fleet->devices[d].info.selected)
            status = chx__program_build(program, &fleet->devices[d]);
    chx__fleet_leave(fleet);
    return status;
}

void
chx_program_destroy(chx_program **program)
{
    chx__program_destroy(program);
}
