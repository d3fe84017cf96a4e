/* What a path means is told by its kind and ending, never by trial and error, so that the
 * message is about the file that the user named. Formats that are often tried but not read, such
 * as SONATA, are recognised for the sake of a sentence that says what to do. Folders are listed
 * by name, so results do not depend on the file system. What is read is not to be written over
 * either, wherever in a folder it lies. */
#include "source.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "interrupt.h"
#include "outcome.h"
#include "target.h"

static int
read_unit(const char *unit, double *um)
{
    static const struct {
        const char *name;
        double um;
    } units[] = {{"um", 1}, {"nm", 0.001}, {"8nm", 0.008}};

    *um = 0;
    for (int i = 0; unit && i < 3; i++) {
        if (strcmp(unit, units[i].name) != 0)
            continue;
        *um = units[i].um;
        return OUTCOME_OK;
    }
    return unit ? outcome_say(OUTCOME_USAGE, "--unit takes um, nm or 8nm, not '%s'", unit)
                : OUTCOME_OK;
}

int
source_load(const source_words *words, chx_network **network)
{
    chx_source source = {.paths = (const char *const *)words->operands->words,
                         .n_paths = (uint32_t)words->operands->n,
                         .neurons = words->neurons,
                         .is_played = words->is_played};
    int code = read_unit(words->unit, &source.unit_um);
    chx_status status;

    if (code != OUTCOME_OK)
        return code;
    interrupt_ends_at_once(true);
    status = chx_network_open(&source, network);
    interrupt_ends_at_once(false);
    if (status == CHX_ERROR_INVALID)
        return outcome_say(OUTCOME_USAGE, "%s", chx_last_error()->message);
    return outcome_report(status, STAGE_INPUT);
}

/* What follows "FOLDER/" in the path, however both are written; NULL for what lies elsewhere. The
 * path itself may be a link; only its folder is resolved. */
static const char *
find_rest(const char *folder, const char *path, char whole[PATH_MAX + NAME_MAX + 2])
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    char *above = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    char root[PATH_MAX];
    bool is_known =
        above && realpath(above, whole) && realpath(folder, root) && strlen(name) <= NAME_MAX;
    size_t length = is_known ? strlen(root) : 0;

    free(above);
    if (!is_known || strncmp(whole, root, length) != 0)
        return NULL;
    strcat(strcat(whole, "/"), name);
    return whole[length] == '/' ? whole + length + 1 : NULL;
}

/* Whether network.json names the file as a table of spikes. */
static bool
has_stimulus(const char *folder, const char *name)
{
    char path[PATH_MAX];
    struct stat info;
    json_t *description = NULL, *stimulus;
    bool found = false;
    size_t i;

    if (snprintf(path, sizeof path, "%s/network.json", folder) < (int)sizeof path &&
        stat(path, &info) == 0 && S_ISREG(info.st_mode))
        description = json_load_file(path, 0, NULL);
    json_array_foreach(json_object_get(description, "stimuli"), i, stimulus)
    {
        const char *table = json_string_value(json_object_get(stimulus, "times_ms"));
        found = found || (table && strcmp(table, name) == 0);
    }
    json_decref(description);
    return found;
}

bool
source_reads(const char *folder, const char *path)
{
    static const char *const parts[] = {"network.json", "neurons.csv", "synapses.csv",
                                        "gaps.csv",     "graded.csv",  "parameters.csv",
                                        "initial.csv"};
    char whole[PATH_MAX + NAME_MAX + 2];
    const char *rest = find_rest(folder, path, whole);

    if (!rest)
        return false;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strcmp(rest, parts[i]) == 0)
            return true;
    return target_has_ending(rest, ".swc .swc.gz .cl") || has_stimulus(folder, rest);
}
