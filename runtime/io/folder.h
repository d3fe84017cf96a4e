/* A network being read from its folder: what the readers of its files share. */
#ifndef CHX_IO_FOLDER_H
#define CHX_IO_FOLDER_H

#include "io/csv.h"
#include "io/json.h"
#include "io/table_cache.h"
#include "io/targets.h"
#include "network/check.h"
#include "network/names.h"
#include "network/network.h"

typedef struct chx__folder {
    const char *path;
    chx_network *network;
    chx_neuron_type neuron; /* what types are that network.json does not name */
    chx__names types;
    chx__names neurons;
    chx__targets targets; /* of stimuli, once they are read */
    chx__names shapes; /* morphologies that neurons.csv names, without their endings */
    struct chx__shape {
        char *file; /* NULL until it is found */
        uint64_t line; /* of neurons.csv, the first to name it */
        uint32_t first_node, n_nodes; /* 0 until it is read */
    } * shapes_read;
    uint32_t *shape_of; /* by neuron: index into shapes_read, CHX__NO_NAME without */
    size_t shapes_capacity, shape_of_capacity;
    uint32_t n_shapes;
    uint32_t *counts; /* by type: neurons that network.json only counts */
    size_t counts_capacity;
    uint32_t n_counts; /* types up to the last that has some */
    bool has_projections;
    int port_lines[CHX_MAX_PORT_RULES]; /* of network.json, by rule */
    chx__digest synapses_context; /* what decides how their table is read, beside itself */
    chx__digest synapses_key; /* under which they are to be kept; zero when they are not */
    char synapses_remark[CHX__TABLE_REMARK_BYTES];
    bool states_layout; /* in its view */
} chx__folder;

/* From network.json: everything that needs no neurons. */
chx_status chx__folder_read_description(chx__folder *folder, const chx__json *json);

/* From network.json, after the neurons are known: checks that each type is some neuron's, and reads
 * the stimuli. */
chx_status chx__folder_read_stimuli(chx__folder *folder, const chx__json *json);

/* From network.json, after the neurons are known: draws the projections. */
chx_status chx__folder_read_projections(chx__folder *folder, const chx__json *json);

/* From network.json, after all types are known. Errors: FORMAT, MEMORY. */
chx_status chx__folder_read_plasticities(chx__folder *folder, const chx__json *json);

/* From network.json, likewise. */
chx_status chx__folder_read_ports(chx__folder *folder, const chx__json *json);

/* Remarks on rows of ports that no synapse goes by, once there are all synapses. Errors: MEMORY. */
chx_status chx__folder_remark_ports(chx__folder *folder);

/* A member that is a type or a list of types, or is left out: then they are none. The caller frees
 * *types, also after a failure. Errors: FORMAT, MEMORY. */
chx_status chx__folder_read_type_list(const chx__folder *folder, const chx__json_at *object,
                                      const char *key, uint32_t **types, uint32_t *n_types);

/* Reads gaps.csv, after all neurons are known, if it is there. Errors: FILE, FORMAT, MEMORY. */
chx_status chx__folder_read_gaps(chx__folder *folder, const char *path);

/* Reads graded.csv, likewise. */
chx_status chx__folder_read_graded(chx__folder *folder, const char *path);

/* Read parameters.csv and initial.csv, after all neurons are known, where they are. Errors: FILE,
 * FORMAT, LIMIT, MEMORY. */
chx_status chx__folder_read_parameters(chx__folder *folder, const char *path);
chx_status chx__folder_read_initial(chx__folder *folder, const char *path);

/* The neuron that a field of a table names. Errors: FORMAT. Any thread. */
chx_status chx__folder_find_neuron(const chx__folder *folder, const chx__csv *csv, size_t column,
                                   uint32_t *neuron);

/* Closes a table that was read and keeps what there is to remark on it. Errors: MEMORY. */
chx_status chx__folder_close_table(chx__folder *folder, chx__csv *csv);

/* Whether a table that need not be there is not. */
bool chx__folder_is_missing(const char *path);

/* Of the description of a type: how many neurons it counts, if any. */
chx_status chx__folder_read_count(chx__folder *folder, const chx__json_at *type, uint32_t index);

/* Adds the neurons that types count, after those of neurons.csv, with names and places. Errors:
 * FORMAT, LIMIT, MEMORY. */
chx_status chx__folder_add_counted(chx__folder *folder, const chx__json *json);

/* A member that is a number or says how it is drawn. */
chx_status chx__folder_read_distribution(const chx__json_at *object, const char *key,
                                         chx_distribution *distribution);

/* The key of weights that arrive at the n neurons, as their unit says; `current` where they are
 * currents. Fails at the key of another unit where the object has that. Errors: FORMAT. */
chx_status chx__folder_weight_key(const chx__folder *folder, const chx__json_at *object,
                                  const char *current, const uint32_t *neurons, uint32_t n,
                                  const char **key);

/* Complains about what a check found: at the member itself when the object has it, else at the
 * object that should. */
chx_status chx__folder_fail_fault(const chx__json_at *object, const chx__fault *fault);

/* What is there, if anything, is a file or a folder: a pipe would be waited for for ever. */
chx_status chx__folder_check_file(const char *path);

/* Appends a type with the folder's parameters under a name that is new. Errors: LIMIT, MEMORY. */
chx_status chx__folder_add_type(chx__folder *folder, const char *name, size_t length,
                                uint32_t *index);

#endif
