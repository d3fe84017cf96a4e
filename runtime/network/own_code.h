/* The code of a user's model, looked at before any driver sees it. */
#ifndef CHX_NETWORK_OWN_CODE_H
#define CHX_NETWORK_OWN_CODE_H

#include <stdbool.h>

#include <chronaxie/status.h>

/* Refuses what could give other bits on another device, and code without the functions that the
 * frame calls. The text, which a NUL ends, begins in line `line` of the file `path`. Errors: FORMAT
 * and one sentence with file and line. */
chx_status chx__own_code_check(const char *path, const char *text, unsigned line, bool *has_reset);

#endif
