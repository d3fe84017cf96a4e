/*
 * A compartment of a squid's axon (Hodgkin and Huxley 1952, doi:10.1113/jphysiol.1952.sp004764).
 *
 *   C dV/dt = gNa m^3 h (ENa - V) + gK n^4 (EK - V) + gL (EL - V) + I + drive
 *     dm/dt = f (am (1 - m) - bm m), and h and n alike   f = 3^((T - 6.3) / 10)
 *     dI/dt = -I / tau_s + arriving spikes
 *
 *   am = p((V - 25) / 10)         bm = 4 exp(-V / 18)                  p(x) = x / (1 - exp(-x))
 *   ah = .07 exp(-V / 20)         bh = 1 / (exp((30 - V) / 10) + 1)
 *   an = .1 p((V - 10) / 10)      bn = .125 exp(-V / 80)
 *
 * V counts from -65 mV, the paper's rest, and grows inwards. The rates are those of V between -150
 * and 150. Both equations are linear in what they move, and each is a step of the trapezoidal rule,
 * which is stable at any length (Crank and Nicolson 1947); the gates stand half a step before V, so
 * that both are of second order (Hines 1984, doi:10.1016/0020-7101(84)90008-4):
 *
 *   g += h f (a - (a + b) g) / (1 + h f (a + b) / 2)     for m, h and n, at V
 *   V += h (J - G V) / (1 + h G / 2)                     G, J: of these gates, I half a step later
 *   I = exp(-h / tau_s) I + input
 *   the neuron fires where V rises through the threshold
 *
 * Gates stay within 2^-20 and 1. Fractions are extended by the denominators of a and b, and the
 * three have one reciprocal. Where |x| < .5, p is its series (next term: x^8 / 1209600). Powers of
 * exp(-V / 80) are all exponentials but one. A refractory neuron keeps V, and the gates go on.
 * model/hh.h describes the constants.
 */
#include "hh.h"
#include "../model.h"

/* a = top / bottom = p(x); decay is exp(-x). */
#define HH_P(x, decay, top, bottom)                                                                \
    do {                                                                                           \
        const wide_float square = (x) * (x);                                                       \
        const wide_float series =                                                                  \
            1.0f + (0.5f * (x) + square * (0x1.555556p-4f + square * (-0x1.6c16c2p-10f +           \
                                                                      square * 0x1.1566acp-15f))); \
        const wide_int is_near = square < (wide_float)(0.25f);                                     \
        top = select((x), series, is_near);                                                        \
        bottom = select(1.0f - (decay), (wide_float)(1), is_near);                                 \
    } while (0)

/* A gate after a step, where a = top / bottom, a + b = sum / bottom and 1 / below is inverse. */
#define HH_GATE(gate, top, sum, inverse)                                                  \
    do {                                                                                  \
        const wide_float moved = gate + c->whole_gate * ((top) - (sum)*gate) * (inverse); \
        gate = select(closed, moved, moved > closed);                                     \
        gate = select(gate, open, gate > open);                                           \
    } while (0)

#include "../block_begin.h"
MODEL_STEP
{
    const wide_float v = n->v, closed = (wide_float)(HH_CLOSED), open = (wide_float)(1);
    const wide_float lowest = (wide_float)(-150), highest = (wide_float)(150);
    const wide_float above = select(lowest, v, v > lowest);
    const wide_float at = select(above, highest, above > highest);
    wide_float e80, e18;
    WIDE_EXP(e80, at * -0.0125f);
    WIDE_EXP(e18, at * -0x1.c71c72p-5f);
    const wide_float e40 = e80 * e80, e20 = e40 * e40, e10 = e20 * e20;

    wide_float m_top, m_bottom, n_top, n_bottom;
    const wide_float m_x = (at - 25.0f) * 0.1f, n_x = (at - 10.0f) * 0.1f;
    HH_P(m_x, e10 * 0x1.85d6fep+3f, m_top, m_bottom);
    HH_P(n_x, e10 * 0x1.5bf0a8p+1f, n_top, n_bottom);
    n_top = n_top * 0.1f;
    const wide_float h_bottom = e10 * 0x1.415e5cp+4f + 1.0f, h_top = 0.07f * e20 * h_bottom;
    const wide_float m_sum = m_top + 4.0f * e18 * m_bottom, h_sum = h_top + 1.0f;
    const wide_float n_sum = n_top + 0.125f * e80 * n_bottom;
    const wide_float m_below = m_bottom + c->half_gate * m_sum;
    const wide_float h_below = h_bottom + c->half_gate * h_sum;
    const wide_float n_below = n_bottom + c->half_gate * n_sum;
    const wide_float mh_below = m_below * h_below;
    wide_float inverse;
    WIDE_RECIPROCAL(inverse, mh_below * n_below);
    const wide_float mh_inverse = inverse * n_below;
    HH_GATE(n->m, m_top, m_sum, mh_inverse * h_below);
    HH_GATE(n->h, h_top, h_sum, mh_inverse * m_below);
    HH_GATE(n->n, n_top, n_sum, inverse * mh_below);

    const wide_float n_square = n->n * n->n;
    const wide_float sodium = c->sodium * (n->m * n->m * n->m * n->h);
    const wide_float potassium = c->potassium * (n_square * n_square);
    const wide_float current = (c->keep_half * n->i + drive) * c->inverse_c;
    const wide_float slope = (sodium * (c->sodium_mv - v) + potassium * (c->potassium_mv - v)) +
                             (c->leak * (c->leak_mv - v) + current);
    WIDE_RECIPROCAL(inverse, 1.0f + c->half_step * ((sodium + potassium) + c->leak));
    n->v = select(v, v + c->whole_step * slope * inverse, awake);
    n->i = c->keep * n->i + input;
    fired = (n->v >= c->threshold) & (v < c->threshold);
}
#include "../population.cl"
