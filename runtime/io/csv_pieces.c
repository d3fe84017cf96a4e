/* A line end parts rows unless it stands in quotes, and whether it does is told by the number of
 * quotes before it in the row: odd inside. So a block is cut at any line ends that lie well, the
 * quotes in each slice are counted, by threads, and slices are put together until their quotes are
 * even. Line ends are counted too: they bound the rows, hence where in the array the items of a
 * piece go, and give each piece its line in the file. What the last line end of a block leaves
 * over waits for the next.
 *
 * The table's own buffer holds the block, at most BLOCK_BYTES, so that memory stays bounded and
 * the array, which may be most of what a machine has, needs no second one. Pieces end with their
 * line end, so the NULs that fields get never reach another's bytes. Where memory is short the
 * buffer stays as it is: blocks are smaller then. */
#include "io/csv_pieces.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/crew.h"
#include "base/error.h"
#include "io/latin1.h"

#define BLOCK_BYTES ((size_t)16 << 20) /* that the processor's cache may still hold */
#define PIECE_BYTES ((size_t)256 << 10) /* some milliseconds of work */
#define MOST_PIECES (CHX__LATIN1_GROWTH * BLOCK_BYTES / PIECE_BYTES)

typedef struct piece {
    size_t begin, end; /* in the buffer */
    uint64_t n_lines, n_quotes;
    uint64_t line; /* in the file */
    uint64_t first_item, n_items;
    chx_status status;
    chx_error error; /* when status is one */
} piece;

typedef struct block {
    chx__csv *csv;
    chx__csv_piece_fn *read;
    const void *data;
    char *items;
    size_t item_size;
    uint32_t n_pieces;
    piece pieces[MOST_PIECES];
} block;

/* How often a byte stands in a text: in runs that compilers count many at once. */
static uint64_t
count_byte(const char *text, size_t size, char byte)
{
    enum { LANES = 64, ROUNDS = 255 };
    uint64_t count = 0;
    while (size >= LANES) {
        uint8_t lanes[LANES] = {0};
        for (int round = 0; round < ROUNDS && size >= LANES; round++) {
            for (int i = 0; i < LANES; i++)
                lanes[i] += text[i] == byte;
            text += LANES;
            size -= LANES;
        }
        for (int i = 0; i < LANES; i++)
            count += lanes[i];
    }
    for (size_t i = 0; i < size; i++)
        count += text[i] == byte;
    return count;
}

static void
count_slice(void *data, uint32_t index)
{
    block *of = data;
    piece *slice = &of->pieces[index];
    const char *text = of->csv->buffer + slice->begin;
    slice->n_lines = count_byte(text, slice->end - slice->begin, of->csv->line_end);
    slice->n_quotes = count_byte(text, slice->end - slice->begin, '"');
}

/* Where the rows that are known whole end, if no line end is quoted. */
static size_t
find_end(const chx__csv *csv)
{
    if (csv->at_end)
        return csv->end;
    const char *last = memrchr(csv->buffer + csv->begin, csv->line_end, csv->end - csv->begin);
    return last ? (size_t)(last - csv->buffer) + 1 : csv->begin;
}

/* Cuts the block at line ends, quoted or not. */
static void
slice_block(block *of)
{
    const chx__csv *csv = of->csv;
    size_t end = find_end(csv);
    of->n_pieces = 0;
    for (size_t at = csv->begin; at < end;) {
        size_t next = at + PIECE_BYTES < end ? at + PIECE_BYTES : end;
        const char *stop = memchr(csv->buffer + next, csv->line_end, end - next);
        next = stop ? (size_t)(stop - csv->buffer) + 1 : end;
        of->pieces[of->n_pieces++] = (piece){.begin = at, .end = next};
        at = next;
    }
}

/* Puts slices together until none ends inside quotes. The last may: it is left to the next block,
 * or is what it is at the end of the file. */
static void
join_slices(block *of)
{
    uint32_t n = 0;
    bool is_open = false;
    for (uint32_t i = 0; i < of->n_pieces; i++) {
        const piece *slice = &of->pieces[i];
        if (is_open) {
            of->pieces[n - 1].end = slice->end;
            of->pieces[n - 1].n_lines += slice->n_lines;
        } else {
            of->pieces[n++] = *slice;
        }
        is_open ^= slice->n_quotes % 2 != 0;
    }
    of->n_pieces = is_open && !of->csv->at_end ? n - 1 : n;
}

/* The rows up to the last line end outside quotes as the only piece; where there is none, all: a
 * row that is too long. */
static void
take_whole_rows(block *of)
{
    const chx__csv *csv = of->csv;
    piece all = {.begin = csv->begin, .end = csv->end};
    bool is_open = false;
    uint64_t n_lines = 0;
    for (size_t at = csv->begin; at < csv->end; at++) {
        is_open ^= csv->buffer[at] == '"';
        n_lines += csv->buffer[at] == csv->line_end;
        if (csv->buffer[at] == csv->line_end && !is_open) {
            all.end = at + 1;
            all.n_lines = n_lines;
        }
    }
    of->pieces[0] = all;
    of->n_pieces = 1;
}

static void
cut_block(block *of)
{
    slice_block(of);
    chx__crew_run(of->n_pieces, count_slice, of);
    join_slices(of);
    if (of->n_pieces == 0 && of->csv->end > of->csv->begin)
        take_whole_rows(of);
}

static void
read_piece(void *data, uint32_t index)
{
    const block *of = data;
    piece *mine = &((block *)data)->pieces[index];
    chx__csv table = *of->csv;
    table.buffer += mine->begin;
    table.begin = 0;
    table.end = mine->end - mine->begin;
    table.at_end = true;
    table.line = table.next_line = mine->line;
    mine->status =
        of->read(of->data, &table, of->items + mine->first_item * of->item_size, &mine->n_items);
    if (mine->status)
        mine->error = *chx_last_error();
}

/* Gives pieces their lines and, behind n_items that are there, their places; returns how many items
 * there may be with theirs. The last row of a file may have no line end. */
static uint64_t
place_pieces(block *of, uint64_t n_items)
{
    for (uint32_t i = 0; i < of->n_pieces; i++) {
        piece *mine = &of->pieces[i];
        mine->line = of->csv->next_line;
        mine->first_item = n_items;
        of->csv->next_line += mine->n_lines;
        n_items += mine->n_lines + (of->csv->buffer[mine->end - 1] != of->csv->line_end);
    }
    return n_items;
}

/* Closes the gaps that empty lines leave, up to the first piece that failed. */
static chx_status
gather_items(const block *of, uint64_t *n_items)
{
    for (uint32_t i = 0; i < of->n_pieces; i++) {
        const piece *mine = &of->pieces[i];
        if (mine->status)
            return chx__fail_again(&mine->error);
        if (mine->first_item != *n_items)
            memmove(of->items + *n_items * of->item_size,
                    of->items + mine->first_item * of->item_size, mine->n_items * of->item_size);
        *n_items += mine->n_items;
    }
    return CHX_OK;
}

static chx_status
read_block(block *of, void *items, size_t *capacity, uint64_t *n_items)
{
    chx__csv *csv = of->csv;
    cut_block(of);
    if (of->n_pieces == 0)
        return CHX_OK;
    csv->begin = of->pieces[of->n_pieces - 1].end;
    uint64_t most = place_pieces(of, *n_items);
    if (!chx__grow_bare(items, capacity, most, of->item_size))
        return chx__fail_memory("reading a table");
    of->items = *(char **)items;
    chx__crew_run(of->n_pieces, read_piece, of);
    return gather_items(of, n_items);
}

chx_status
chx__csv_read_pieces(chx__csv *csv, chx__csv_piece_fn *read, const void *data, void *items,
                     size_t *capacity, uint64_t *n_items, size_t item_size)
{
    block *of = chx__alloc(1, sizeof *of);
    if (!of)
        return chx__fail_memory("reading a table");
    of->csv = csv;
    of->read = read;
    of->data = data;
    of->item_size = item_size;
    chx_status status = CHX_OK;
    do {
        status = chx__csv_fill(csv, BLOCK_BYTES);
        if (!status)
            status = read_block(of, items, capacity, n_items);
    } while (!status && !(csv->at_end && csv->begin == csv->end));
    free(of);
    return status;
}
