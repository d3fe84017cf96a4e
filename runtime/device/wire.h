/* Wires: what moving bytes from one memory to another takes. Measured on demand, kept in the cache
 * for each pair of devices, and recalled by whoever plans. */
#ifndef CHX_DEVICE_WIRE_H
#define CHX_DEVICE_WIRE_H

#include <stdbool.h>

#include <chronaxie/status.h>

typedef struct chx__fleet chx__fleet;

typedef struct chx__wire {
    bool exists; /* else bytes go through the host */
    double latency_ns;
    double ns_per_byte;
    bool is_unknown; /* nobody has measured it, and a guess must do */
} chx__wire;

/* Measures each wire between the host and the usable devices and between devices of one context,
 * with contexts and queues of its own, and keeps the figures. What a second does not suffice for
 * stays unknown. On success *wires is the caller's: (n_devices + 1) x (n_devices + 1), row = from,
 * 0 the host. Any thread, though what runs meanwhile shows in the figures. Errors: MEMORY, DEVICE,
 * TIMEOUT, and what a driver's code means. */
chx_status chx__wires_measure(chx__fleet *fleet, chx__wire **wires);

/* What was kept of all these, for the caller to free; NULL where nothing was, or where there are so
 * many devices that looking would take longer than it is worth. */
chx__wire *chx__wires_recall(const chx__fleet *fleet);

#endif
