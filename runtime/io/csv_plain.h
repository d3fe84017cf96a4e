/* The quick way through a table: its next row, if that is plain. */
#ifndef CHX_IO_CSV_PLAIN_H
#define CHX_IO_CSV_PLAIN_H

#include "io/csv.h"

/* Takes the next row, as chx__csv_next() does, if it lies well within the buffer, has no quotes and
 * as many fields as the header. False, with nothing taken, for any other, which may be sound or
 * not. */
bool chx__csv_take_plain(chx__csv *csv);

#endif
