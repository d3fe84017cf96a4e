/* Numbers with a point, whatever the program's locale: for files and pictures. */
#ifndef CHX_BASE_NUMERALS_H
#define CHX_BASE_NUMERALS_H

#include <locale.h>

/* Makes printf in this thread write numbers with a point; end restores the thread's locale. begin
 * may be without effect when memory is out. */
typedef struct chx__numerals {
    locale_t neutral;
    locale_t previous;
} chx__numerals;

chx__numerals chx__numerals_begin(void);
void chx__numerals_end(chx__numerals *numerals);

#endif
