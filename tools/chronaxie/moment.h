/* A moment: when a network is brightest as it is drawn. */
#ifndef CHRONAXIE_MOMENT_H
#define CHRONAXIE_MOMENT_H

#include <stdbool.h>
#include <stddef.h>

#include <chronaxie/network.h>

/* Finds the time, at the end of a step, at which the light of the spikes covers the most of the
 * picture; half the duration when nothing fires. False when memory ran out. */
bool moment_brightest(const chx_network_info *info, const chx_spike *spikes, size_t n_spikes,
                      double duration_ms, double *at_ms);

#endif
