/*
 * Reads what is left of a table with all processors.
 *
 * The file is taken in blocks. A block is cut into pieces of whole rows, which
 * threads read at the same time, each as a table of its own whose rows have
 * their lines in the file; what they read stands in the file's order, and of
 * several faults the first is told, as when one thread reads it all.
 */
#ifndef CHX_IO_CSV_PIECES_H
#define CHX_IO_CSV_PIECES_H

#include "io/csv.h"

/* Reads all rows of a piece with chx__csv_next() and writes what they say, one item a row and no
 * more, to items, which are not cleared; *n_items is how many. Called in several threads at once.
 * It fails with chx__fail(). */
typedef chx_status chx__csv_piece_fn(const void *data, chx__csv *piece, void *items,
                                     uint64_t *n_items);

/* Appends the items of all rows that are left to *items, of which there are *n_items with room for
 * *capacity, as chx__grow() has them. The table must not be loose. Errors: those of
 * chx__csv_next(), MEMORY and what `read` returns; the items then are of no use, but the array is
 * as good as before. */
chx_status chx__csv_read_pieces(chx__csv *csv, chx__csv_piece_fn *read, const void *data,
                                void *items, size_t *capacity, uint64_t *n_items, size_t item_size);

#endif
