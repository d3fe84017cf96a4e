/* The reference of a device: what kernels took there with the driver that it had before, so that a
 * new one that has made them slower is told of. */
#ifndef CHX_EXECUTE_REFERENCE_H
#define CHX_EXECUTE_REFERENCE_H

#include "base/log.h"
#include "device/fleet.h"
#include "schedule/cost.h"

typedef struct chx__references chx__references;

/* Those of a fleet's devices in use; NULL where there is nothing to keep or no memory. The fleet
 * is borrowed. */
chx__references *chx__references_recall(const chx__fleet *fleet);

/* Accepts NULL and empty. */
void chx__references_destroy(chx__references **references);

/* Logs a warning for each device on which a kernel takes longer than it did with the driver before,
 * by more than a tenth and by what a spread of samples explains; once for each change of a driver.
 * Accepts NULL. */
void chx__references_look(chx__references *references, const chx__costs *costs,
                          const chx__logger *logger);

/* Notes what driver the device has now, whose costs have been kept, and whether it was told of.
 * Accepts NULL. */
void chx__references_keep(chx__references *references, uint32_t device_index);

#endif
