/* Landing: how runs in flight end, well, failed, cancelled or too late. */
#ifndef CHX_EXECUTE_LANDING_H
#define CHX_EXECUTE_LANDING_H

#include "execute/run.h"

/* Ends the run if it is to end now, and takes it out of the flight; whether it did. Under the
 * turn. */
bool chx__land(chx_run *run);

#endif
