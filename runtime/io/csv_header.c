/*
 * The header of a table: which column each of its fields means.
 *
 * A field means the column whose name it has, or else the one whose name it has in another case, or
 * else the column that has no field of its own name and that another program calls so, in any case.
 * What is left over is ignored and named in the table's remark, unless it is nearly the name of a
 * column that is missing: that is a slip, and refused.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "io/csv.h"
#include "io/near.h"

/* How other programs name what a column holds. */
static const struct alias {
    const char *name, *column;
    bool is_guess; /* the name says no unit, so the column's is assumed, with a remark */
} aliases[] = {
    {"pre_id", "pre", false},
    {"post_id", "post", false},
    {"pre_root_id", "pre", false}, /* FlyWire */
    {"post_root_id", "post", false},
    {"body_pre", "pre", false}, /* the flies of Janelia */
    {"body_post", "post", false},
    {"source_node_id", "pre", false}, /* SONATA */
    {"target_node_id", "post", false},
    {"pre_pt_root_id", "pre", false}, /* CAVE */
    {"post_pt_root_id", "post", false},
    {"bodyId_pre", "pre", false}, /* neuPrint */
    {"bodyId_post", "post", false},
    {"pre_skeleton_id", "pre", false}, /* CATMAID */
    {"post_skeleton_id", "post", false},
    {"pre_skid", "pre", false}, /* the same in R, and in pymaid */
    {"post_skid", "post", false},
    {"source_skid", "pre", false},
    {"target_skid", "post", false},
    {"source", "pre", false}, /* networkx, pandas, Gephi */
    {"target", "post", false},
    {"from", "pre", false}, /* igraph */
    {"to", "post", false},
    {"weight", "weight_pa", true},
    {"syn_count", "weight_pa", true},
    {"n_syn", "weight_pa", true},
    {"weight", "weight_ns", true},
    {"syn_count", "weight_ns", true},
    {"n_syn", "weight_ns", true},
    {"weight", "weight_mv", true},
    {"syn_count", "weight_mv", true},
    {"n_syn", "weight_mv", true},
    {"delay", "delay_ms", true},
    {"neuron_id", "name", false},
    {"root_id", "name", false},
    {"bodyId", "name", false},
    {"skeleton_id", "name", false},
    {"cell_type", "type", false},
    {"name", "neuron", false}, /* of recorded spikes */
    {"id", "neuron", false},
    {"ids", "neuron", false},
    {"gid", "neuron", false},
    {"gids", "neuron", false},
    {"neurons", "neuron", false},
    {"neuron_id", "neuron", false},
    {"neuron_ids", "neuron", false},
    {"node_id", "neuron", false},
    {"node_ids", "neuron", false}, /* SONATA */
    {"sender", "neuron", false}, /* NEST */
    {"senders", "neuron", false},
    {"times_ms", "time_ms", false},
    {"time", "time_ms", true},
    {"times", "time_ms", true},
    {"timestamps", "time_ms", true}, /* SONATA */
    {"spike_time", "time_ms", true},
    {"spike_times", "time_ms", true},
};

#define N_ALIASES (sizeof aliases / sizeof *aliases)

bool
chx__csv_has(const chx__csv *csv, size_t column)
{
    return memchr(csv->order, (int)column, csv->n_fields) != NULL;
}

/* The name of the column, its own or another program's, that the text nearly is; else NULL. */
static const char *
find_near(const char *column, const char *text)
{
    const char *found = chx__is_near(text, column) ? column : NULL;
    for (size_t i = 0; i < N_ALIASES && !found; i++)
        if (strcmp(aliases[i].column, column) == 0 && chx__is_near(text, aliases[i].name))
            found = aliases[i].name;
    return found;
}

static void
list_columns(const chx__csv *csv, char *text, size_t capacity)
{
    size_t length = 0;
    for (size_t i = 0; i < csv->n_columns && length < capacity; i++)
        length +=
            (size_t)snprintf(text + length, capacity - length, i ? ",%s" : "%s", csv->columns[i]);
}

/* The first row, as far as there is room. */
static void
list_names(const chx__csv *csv, const chx__csv_field *names, char *text, size_t capacity)
{
    size_t length = 0;
    for (size_t i = 0; i < csv->n_fields && length < capacity; i++)
        length += (size_t)snprintf(text + length, capacity - length, "%s%.1s", names[i].text,
                                   i + 1 < csv->n_fields ? &csv->delimiter : "");
    if (length >= capacity)
        memcpy(text + capacity - 4, "...", 4);
}

static chx_status
match_columns(chx__csv *csv, const chx__csv_field *names)
{
    memset(csv->order, CHX__CSV_IGNORED, sizeof csv->order);
    for (size_t i = 0; i < csv->n_fields; i++)
        for (size_t column = 0; column < csv->n_columns; column++) {
            if (strcmp(csv->columns[column], names[i].text) != 0)
                continue;
            if (chx__csv_has(csv, column))
                return chx__csv_fail(csv, CHX_ERROR_FORMAT,
                                     "the column '%s' stands twice; remove one",
                                     csv->columns[column]);
            csv->order[i] = (uint8_t)column;
        }
    return CHX_OK;
}

static void
match_any_case(chx__csv *csv, const chx__csv_field *names)
{
    for (size_t i = 0; i < csv->n_fields; i++)
        for (size_t column = 0; column < csv->n_columns; column++)
            if (csv->order[i] == CHX__CSV_IGNORED && !chx__csv_has(csv, column) &&
                strcasecmp(csv->columns[column], names[i].text) == 0)
                csv->order[i] = (uint8_t)column;
}

/* Puts " A as B" behind the remark, which is empty or a list of those. */
static void
remark_on_guess(chx__csv *csv, size_t column, const char *name)
{
    size_t length = strlen(csv->remark);
    csv->guessed |= 1u << column;
    snprintf(csv->remark + length, sizeof csv->remark - length, "%s%s is read as %s",
             length ? ", " : "", name, csv->columns[column]);
}

static void
match_aliases(chx__csv *csv, const chx__csv_field *names)
{
    for (size_t i = 0; i < csv->n_fields; i++)
        for (size_t j = 0; j < N_ALIASES && csv->order[i] == CHX__CSV_IGNORED; j++) {
            if (strcasecmp(aliases[j].name, names[i].text) != 0)
                continue;
            size_t column = 0;
            while (column < csv->n_columns && strcmp(csv->columns[column], aliases[j].column) != 0)
                column++;
            if (column == csv->n_columns || chx__csv_has(csv, column))
                continue;
            csv->order[i] = (uint8_t)column;
            if (aliases[j].is_guess)
                remark_on_guess(csv, column, names[i].text);
        }
}

static chx_status
check_missing(const chx__csv *csv, const chx__csv_field *names)
{
    char columns[256];
    list_columns(csv, columns, sizeof columns);
    size_t missing = csv->n_columns;
    for (size_t column = csv->n_columns; column-- > 0;) {
        if (chx__csv_has(csv, column))
            continue;
        missing = column < csv->n_needed ? column : missing;
        for (size_t i = 0; i < csv->n_fields; i++) {
            const char *near = csv->order[i] == CHX__CSV_IGNORED
                                   ? find_near(csv->columns[column], names[i].text)
                                   : NULL;
            if (near)
                return chx__csv_fail(csv, CHX_ERROR_FORMAT,
                                     "unknown column '%.64s'; the columns are %s; did you mean "
                                     "'%s'?",
                                     names[i].text, columns, near);
        }
    }
    if (missing == csv->n_columns)
        return CHX_OK;
    char row[100];
    list_names(csv, names, row, sizeof row);
    return chx__csv_fail(csv, CHX_ERROR_FORMAT,
                         "the column '%s' is missing in the row '%s'; the columns are %s, with "
                         "commas, semicolons or tabs between",
                         csv->columns[missing], row, columns);
}

static void
remark_on_ignored(chx__csv *csv, const chx__csv_field *names)
{
    size_t n_named = 0, n_more = 0;
    for (size_t i = 0; i < csv->n_fields; i++) {
        size_t length = strlen(csv->remark), room = sizeof csv->remark - length;
        if (csv->order[i] != CHX__CSV_IGNORED)
            continue;
        if (room < 150) {
            n_more++;
            continue;
        }
        snprintf(csv->remark + length, room, "%s%.64s",
                 n_named++ ? ", " : (length ? "; ignored columns: " : "ignored columns: "),
                 *names[i].text ? names[i].text : "(unnamed)");
    }
    size_t length = strlen(csv->remark);
    if (n_more)
        snprintf(csv->remark + length, sizeof csv->remark - length, " and %zu more", n_more);
}

chx_status
chx__csv_match_header(chx__csv *csv, const chx__csv_field *names)
{
    char columns[256];
    list_columns(csv, columns, sizeof columns);
    if (csv->n_fields == 0)
        return chx__csv_fail(csv, CHX_ERROR_FORMAT, "the table is empty; begin it with the row %s",
                             columns);
    if (csv->n_fields > CHX__CSV_MAX_FIELDS)
        return chx__csv_fail(csv, CHX_ERROR_FORMAT,
                             "the table has %zu columns; keep at most %d, among them %s",
                             csv->n_fields, CHX__CSV_MAX_FIELDS, columns);
    chx_status status = match_columns(csv, names);
    if (status)
        return status;
    match_any_case(csv, names);
    match_aliases(csv, names);
    status = check_missing(csv, names);
    if (!status)
        remark_on_ignored(csv, names);
    return status;
}
