/*
 * Neurons that pass on what they get: they fire in a step in which more arrives than is taken away,
 * once, unless they are refractory.
 *
 *   sum of the weights of what arrives > 0: the neuron fires
 *
 * model/relay.h describes the constants, neuron/model.h the rest.
 */
#include "relay.h"
#include "../model.h"

#include "../block_begin.h"
MODEL_STEP
{
    (void)n;
    fired = (input > c->threshold) & awake;
}
#include "../population.cl"
