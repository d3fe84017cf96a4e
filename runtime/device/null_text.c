/* Reads from a program's text which kernels it declares, and with which parameters; their bodies
 * are C functions that were registered. Enough of OpenCL C for declarations as people write them:
 * no macros, no parentheses inside parameters. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "device/device.h"
#include "device/null_object.h"

static bool
has_word(const char *text, size_t length, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= length; i++) {
        bool begins = i == 0 || (!isalnum((unsigned char)text[i - 1]) && text[i - 1] != '_');
        if (begins && strncmp(text + i, word, n) == 0)
            return true;
    }
    return false;
}

static void
declare_parameter(chx__null_declaration *made, const char *text, size_t length)
{
    uint32_t i = made->n_parameters++;
    chx__parameter_kind *parameter = &made->parameters[i];
    if (has_word(text, length, "image") || has_word(text, length, "sampler_t"))
        *parameter = CHX__PARAMETER_OPAQUE;
    else if (has_word(text, length, "local") || has_word(text, length, "__local"))
        *parameter = CHX__PARAMETER_LOCAL;
    else if (memchr(text, '*', length))
        *parameter = CHX__PARAMETER_GLOBAL;
    made->is_const[i] = has_word(text, length, "const") || has_word(text, length, "__const");
    while (length > 0 && isspace((unsigned char)*text))
        text++, length--;
    snprintf(made->types[i], sizeof made->types[i], "%.*s", (int)length, text);
}

static void
declare_parameters(chx__null_declaration *made, const char *text)
{
    const char *end = text + strcspn(text, ")");
    while (text < end && made->n_parameters < CHX__NULL_MAX_PARAMETERS) {
        size_t length = strcspn(text, ",)");
        declare_parameter(made, text, length);
        text += length + 1;
    }
}

/* Reads the declaration after the word `kernel`. Attributes stand on either side of that word, from
 * `begin` on. */
static void
declare(chx__null_declaration *made, const char *begin, const char *text)
{
    const char *result = strstr(text, "void");
    const char *group = strstr(begin, "reqd_work_group_size(");
    if (!result || sscanf(result, "void %63[A-Za-z0-9_]", made->name) != 1)
        return;
    if (group && group < result)
        sscanf(group, "reqd_work_group_size(%zu, %zu, %zu", &made->declared_group[0],
               &made->declared_group[1], &made->declared_group[2]);
    const char *open = strchr(result, '(');
    if (open)
        declare_parameters(made, open + 1);
}

static const chx__null_kernel *
find_kernel(const chx__null_kernel *kernels, const char *name)
{
    for (; kernels && kernels->name; kernels++)
        if (strcmp(kernels->name, name) == 0)
            return kernels;
    return NULL;
}

/* Comments may have the word as well. */
static bool
begins_declaration(const char *text)
{
    return strncmp(text, "void", 4) == 0 || strncmp(text, "__attribute__", 13) == 0;
}

static const char *
next_kernel(const char *text)
{
    for (const char *at = text; (at = strstr(at, "kernel ")); at += 7)
        if ((at == text || at[-1] == '\n' || at[-1] == ' ' || at[-1] == '_') &&
            begins_declaration(at + 7))
            return at + 7;
    return NULL;
}

chx_status
chx__null_declare(const chx__target *target, const chx__null_kernel *kernels,
                  chx__null_declaration **declarations, uint32_t *n)
{
    size_t capacity = 0;
    *declarations = NULL;
    *n = 0;
    const char *begin = target->text;
    for (const char *at = begin; (at = next_kernel(at)); begin = at) {
        if (!chx__grow(declarations, &capacity, *n + 1, sizeof **declarations))
            return chx__fail_memory("building a program");
        chx__null_declaration *made = &(*declarations)[(*n)++];
        declare(made, begin, at);
        made->kernel = find_kernel(kernels, made->name);
        if (!made->kernel)
            made->kernel = find_kernel(chx__null_reduce_kernels, made->name);
        if (!made->kernel)
            return chx__fail_cl(
                CHX_ERROR_BUILD, CL_BUILD_PROGRAM_FAILURE, target->device->info.name, NULL,
                "%s: no function is registered for the kernel \"%s\"", target->name, made->name);
    }
    return CHX_OK;
}
