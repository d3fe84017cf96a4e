/* The ledger: what runs in flight promise to leave in buffers, and what of it has come true.
 *
 * Plans are made for where data will be once all that is in flight has ended well; that is what a
 * buffer's `coherence` says. While runs touch a buffer, its `settled` says where the data is as far
 * as runs have ended. A run that fails takes its promises back: the buffer is then what is settled,
 * with what the run did complete, less what it had begun to write, and the promises of other runs.
 * What it had not begun is as it was. All under the turn. */
#ifndef CHX_EXECUTE_LEDGER_H
#define CHX_EXECUTE_LEDGER_H

#include "execute/run.h"

/* Enters what a run will leave behind. It is not among its buffers' tails yet. On failure nothing
 * is entered. Errors: MEMORY. */
chx_status chx__ledger_promise(const chx_run *run);

/* A run has ended, well or failed, and is no longer among its buffers' tails nor in flight. */
void chx__ledger_close(const chx_run *run);

#endif
