/* The models that there are, and checks that several of them make of the very floats that the
 * kernels get, so that what is accepted can be simulated. */
#include "network/model.h"

#include <math.h>
#include <string.h>

static const chx__model *const models[] = {
    &chx__model_lif,    &chx__model_lif_alpha, &chx__model_lif_delta,  &chx__model_lif_cond,
    &chx__model_glif3,  &chx__model_adex,      &chx__model_izhikevich, &chx__model_hh,
    &chx__model_graded, &chx__model_relay};

const chx__model *
chx__model_find(const char *name)
{
    if (!name)
        return models[0];
    for (size_t i = 0; i < sizeof models / sizeof *models; i++)
        if (strcmp(models[i]->name, name) == 0)
            return models[i];
    return NULL;
}

const char *
chx__weight_name(chx__unit unit)
{
    static const char *const names[CHX__N_UNITS] = {"weight_pa", "weight_ns", "weight_mv"};
    return names[unit];
}

bool
chx__model_fail(chx__fault *fault, const char *member, const char *sentence)
{
    *fault = (chx__fault){member, sentence};
    return false;
}

bool
chx__model_keep(double tau_synapse_ms, double time_step_ms, float *keep, chx__fault *fault)
{
    *keep = chx__propagator(exp(-time_step_ms / tau_synapse_ms));
    return *keep != 0 || chx__model_fail(fault, "tau_synapse_ms",
                                         "is so short that nothing lasts for a step of "
                                         "time_step_ms; lengthen it or shorten the step");
}

/* The kernels tidy tiny potentials away, and a potential that rests at its reset must not fire. */
bool
chx__model_check_reset(float threshold, float reset, chx__fault *fault)
{
    if (threshold > reset && (fabsf(reset) >= CHX__TINY || threshold > 0))
        return true;
    return chx__model_fail(fault, "threshold_mv",
                           "must lie above reset_mv, in the arithmetic of floats, which count from "
                           "resting_mv");
}

float
chx__propagator(double value)
{
    return fabs(value) < 0x1p-60 ? 0 : (float)value;
}
