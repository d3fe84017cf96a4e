/* Lists of edges without a header, as programs for graphs write them. */
#ifndef CHX_IO_CSV_BARE_H
#define CHX_IO_CSV_BARE_H

#include "io/csv.h"

/* Whether a row ends with attributes in braces, as networkx writes them. */
bool chx__csv_has_attributes(const char *row);

/* Makes of attributes in braces at the end of a row their weight, in place; nothing where they
 * have none. */
void chx__csv_take_weight(char *row);

/* Whether the first row, of which `fields` are some, is a list's and names no columns. */
bool chx__csv_is_list(const chx__csv *csv, const chx__csv_field *fields);

#endif
