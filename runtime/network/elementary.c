/* Only additions, multiplications, divisions and square roots, which IEEE 754 rounds in one way,
 * and operations that are exact; the build forbids fusing them. Written for networks that are drawn
 * alike everywhere, not for speed: each takes some 10 ns. */
#include "network/elementary.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/processor.h"

/* ln 2 in two parts: multiples of the first by exponents are exact. */
#define LN2_HIGH 0x1.62e42fee00000p-1
#define LN2_LOW 0x1.a39ef35793c76p-33
#define LN2_INVERSE 1.4426950408889634
#define SQRT_HALF 0.70710678118654752

#define TOGETHER 256 /* numbers that are worked on side by side */

/* Sums of even and of odd powers are independent, so that a processor works on several. */
static double
polynomial(const double *factors, int n, double x)
{
    const double square = x * x, fourth = square * square;
    double sums[4] = {0};
    for (int i = n - 4; i >= 0; i -= 4)
        for (int k = 0; k < 4; k++)
            sums[k] = sums[k] * fourth + factors[i + k];
    return (sums[0] + sums[1] * x) + (sums[2] + sums[3] * x) * square;
}

/* 2 atanh(s) for |s| <= 0.1716, whose power of 26 is below 2^-53. */
static double
twice_atanh(double s)
{
    static const double factors[12] = {1.0 / 3,  1.0 / 5,  1.0 / 7,  1.0 / 9,  1.0 / 11, 1.0 / 13,
                                       1.0 / 15, 1.0 / 17, 1.0 / 19, 1.0 / 21, 1.0 / 23, 1.0 / 25};
    const double square = s * s;
    return 2 * s + 2 * s * (square * polynomial(factors, 12, square));
}

/* Doubles are those of IEEE 754: 52 bits below an exponent that 1023 is added to. */
static uint64_t
bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double
of_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

double
chx__ln(double x)
{
    /* From the root of 1/2 to that of 2. */
    const uint64_t bits = bits_of(x), above = bits - bits_of(SQRT_HALF);
    const int exponent = (int)(above >> 52) - (above >> 63 ? 4096 : 0);
    const double mantissa = of_bits(bits - ((uint64_t)(int64_t)exponent << 52));
    const double fraction = twice_atanh((mantissa - 1) / (mantissa + 1));
    return exponent * LN2_HIGH + (exponent * LN2_LOW + fraction);
}

double
chx__ln_rest(double x)
{
    if (x < 0.25)
        return twice_atanh(-x / (2 - x));
    return x < 1 ? chx__ln(1 - x) : -INFINITY;
}

/* Of what is left after powers of 2, at most 0.3466; its power of 15 over 16! is below 2^-53. */
double
chx__exp(double x)
{
    static const double factors[16] = {
        1.0,
        1.0,
        1.0 / 2,
        1.0 / 6,
        1.0 / 24,
        1.0 / 120,
        1.0 / 720,
        1.0 / 5040,
        1.0 / 40320,
        1.0 / 362880,
        1.0 / 3628800,
        1.0 / 39916800,
        1.0 / 479001600,
        1.0 / 6227020800,
        1.0 / 87178291200,
        1.0 / 1307674368000,
    };
    if (x < -700)
        return 0;
    if (x > 700)
        return INFINITY;
    const double exponent = floor(x * LN2_INVERSE + 0.5);
    const double rest = (x - exponent * LN2_HIGH) - exponent * LN2_LOW;
    return polynomial(factors, 16, rest) * of_bits((uint64_t)((int)exponent + 1023) << 52);
}

static inline double
ratio(const double over[8], const double under[8], double x)
{
    double above = over[7], below = under[7];
    for (int i = 6; i >= 0; i--) {
        above = above * x + over[i];
        below = below * x + under[i];
    }
    return above / below;
}

/* Algorithm AS 241, PPND16 (Wichura, Applied Statistics 37, 1988, doi:10.2307/2347330), about the
 * middle and beyond. */
#define MIDDLE 0.425

static inline double
inverse_in_middle(double q)
{
    static const double over[8] = {3.3871328727963666080e0, 1.3314166789178437745e2,
                                   1.9715909503065514427e3, 1.3731693765509461125e4,
                                   4.5921953931549871457e4, 6.7265770927008700853e4,
                                   3.3430575583588128105e4, 2.5090809287301226727e3},
                        under[8] = {1.0,
                                    4.2313330701600911252e1,
                                    6.8718700749205790830e2,
                                    5.3941960214247511077e3,
                                    2.1213794301586595867e4,
                                    3.9307895800092710610e4,
                                    2.8729085735721942674e4,
                                    5.2264952788528545610e3};
    return q * ratio(over, under, 0.180625 - q * q);
}

static double
inverse_in_tails(double p)
{
    static const double tail_over[8] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                                        5.76949722146069140550e0,  3.64784832476320460504e0,
                                        1.27045825245236838258e0,  2.41780725177450611770e-1,
                                        2.27238449892691845833e-2, 7.74545014278341407640e-4},
                        tail_under[8] = {1.0,
                                         2.05319162663775882187e0,
                                         1.67638483018380384940e0,
                                         6.89767334985100004550e-1,
                                         1.48103976427480074590e-1,
                                         1.51986665636164571966e-2,
                                         5.47593808499534494600e-4,
                                         1.05075007164441684324e-9},
                        far_over[8] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                                       1.78482653991729133580e0,  2.96560571828504891230e-1,
                                       2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                       2.71155556874348757815e-5, 2.01033439929228813265e-7},
                        far_under[8] = {1.0,
                                        5.99832206555887937690e-1,
                                        1.36929880922735805310e-1,
                                        1.48753612908506148525e-2,
                                        7.86869131145613259100e-4,
                                        1.84631831751005468180e-5,
                                        1.42151175831644588870e-7,
                                        2.04426310338993978564e-15};
    const double r = sqrt(-chx__ln(p < 0.5 ? p : 1 - p));
    const double x =
        r <= 5 ? ratio(tail_over, tail_under, r - 1.6) : ratio(far_over, far_under, r - 5);
    return p < 0.5 ? -x : x;
}

double
chx__normal_inverse(double p)
{
    const double q = p - 0.5;
    return fabs(q) <= MIDDLE ? inverse_in_middle(q) : inverse_in_tails(p);
}

/* What is wrong in the tails, all at once, is mended there. */
CHX__FOR_EACH_PROCESSOR
static void
fill_middle(const double *restrict p, double *restrict x, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        x[i] = inverse_in_middle(p[i] - 0.5);
}

void
chx__normal_inverses(double *p, uint32_t n)
{
    double x[TOGETHER];
    for (uint32_t begin = 0, count; begin < n; begin += count) {
        count = n - begin < TOGETHER ? n - begin : TOGETHER;
        fill_middle(p + begin, x, count);
        for (uint32_t i = 0; i < count; i++) {
            double *own = &p[begin + i];
            *own = fabs(*own - 0.5) <= MIDDLE ? x[i] : inverse_in_tails(*own);
        }
    }
}
