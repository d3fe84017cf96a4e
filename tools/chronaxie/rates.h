/* Rates: how often the neurons of each type fired. */
#ifndef CHRONAXIE_RATES_H
#define CHRONAXIE_RATES_H

#include <stdint.h>

#include <chronaxie/network.h>
#include <jansson.h>

/* An array of {type, neurons, spikes, rate_hz} from the spikes of each type; NULL when memory ran
 * out. */
json_t *rates_json(const chx_network_info *info, const uint64_t *n_spikes, double duration_ms);

/* Prints the same as a table. */
void rates_print(const json_t *rates);

#endif
