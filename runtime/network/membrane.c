/* The propagators of a leaky membrane, C dV/dt = -C V / tau + I. With x = (decay - 1 / tau) h, a
 * current exp(-decay t) moves the potential in a step by
 *
 *   (1 / C) integral from 0 to h of exp(-(h - t) / tau) exp(-decay t) dt
 *     = (h / C) exp(-h / tau) (1 - exp(-x)) / x
 *
 * and t exp(-decay t) by (h^2 / C) exp(-h / tau) (1 - (1 + x) exp(-x)) / x^2. Both are smooth where
 * the time constants are equal, x = 0; near it the second is summed as a series, whose terms are
 * (-x)^k / (k! (k + 2)). */
#include "network/membrane.h"

#include <math.h>

#include "network/model.h"

#define N_TERMS 20 /* the last is below 1e-19 of the first where |x| <= 1 */

static double
difference(const chx__membrane *membrane, double decay_per_ms)
{
    return (decay_per_ms - 1 / membrane->tau_ms) * membrane->time_step_ms;
}

double
chx__membrane_moved(const chx__membrane *membrane, double decay_per_ms)
{
    const double h = membrane->time_step_ms, x = difference(membrane, decay_per_ms);
    const double mean = x == 0 ? 1 : -expm1(-x) / x;
    return h / membrane->capacitance_pf * exp(-h / membrane->tau_ms) * mean;
}

double
chx__membrane_moved_by_rise(const chx__membrane *membrane, double decay_per_ms)
{
    const double h = membrane->time_step_ms, x = difference(membrane, decay_per_ms);
    double mean = 0, term = 1;
    if (fabs(x) > 1)
        mean = (1 - (1 + x) * exp(-x)) / (x * x);
    for (int k = 0; k < N_TERMS && fabs(x) <= 1; k++) {
        mean += term / (k + 2);
        term *= -x / (k + 1);
    }
    return h * h / membrane->capacitance_pf * exp(-h / membrane->tau_ms) * mean;
}

bool
chx__membrane_prepare(const chx__membrane *membrane, float *keep, float *moved, chx__fault *fault)
{
    const double h = membrane->time_step_ms, tau = membrane->tau_ms;
    *keep = chx__propagator(exp(-h / tau));
    *moved = chx__propagator(-tau / membrane->capacitance_pf * expm1(-h / tau));
    if (*keep == 0)
        return chx__model_fail(
            fault, "tau_membrane_ms",
            "is so short that nothing lasts for a step of time_step_ms; lengthen it or "
            "shorten the step");
    if (*moved == 0)
        return chx__model_fail(
            fault, "capacitance_pf",
            "is so large that a current of 1 pA does nothing in a step; check the unit");
    if (!(*moved <= (float)CHX__MAX_MAGNITUDE))
        return chx__model_fail(
            fault, "capacitance_pf",
            "is so small that 1 pA adds more than 1e12 mV in a step; check the unit");
    return true;
}
