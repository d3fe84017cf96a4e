/*
 * Sources: what a network is loaded from, recognised by one table.
 *
 * An importer recognises what the paths are and loads it, or says in one sentence why it cannot.
 * The first that recognises its own is asked; the last one takes everything. Recognising gets no
 * memory, so that a lack of it never makes something else of a source.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "base/alloc.h"
#include "base/error.h"
#include "io/edges.h"
#include "io/folder.h"
#include "io/signature.h"
#include "io/swc.h"

typedef struct importer {
    const char *what; /* completes "PATH is ..." */
    bool has_unit, has_neurons; /* what of a chx_source it takes beside the paths */
    bool (*recognise)(const chx_source *source);
    chx_status (*load)(const chx_source *source, chx_network **network);
} importer;

static chx_status
fail_memory(void)
{
    return chx__fail_memory("recognising what a network is loaded from");
}

static bool
is_kind(const char *path, mode_t kind)
{
    struct stat info;
    return stat(path, &info) == 0 && (info.st_mode & S_IFMT) == kind;
}

static bool
has_ending(const char *name, const char *ending)
{
    size_t length = strlen(name), n = strlen(ending);
    return length > n && name[length - n - 1] != '/' && strcasecmp(name + length - n, ending) == 0;
}

/* False where the system would not take the path, for its length. */
static bool
name_in(const char *folder, const char *name, char path[PATH_MAX])
{
    int length = snprintf(path, PATH_MAX, "%s/%s", folder, name);
    return length > 0 && length < PATH_MAX;
}

static bool
is_network_folder(const chx_source *source)
{
    char path[PATH_MAX];
    struct stat info;
    return source->n_paths == 1 && name_in(source->paths[0], "network.json", path) &&
           stat(path, &info) == 0;
}

static chx_status
load_network_folder(const chx_source *source, chx_network **network)
{
    return chx_network_load(source->paths[0], network);
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

/* The first SONATA configuration in a folder. */
static bool
find_sonata(const char *folder, char path[PATH_MAX])
{
    struct dirent **names = NULL;
    bool is_found = false;
    int n = is_kind(folder, S_IFDIR) ? scandir(folder, &names, NULL, alphasort) : 0;
    for (int i = 0; i < n; i++) {
        const char *name = names[i]->d_name;
        bool fits = has_ending(name, "_config.json") || has_ending(name, ".config.json");
        is_found = is_found || (fits && name_in(folder, name, path) && is_sonata_config(path));
        free(names[i]);
    }
    free(names);
    return is_found;
}

static bool
is_sonata(const chx_source *source)
{
    char path[PATH_MAX];
    return source->n_paths == 1 &&
           (find_sonata(source->paths[0], path) || is_sonata_config(source->paths[0]));
}

static chx_status
refuse_sonata(const chx_source *source, chx_network **network)
{
    (void)network;
    char path[PATH_MAX];
    return chx__fail(CHX_ERROR_FORMAT,
                     "%s: %s describes a SONATA circuit, which is not read yet; write its nodes "
                     "to neurons.csv and its edges to synapses.csv beside a network.json, as "
                     "docs/network-format.md says",
                     source->paths[0],
                     find_sonata(source->paths[0], path) ? strrchr(path, '/') + 1 : "it");
}

static int
is_cell(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && chx__swc_ending(entry->d_name) != 0;
}

static void
free_entries(struct dirent **entries, int n)
{
    for (int i = 0; i < n; i++)
        free(entries[i]);
    free(entries);
}

static bool
is_folder_of_cells(const chx_source *source)
{
    struct dirent **entries = NULL;
    bool is_folder = source->n_paths == 1 && is_kind(source->paths[0], S_IFDIR);
    int n = is_folder ? scandir(source->paths[0], &entries, is_cell, NULL) : 0;
    free_entries(entries, n);
    return n > 0;
}

/* The network is named as the folder is, however its path is written. */
static chx_status
load_paths(const chx_source *source, const char *folder, char *const *paths, uint32_t n_paths,
           chx_network **network)
{
    char *whole = realpath(folder, NULL);
    const char *name = whole ? strrchr(whole, '/') + 1 : "";
    const chx_cells_params params = {.unit_um = source->unit_um, .name = *name ? name : NULL};
    chx_status status =
        chx_network_load_cells((const char *const *)paths, n_paths, &params, network);
    free(whole);
    return status;
}

static chx_status
load_folder_of_cells(const chx_source *source, chx_network **network)
{
    const char *folder = source->paths[0];
    struct dirent **entries = NULL;
    int n = scandir(folder, &entries, is_cell, alphasort);
    char **paths = chx__alloc((size_t)(n > 0 ? n : 0), sizeof *paths);
    chx_status status = paths ? CHX_OK : fail_memory();
    for (int i = 0; i < n && !status; i++) {
        paths[i] = chx__format("%s/%s", folder, entries[i]->d_name);
        status = paths[i] ? chx__folder_check_file(paths[i]) : fail_memory();
    }
    if (!status)
        status = load_paths(source, folder, paths, n > 0 ? (uint32_t)n : 0, network);
    for (int i = 0; i < n && paths; i++)
        free(paths[i]);
    free(paths);
    free_entries(entries, n);
    return status;
}

static bool
is_nothing(const chx_source *source)
{
    struct stat info;
    return source->n_paths == 1 && stat(source->paths[0], &info) != 0;
}

static chx_status
refuse_nothing(const chx_source *source, chx_network **network)
{
    (void)network;
    struct stat info;
    int error = stat(source->paths[0], &info) != 0 ? errno : ENOENT;
    if (error == ENOENT)
        return chx__fail(CHX_ERROR_FILE, "%s: there is no such file or folder; correct the path",
                         source->paths[0]);
    return chx__fail(CHX_ERROR_FILE, "%s: cannot open: %s", source->paths[0], strerror(error));
}

static bool
is_folder(const chx_source *source)
{
    return source->n_paths == 1 && is_kind(source->paths[0], S_IFDIR);
}

static chx_status
refuse_folder(const chx_source *source, chx_network **network)
{
    (void)network;
    if (access(source->paths[0], R_OK | X_OK) != 0)
        return chx__fail(CHX_ERROR_FILE, "%s: cannot open: %s", source->paths[0], strerror(errno));
    return chx__fail(CHX_ERROR_FILE,
                     "%s: is a folder that holds neither a network.json nor a cell whose name ends "
                     "in .swc; add one, or name a file",
                     source->paths[0]);
}

/* By its name, which a pipe has too, or by its header. */
static bool
is_table(const chx_source *source)
{
    const char *path = source->paths[0];
    if (source->n_paths > 1 || chx__swc_ending(path) != 0)
        return false;
    return has_ending(path, ".csv") || has_ending(path, ".tsv") || has_ending(path, ".csv.gz") ||
           has_ending(path, ".tsv.gz") || (is_kind(path, S_IFREG) && chx__edges_recognise(path));
}

static chx_status
load_table(const chx_source *source, chx_network **network)
{
    return chx__edges_load(source->paths[0], source->neurons, source->is_played, network);
}

static bool
is_anything(const chx_source *source)
{
    (void)source;
    return true;
}

static bool
is_file_of_cell(const char *path)
{
    const bool is_file = access(path, F_OK) == 0 && !is_kind(path, S_IFDIR);
    return (is_file && chx__swc_ending(path) != 0) ||
           (is_kind(path, S_IFREG) && chx__swc_recognise(path));
}

static chx_status
refuse_file(const char *path)
{
    struct stat info;
    const bool is_there = stat(path, &info) == 0;
    if (is_there && !S_ISREG(info.st_mode))
        return chx__fail(CHX_ERROR_FORMAT,
                         "%s: is a pipe or a device, whose name must say what it holds; let it "
                         "end in .csv or .swc, or give a file",
                         path);
    chx_status status = chx__signature_check_file(path);
    if (status)
        return status;
    return chx__fail(CHX_ERROR_FORMAT,
                     "%s: is %s; give a folder with a network.json, a cell (.swc), or a table of "
                     "connections, whose first row names the columns pre and post",
                     path, is_there && info.st_size == 0 ? "empty" : "a file of something else");
}

static chx_status
load_cells(const chx_source *source, chx_network **network)
{
    const chx_cells_params params = {.unit_um = source->unit_um};
    for (uint32_t i = 0; i < source->n_paths; i++) {
        const char *path = source->paths[i];
        if (is_file_of_cell(path))
            continue;
        if (source->n_paths == 1)
            return refuse_file(path);
        return chx__fail(CHX_ERROR_FORMAT,
                         "%s: is %s; of several words each must be a cell, a file of points "
                         "such as .swc or .swc.gz",
                         path, access(path, F_OK) == 0 ? "no cell" : "not there");
    }
    return chx_network_load_cells(source->paths, source->n_paths, &params, network);
}

static const importer importers[] = {
    {"a network folder, whose lengths are in um", false, false, is_network_folder,
     load_network_folder},
    {"a SONATA circuit", true, true, is_sonata, refuse_sonata},
    {"a folder of cells", true, false, is_folder_of_cells, load_folder_of_cells},
    {"not there", true, true, is_nothing, refuse_nothing},
    {"a folder of neither", true, true, is_folder, refuse_folder},
    {"a table of connections", false, true, is_table, load_table},
    {"a cell", true, false, is_anything, load_cells},
};

chx_status
chx_network_open(const chx_source *source, chx_network **network)
{
    CHX__REQUIRE(source && source->paths && source->n_paths > 0 && network);
    const importer *found = importers;
    while (!found->recognise(source))
        found++;
    if (source->unit_um != 0 && !found->has_unit)
        return chx__fail(CHX_ERROR_INVALID, "%s is %s; a unit is for SWC files alone, leave it out",
                         source->paths[0], found->what);
    if (source->neurons && !found->has_neurons)
        return chx__fail(CHX_ERROR_INVALID,
                         "%s is %s; a table of neurons belongs to a table of connections, leave "
                         "it out",
                         source->paths[0], found->what);
    return found->load(source, network);
}
