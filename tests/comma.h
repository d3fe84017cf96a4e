/* A locale in which numbers have a comma. */
#ifndef CHX_TESTS_COMMA_H
#define CHX_TESTS_COMMA_H

#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* Sets such a locale, one of the machine's or one made in a folder of the test; false when there is
 * none to be had. */
static inline bool
comma_begin(const char *folder)
{
    char command[640];
    if (setlocale(LC_ALL, "de_DE.UTF-8") || setlocale(LC_ALL, "fr_FR.UTF-8"))
        return true;
    snprintf(command, sizeof command,
             "localedef -i de_DE -f UTF-8 '%s/de_DE.UTF-8' > '%s/localedef.log' 2>&1", folder,
             folder);
    return system(command) == 0 && setenv("LOCPATH", folder, 1) == 0 &&
           setlocale(LC_ALL, "de_DE.UTF-8");
}

static inline void
comma_end(void)
{
    setlocale(LC_ALL, "C");
    unsetenv("LOCPATH");
}

#endif
