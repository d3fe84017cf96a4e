#include "source.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include <jansson.h>

#include "outcome.h"
#include "target.h"

#define SONATA_ENDINGS "_config.json .config.json"

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

int
source_load(const char *path, chx_network **network)
{
    char *config;
    int code;

    if (is_kind(path, S_IFREG)) {
        if (target_has_ending(path, ".swc .swc.gz"))
            return outcome_report(chx_network_load_cell(path, network), STAGE_INPUT);
        if (is_sonata_config(path))
            return say_sonata(path, "it");
        return outcome_say(OUTCOME_INPUT,
                           "%s: is a file; give a folder with a network.json, or a cell whose name "
                           "ends in .swc",
                           path);
    }
    config = has_description(path) ? NULL : find_sonata(path);
    if (!config)
        return outcome_report(chx_network_load(path, network), STAGE_INPUT);
    code = say_sonata(path, config);
    free(config);
    return code;
}
