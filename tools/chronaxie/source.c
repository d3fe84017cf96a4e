/* What a path means is told by its kind and ending, never by trial and error, so that the
 * message is about the file that the user named. Formats that are often tried but not read, such
 * as SONATA, are recognised for the sake of a sentence that says what to do. Folders are listed
 * by name, so results do not depend on the file system. */
#include "source.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "outcome.h"
#include "target.h"

#define SONATA_ENDINGS "_config.json .config.json"
#define CELL_ENDINGS ".swc .swc.gz"
#define TABLE_ENDINGS ".csv .tsv"

static bool
is_kind(const char *path, mode_t kind)
{
    struct stat info;
    return stat(path, &info) == 0 && (info.st_mode & S_IFMT) == kind;
}

/* SONATA's circuit configuration has "networks", that of a simulation a "network". */
static bool
is_sonata_config(const char *path)
{
    json_t *object = is_kind(path, S_IFREG) ? json_load_file(path, 0, NULL) : NULL;
    bool found = json_is_object(json_object_get(object, "networks")) ||
                 json_is_string(json_object_get(object, "network"));

    json_decref(object);
    return found;
}

/* The name of a SONATA configuration in a folder without network.json, first by name, for the
 * caller to free; else NULL. */
static char *
find_sonata(const char *folder)
{
    struct dirent **names = NULL;
    char *found = NULL;
    int n = is_kind(folder, S_IFDIR) ? scandir(folder, &names, NULL, alphasort) : 0;

    for (int i = 0; i < n; i++) {
        char *path = NULL;
        if (!found && target_has_ending(names[i]->d_name, SONATA_ENDINGS) &&
            asprintf(&path, "%s/%s", folder, names[i]->d_name) >= 0 && is_sonata_config(path))
            found = strdup(names[i]->d_name);
        free(path);
        free(names[i]);
    }
    free(names);
    return found;
}

static bool
has_description(const char *folder)
{
    char *path = NULL;
    struct stat info;
    bool found = asprintf(&path, "%s/network.json", folder) >= 0 && stat(path, &info) == 0;

    free(path);
    return found;
}

static int
say_sonata(const char *path, const char *config)
{
    return outcome_say(OUTCOME_INPUT,
                       "%s: %s describes a SONATA circuit, which is not read yet; write its nodes "
                       "to neurons.csv and its edges to synapses.csv beside a network.json, as "
                       "docs/network-format.md says",
                       path, config);
}

static int
is_cell(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && target_has_ending(entry->d_name, CELL_ENDINGS);
}

/* SWC files of a folder, by name. Negative when it cannot be listed. */
static int
list_cells(const char *folder, char ***paths)
{
    struct dirent **names = NULL;
    int n = scandir(folder, &names, is_cell, alphasort);

    *paths = calloc((size_t)(n > 0 ? n : 1), sizeof **paths);
    for (int i = 0; i < n; i++) {
        if (*paths && asprintf(&(*paths)[i], "%s/%s", folder, names[i]->d_name) < 0)
            (*paths)[i] = NULL;
        free(names[i]);
    }
    free(names);
    return n;
}

/* The folder's own name, however its path is written; the caller frees it. */
static char *
name_of(const char *folder)
{
    char *whole = realpath(folder, NULL);
    char *name = whole ? strdup(strrchr(whole, '/') + 1) : NULL;

    free(whole);
    return name;
}

/* Loads the cells of a folder; *n is how many there are, and nothing is done for none. */
static int
load_folder_of_cells(const char *folder, chx_cells_params params, chx_network **network, int *n)
{
    char **paths;
    char *name = name_of(folder);
    int code = OUTCOME_OK;

    *n = list_cells(folder, &paths);
    params.name = name && *name ? name : NULL;
    for (int i = 0; i < *n && code == OUTCOME_OK; i++)
        if (!paths || !paths[i])
            code = outcome_say(OUTCOME_MEMORY, "memory ran out while listing %s", folder);
    if (*n > 0 && code == OUTCOME_OK)
        code = outcome_report(
            chx_network_load_cells((const char *const *)paths, (uint32_t)*n, &params, network),
            STAGE_INPUT);
    for (int i = 0; i < *n && paths; i++)
        free(paths[i]);
    free(paths);
    free(name);
    return code;
}

static int
load_folder(const char *path, const char *unit, const chx_cells_params *params,
            chx_network **network)
{
    bool is_network = has_description(path);
    char *config = is_network ? NULL : find_sonata(path);
    int n_cells = 0;
    int code = OUTCOME_OK;

    if (config) {
        code = say_sonata(path, config);
        free(config);
        return code;
    }
    if (!is_network && is_kind(path, S_IFDIR))
        code = load_folder_of_cells(path, *params, network, &n_cells);
    if (n_cells > 0)
        return code;
    if (is_network && unit)
        return outcome_say(OUTCOME_USAGE,
                           "--unit is for SWC files alone; %s is a network folder, whose lengths "
                           "are in um",
                           path);
    return outcome_report(chx_network_load(path, network), STAGE_INPUT);
}

static int
load_edges(const char *path, const char *unit, chx_network **network)
{
    if (unit)
        return outcome_say(OUTCOME_USAGE,
                           "--unit is for SWC files alone; %s is a table of connections", path);
    return outcome_report(chx_network_load_edges(path, network), STAGE_INPUT);
}

static int
check_files(const operand_list *sources)
{
    for (int i = 0; i < sources->n; i++) {
        const char *path = sources->words[i];
        if (is_kind(path, S_IFREG) && target_has_ending(path, CELL_ENDINGS))
            continue;
        if (is_sonata_config(path))
            return say_sonata(path, "it");
        if (sources->n > 1)
            return outcome_say(OUTCOME_INPUT,
                               "%s: is %s; of several words each must be a cell, a file whose name "
                               "ends in .swc or .swc.gz",
                               path, access(path, F_OK) == 0 ? "none" : "not there");
        return outcome_say(OUTCOME_INPUT,
                           "%s: is a file; give a folder with a network.json, or a cell whose name "
                           "ends in .swc, or a table of connections that ends in .csv",
                           path);
    }
    return OUTCOME_OK;
}

static int
read_unit(const char *unit, double *um)
{
    static const struct {
        const char *name;
        double um;
    } units[] = {{"um", 1}, {"nm", 0.001}, {"8nm", 0.008}};

    *um = 1;
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
source_load(const operand_list *sources, const char *unit, chx_network **network)
{
    chx_cells_params params = {0};
    int code = read_unit(unit, &params.unit_um);

    if (code != OUTCOME_OK)
        return code;
    if (sources->n == 1 && !is_kind(sources->words[0], S_IFREG))
        return load_folder(sources->words[0], unit, &params, network);
    if (sources->n == 1 && target_has_ending(sources->words[0], TABLE_ENDINGS))
        return load_edges(sources->words[0], unit, network);
    code = check_files(sources);
    if (code != OUTCOME_OK)
        return code;
    return outcome_report(chx_network_load_cells((const char *const *)sources->words,
                                                 (uint32_t)sources->n, &params, network),
                          STAGE_INPUT);
}
