/* Stragglers: threads that were left behind in a driver's call, and may yet come back. */
#ifndef CHX_DEVICE_STRAGGLER_H
#define CHX_DEVICE_STRAGGLER_H

/* A thread is left behind. Any thread. */
void chx__straggler_add(void);

/* It has come back, and touches no driver any more. */
void chx__straggler_remove(void);

#endif
