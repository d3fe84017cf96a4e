/* Reaping: notices which commands of a run have ended, when they ran, and which have failed. */
#ifndef CHX_EXECUTE_REAP_H
#define CHX_EXECUTE_REAP_H

#include "execute/run.h"

/* Notes all completions of the run that can be noted now; whether there were any. The first failure
 * fails the run and ends the search. Under the turn. */
bool chx__reap(chx_run *run);

/* Takes in a parcel of a run that has come back, perhaps after the run has ended. A refusal fails
 * the run. */
void chx__reap_parcel(chx__parcel *parcel);

/* Fails the run because of a command: the error names it, its device and what happened to it. */
void chx__reap_fail(chx_run *run, uint32_t command, chx_status status, cl_int code,
                    const char *what);

#endif
