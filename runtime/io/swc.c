/* Lines are read into nodes and points side by side, plain ones in one pass (swc_line.h), any other
 * field by field, with the same result; then ids become indices: points are sorted by id, unless
 * they are so already as in most files, and parents found by binary search where ids have gaps; so
 * time does not depend on how ids are chosen. Nodes stay in the order of the file. A root is its
 * own parent from here on.
 *
 * Tracers write much that the format does not foresee; swc.h lists what is accepted. What would
 * change a shape silently is refused with file and line instead. Roots, cycles and soma
 * conventions are left to morphology.c and soma.c, which see indices only. */
#include "io/swc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/error.h"
#include "io/gzip.h"
#include "io/number.h"
#include "io/signature.h"
#include "io/swc_line.h"
#include "network/check.h"
#include "network/morphology.h"
#include "network/network.h"
#include "network/soma.h"

#define MAX_FILE_BYTES ((size_t)1 << 30)
#define MAX_LINE_BYTES 1000
#define N_COLUMNS 7
#define KIND_OTHER 0 /* "undefined": atlas tools write region numbers there */
#define KIND_SOMA 1
#define ROOT (-1) /* as a parent: there is none */

/* What a point says of itself beside its node. */
typedef struct point {
    int64_t id;
    int64_t parent;
    uint32_t line;
    uint32_t index; /* in the file's nodes */
} point;

typedef struct reader {
    const char *path;
    double unit_um;
    chx_node *nodes;
    point *points;
    size_t nodes_capacity, points_capacity;
    uint32_t n_nodes;
    uint32_t line;
    bool has_unsigned; /* an id above 2^63 stands for its bits, as a negative one does */
    chx__swc_thin thin;
    chx__swc_thin thin_soma; /* until it is known whether the soma has a shape of its own */
} reader;

static const char *const column_names[N_COLUMNS] = {"id", "kind",   "x",     "y",
                                                    "z",  "radius", "parent"};

/* Splits at blanks in place; counts fields beyond the seventh without keeping them. */
static size_t
split(char *line, char *fields[N_COLUMNS], size_t lengths[N_COLUMNS])
{
    size_t n = 0;
    for (char *at = line + strspn(line, " \t"); *at;) {
        size_t length = strcspn(at, " \t");
        char *next = at + length + strspn(at + length, " \t");
        if (n < N_COLUMNS) {
            fields[n] = at;
            lengths[n] = length;
        }
        n++;
        at[length] = '\0';
        at = next;
    }
    return n;
}

static chx_status
fail_number(const reader *file, int column, const char *text, const char *wanted)
{
    return chx__fail(CHX_ERROR_FORMAT, "%s:%u: %s is '%.64s'; give %s", file->path, file->line,
                     column_names[column], text, wanted);
}

static chx_status
make_point(reader *file, const chx__swc_line *line, point *at, chx_node *node)
{
    double scaled[4];
    for (int i = 0; i < 4; i++)
        scaled[i] = line->numbers[i] * file->unit_um;
    chx__swc_thin *thin = line->kind == KIND_SOMA ? &file->thin_soma : &file->thin;
    if (scaled[3] <= 0.0 && thin->n_points++ == 0)
        thin->line = file->line;
    *at = (point){line->id, line->parent, file->line, file->n_nodes};
    *node = (chx_node){
        .position_um = {(float)scaled[0], (float)scaled[1], (float)scaled[2]},
        .radius_um = scaled[3] <= 0.0 ? CHX__SWC_THIN_UM : (float)scaled[3],
        .kind = line->kind < 0 || line->kind > UINT8_MAX ? KIND_OTHER : (uint8_t)line->kind,
    };
    chx__fault fault;
    if (!chx__node_check(node, &fault))
        return chx__fail(CHX_ERROR_FORMAT, "%s:%u: %s %s", file->path, file->line, fault.member,
                         fault.sentence);
    return CHX_OK;
}

static chx_status
read_point(reader *file, char *line, point *at, chx_node *node)
{
    char *fields[N_COLUMNS];
    size_t lengths[N_COLUMNS];
    size_t n = split(line, fields, lengths);
    if (n < N_COLUMNS)
        return chx__fail(CHX_ERROR_FORMAT,
                         "%s:%u: the line has %zu of %d fields; give id, kind, x, y, z, radius and "
                         "parent, with blanks between",
                         file->path, file->line, n, N_COLUMNS);
    chx__swc_line given;
    if (!chx__number_parse_label(fields[0], lengths[0], &given.id) || given.id == ROOT)
        return fail_number(file, 0, fields[0],
                           "a whole number of up to 64 bits other than -1, which marks a root");
    if (!chx__number_parse_whole(fields[1], lengths[1], -INT64_MAX, INT64_MAX, &given.kind))
        return fail_number(file, 1, fields[1], "a whole number, such as 1 for the soma");
    if (!chx__number_parse_label(fields[6], lengths[6], &given.parent))
        return fail_number(file, 6, fields[6], "another point's id, or -1 for a root");
    file->has_unsigned |= given.parent < 0 && fields[6][0] != '-';
    for (int i = 0; i < 4; i++)
        if (!chx__number_parse(fields[2 + i], lengths[2 + i], &given.numbers[i]))
            return fail_number(file, 2 + i, fields[2 + i], "a finite number in um");
    return make_point(file, &given, at, node);
}

static chx_status
add_point(reader *file, const point *at, const chx_node *node)
{
    if (!chx__grow(&file->nodes, &file->nodes_capacity, file->n_nodes + 1, sizeof *node) ||
        !chx__grow(&file->points, &file->points_capacity, file->n_nodes + 1, sizeof *at))
        return chx__fail_memory("reading a morphology");
    file->nodes[file->n_nodes] = *node;
    file->points[file->n_nodes++] = *at;
    return CHX_OK;
}

static chx_status
add_line(reader *file, char *line)
{
    line[strcspn(line, "#")] = '\0';
    if (line[strspn(line, " \t")] == '\0')
        return CHX_OK;
    point at;
    chx_node node;
    chx_status status = read_point(file, line, &at, &node);
    return status ? status : add_point(file, &at, &node);
}

/* Tells in *next where a plain line ends; leaves it where the line is for add_any_line(). */
static chx_status
add_plain_line(reader *file, char *line, char **next)
{
    chx__swc_line given;
    const char *end = chx__swc_line_read(line, &given);
    if (!end || end - line > MAX_LINE_BYTES || given.id == ROOT)
        return CHX_OK;
    point at;
    chx_node node;
    chx_status status = make_point(file, &given, &at, &node);
    *next = line + (end - line);
    return status ? status : add_point(file, &at, &node);
}

/* First byte after the line's text: a line ends in LF, CR LF, or CR as on old Macintoshes. */
static char *
find_stop(char *line, char *end)
{
    char *feed = memchr(line, '\n', (size_t)(end - line));
    char *stop = feed ? feed : end;
    char *carriage = memchr(line, '\r', (size_t)(stop - line));
    return carriage ? carriage : stop;
}

static chx_status
check_line(const reader *file, const char *line, const char *stop)
{
    if (memchr(line, '\0', (size_t)(stop - line)))
        return chx__fail(CHX_ERROR_FORMAT,
                         "%s:%u: the line holds a NUL byte; save the file as UTF-8 text",
                         file->path, file->line);
    const char *comment = memchr(line, '#', (size_t)(stop - line));
    if ((comment ? comment : stop) - line > MAX_LINE_BYTES)
        return chx__fail(CHX_ERROR_FORMAT, "%s:%u: the line is longer than %d bytes; break it up",
                         file->path, file->line, MAX_LINE_BYTES);
    return CHX_OK;
}

static chx_status
add_any_line(reader *file, char *line, char *end, char **next)
{
    char *stop = find_stop(line, end);
    *next = stop + (end - stop > 1 && stop[0] == '\r' && stop[1] == '\n' ? 2 : 1);
    chx_status status = check_line(file, line, stop);
    *stop = '\0';
    return status ? status : add_line(file, line);
}

/* Adds the file's points up to so many. */
static chx_status
add_lines(reader *file, char *text, size_t size_bytes, uint32_t most)
{
    char *end = text + size_bytes;
    chx_status status = CHX_OK;
    for (char *line = text, *next; line < end && !status && file->n_nodes < most; line = next) {
        file->line++;
        next = line;
        status = add_plain_line(file, line, &next);
        if (!status && next == line)
            status = add_any_line(file, line, end, &next);
    }
    if (status)
        return status;
    if (file->n_nodes == 0)
        return chx__fail(CHX_ERROR_FORMAT, "%s:%u: the file has no points; remove it or add some",
                         file->path, file->line ? file->line : 1);
    return CHX_OK;
}

static int
compare_ids(const void *left, const void *right)
{
    const point *a = left, *b = right;
    if (a->id != b->id)
        return a->id < b->id ? -1 : 1;
    return (a->line > b->line) - (a->line < b->line);
}

static chx_status
sort_points(reader *file)
{
    bool sorted = true;
    for (uint32_t i = 1; i < file->n_nodes && sorted; i++)
        sorted = file->points[i - 1].id < file->points[i].id;
    if (sorted)
        return CHX_OK;
    qsort(file->points, file->n_nodes, sizeof *file->points, compare_ids);
    for (uint32_t i = 1; i < file->n_nodes; i++)
        if (file->points[i - 1].id == file->points[i].id)
            return chx__fail(CHX_ERROR_FORMAT,
                             "%s:%u: the id %" PRId64 " stands on line %u already; number "
                             "every point once",
                             file->path, file->points[i].line, file->points[i].id,
                             file->points[i - 1].line);
    return CHX_OK;
}

static const point *
find_point(const reader *file, int64_t id)
{
    uint64_t ahead = (uint64_t)id - (uint64_t)file->points[0].id; /* where ids have no gaps */
    if (ahead < file->n_nodes && file->points[ahead].id == id)
        return &file->points[ahead];
    uint32_t low = 0, high = file->n_nodes;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (file->points[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < file->n_nodes && file->points[low].id == id ? &file->points[low] : NULL;
}

/* Skeletons of segmented volumes begin anywhere, with the soma somewhere among their points. The
 * tree that holds it is turned round, from the first point of kind 1 on. False without a change.
 * Parents must lead to roots. */
static bool
begin_at_soma(chx_node *nodes, uint32_t n_nodes)
{
    uint32_t soma = n_nodes;
    for (uint32_t i = n_nodes; i-- > 0;) {
        if (nodes[i].kind == KIND_SOMA && nodes[i].parent == i)
            return false;
        soma = nodes[i].kind == KIND_SOMA ? i : soma;
    }
    if (soma == n_nodes)
        return false;
    uint32_t child = soma;
    for (uint32_t at = soma, next;; child = at, at = next) {
        next = nodes[at].parent;
        nodes[at].parent = child;
        if (next == at)
            return true;
    }
}

/* The id is told as the file has it. */
static chx_status
fail_orphan(const reader *file, const point *child)
{
    char id[32];
    if (file->has_unsigned)
        snprintf(id, sizeof id, "%" PRIu64, (uint64_t)child->parent);
    else
        snprintf(id, sizeof id, "%" PRId64, child->parent);
    return chx__fail(CHX_ERROR_FORMAT,
                     "%s:%u: no point has the parent's id %s; add it, or -1 for a root", file->path,
                     child->line, id);
}

/* Points of an outline have no radius of their own but get that of the soma. */
static void
count_thin_soma(reader *file)
{
    const chx__swc_thin soma = file->thin_soma;
    uint32_t i = 0;
    while (i < file->n_nodes &&
           (file->nodes[i].kind != KIND_SOMA || file->nodes[i].radius_um != CHX__SWC_THIN_UM))
        i++;
    if (soma.n_points == 0 || i == file->n_nodes)
        return;
    if (file->thin.n_points == 0 || soma.line < file->thin.line)
        file->thin.line = soma.line;
    file->thin.n_points += soma.n_points;
}

static chx_status
connect(reader *file)
{
    chx_status status = sort_points(file);
    if (status)
        return status;
    for (uint32_t i = 0; i < file->n_nodes; i++) {
        const point *child = &file->points[i];
        const point *parent = child->parent == ROOT ? child : find_point(file, child->parent);
        if (!parent)
            return fail_orphan(file, child);
        if (parent == child && child->parent != ROOT)
            return chx__fail(CHX_ERROR_FORMAT,
                             "%s:%u: the point %" PRId64
                             " is its own parent; a root's parent is -1",
                             file->path, child->line, child->id);
        file->nodes[child->index].parent = parent->index;
    }
    chx__soma_shape(file->nodes, file->n_nodes);
    count_thin_soma(file);
    uint32_t culprit;
    status = chx__morphology_measure(file->nodes, file->n_nodes, 0, &culprit);
    for (uint32_t i = 0; status == CHX_ERROR_CYCLE && i < file->n_nodes; i++)
        if (file->points[i].index == culprit)
            return chx__fail(CHX_ERROR_FORMAT,
                             "%s:%u: the point %" PRId64
                             " is its own ancestor; parents must lead to a root",
                             file->path, file->points[i].line, file->points[i].id);
    if (!status && begin_at_soma(file->nodes, file->n_nodes))
        status = chx__morphology_measure(file->nodes, file->n_nodes, 0, &culprit);
    return status;
}

size_t
chx__swc_ending(const char *name)
{
    static const char *const endings[] = {".swc", ".swc.gz"};
    size_t length = strlen(name);
    for (size_t i = 0; i < 2; i++) {
        size_t n = strlen(endings[i]);
        if (length > n && strcasecmp(name + length - n, endings[i]) == 0)
            return n;
    }
    return 0;
}

bool
chx__swc_recognise(const char *path)
{
    char *text;
    size_t size_bytes;
    if (chx__gzip_read_text(path, MAX_FILE_BYTES, &text, &size_bytes) != CHX_OK)
        return false;
    reader file = {.path = path, .unit_um = 1.0};
    const bool is_cell = add_lines(&file, text, size_bytes, 1) == CHX_OK;
    free(file.points);
    free(file.nodes);
    free(text);
    return is_cell;
}

chx_status
chx__swc_read(const char *path, double unit_um, chx_node **nodes, uint32_t *n_nodes,
              chx__swc_thin *thin)
{
    char *text;
    size_t size_bytes;
    chx_status status = chx__gzip_read_text(path, MAX_FILE_BYTES, &text, &size_bytes);
    if (status)
        return status;
    reader file = {.path = path, .unit_um = unit_um};
    status = chx__signature_check(path, text, size_bytes);
    if (!status)
        status = add_lines(&file, text, size_bytes, UINT32_MAX);
    if (!status)
        status = connect(&file);
    free(file.points);
    free(text);
    if (status) {
        free(file.nodes);
        return status;
    }
    *nodes = file.nodes;
    *n_nodes = file.n_nodes;
    *thin = file.thin;
    return CHX_OK;
}

chx_status
chx__swc_check_room(const char *path, uint32_t n_nodes, uint32_t n_more)
{
    if (n_more > CHX__NETWORK_MAX_ITEMS - n_nodes)
        return chx__fail(CHX_ERROR_LIMIT, "%s: with it the network has more than %u points", path,
                         CHX__NETWORK_MAX_ITEMS);
    return CHX_OK;
}

void
chx__swc_place(const chx_node *read, uint32_t n_nodes, chx_node *nodes, uint32_t first)
{
    for (uint32_t i = 0; i < n_nodes; i++) {
        nodes[first + i] = read[i];
        nodes[first + i].parent += first;
    }
}

chx_status
chx__swc_append(const char *path, double unit_um, chx_node **nodes, size_t *capacity,
                uint32_t *n_nodes)
{
    chx_node *read;
    uint32_t n_read;
    chx__swc_thin thin;
    chx_status status = chx__swc_read(path, unit_um, &read, &n_read, &thin);
    if (status)
        return status;
    status = chx__swc_check_room(path, *n_nodes, n_read);
    if (!status && !chx__grow(nodes, capacity, (size_t)*n_nodes + n_read, sizeof **nodes))
        status = chx__fail_memory("reading a morphology");
    if (!status) {
        chx__swc_place(read, n_read, *nodes, *n_nodes);
        *n_nodes += n_read;
    }
    free(read);
    return status;
}
