/*
 * The propagators of a leaky membrane, exact over one time step: what is left of the potential, and
 * what currents of several shapes move it by.
 */
#ifndef CHX_NETWORK_MEMBRANE_H
#define CHX_NETWORK_MEMBRANE_H

#include "network/check.h"

typedef struct chx__membrane {
    double capacitance_pf;
    double tau_ms;
    double time_step_ms;
} chx__membrane;

/* What a current that is 1 pA at the step's begin and decays with this rate adds to the potential
 * over the step, in mV. */
double chx__membrane_moved(const chx__membrane *membrane, double decay_per_ms);

/* The same of a current that is 0 at the step's begin and t exp(-decay t) pA at time t. */
double chx__membrane_moved_by_rise(const chx__membrane *membrane, double decay_per_ms);

/* What is left of the potential after a step, and the mV that 1 pA of constant current adds; or a
 * fault of tau_membrane_ms or capacitance_pf. */
bool chx__membrane_prepare(const chx__membrane *membrane, float *keep, float *moved,
                           chx__fault *fault);

#endif
