/*
 * The exact solution of the membrane's equations over one time step, after Rotter and Diesmann 1999
 * (doi:10.1007/s004220050570), rounded to the floats that the kernels multiply with. The checks of
 * a network look at the same floats (check.c), so that what is accepted can be simulated.
 */
#include "network/propagator.h"

#include <math.h>

/* A factor so small that its products would be denormal is as good as zero. */
static float
propagator(double value)
{
    return fabs(value) < ldexp(1, -60) ? 0 : (float)value;
}

void
chx__propagators(const chx_lif_params *params, double time_step_ms,
                 float fields[CHX_LIF_ROW_FIELDS])
{
    double h = time_step_ms, c = params->capacitance_pf;
    double tau_m = params->tau_membrane_ms, tau_s = params->tau_synapse_ms;
    double p22 = exp(-h / tau_m), p11 = exp(-h / tau_s);
    fields[CHX_LIF_P22] = propagator(p22);
    fields[CHX_LIF_P21] = propagator(tau_s * tau_m / (tau_m - tau_s) / c * (p22 - p11));
    fields[CHX_LIF_P20] = propagator(-tau_m / c * expm1(-h / tau_m));
    fields[CHX_LIF_P11] = propagator(p11);
    fields[CHX_LIF_BIAS] = (float)params->bias_pa;
    fields[CHX_LIF_THRESHOLD] = (float)(params->threshold_mv - params->resting_mv);
    fields[CHX_LIF_RESET] = (float)(params->reset_mv - params->resting_mv);
}
