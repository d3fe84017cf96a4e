/* A shift: a lane on which everything takes so many times as long as before, at once, as when its
 * device's clock changes or others' work comes to it or goes. */
#ifndef CHX_EXECUTE_SHIFT_H
#define CHX_EXECUTE_SHIFT_H

#include "execute/run.h"

/* Looks for shifts in a run that has ended well, before its durations are added to the models, and
 * scales these where there are some: how many. Under the turn. */
uint32_t chx__shift_look(const chx_run *run);

#endif
