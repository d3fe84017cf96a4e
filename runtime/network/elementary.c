/* Only additions, multiplications, divisions and square roots, which IEEE 754 rounds in one way,
 * and operations that are exact; the build forbids fusing them. Written for networks that are drawn
 * alike everywhere, not for speed: each takes some 10 ns. */
#include "network/elementary.h"

#include <math.h>

/* ln 2 in two parts: multiples of the first by exponents are exact. */
#define LN2_HIGH 0x1.62e42fee00000p-1
#define LN2_LOW 0x1.a39ef35793c76p-33
#define LN2_INVERSE 1.4426950408889634
#define SQRT_HALF 0.70710678118654752

#define N_ODD 12 /* 0.1716^(2 x 12) is below 2^-53 */
#define N_TAYLOR 15 /* 0.3466^15 / 15! is below 2^-53 */

/* 2 atanh(s) for |s| <= 0.1716. */
static double
twice_atanh(double s)
{
    const double square = s * s;
    double sum = 0;
    for (int i = N_ODD; i > 0; i--)
        sum = (sum + 1.0 / (2 * i + 1)) * square;
    return 2 * s + 2 * s * sum;
}

double
chx__ln(double x)
{
    int exponent;
    double mantissa = frexp(x, &exponent);
    if (mantissa < SQRT_HALF) {
        mantissa *= 2;
        exponent--;
    }
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

double
chx__exp(double x)
{
    if (x < -700)
        return 0;
    if (x > 700)
        return INFINITY;
    const double exponent = floor(x * LN2_INVERSE + 0.5);
    const double rest = (x - exponent * LN2_HIGH) - exponent * LN2_LOW;
    double sum = 1;
    for (int i = N_TAYLOR; i > 0; i--)
        sum = 1 + sum * rest / i;
    return ldexp(sum, (int)exponent);
}

static double
ratio(const double over[8], const double under[8], double x)
{
    double above = over[7], below = under[7];
    for (int i = 6; i >= 0; i--) {
        above = above * x + over[i];
        below = below * x + under[i];
    }
    return above / below;
}

/* Algorithm AS 241, PPND16 (Wichura, Applied Statistics 37, 1988, doi:10.2307/2347330). */
double
chx__normal_inverse(double p)
{
    static const double middle_over[8] = {3.3871328727963666080e0, 1.3314166789178437745e2,
                                          1.9715909503065514427e3, 1.3731693765509461125e4,
                                          4.5921953931549871457e4, 6.7265770927008700853e4,
                                          3.3430575583588128105e4, 2.5090809287301226727e3},
                        middle_under[8] = {1.0,
                                           4.2313330701600911252e1,
                                           6.8718700749205790830e2,
                                           5.3941960214247511077e3,
                                           2.1213794301586595867e4,
                                           3.9307895800092710610e4,
                                           2.8729085735721942674e4,
                                           5.2264952788528545610e3},
                        tail_over[8] = {1.42343711074968357734e0,  4.63033784615654529590e0,
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
    const double q = p - 0.5;
    if (fabs(q) <= 0.425)
        return q * ratio(middle_over, middle_under, 0.180625 - q * q);
    const double r = sqrt(-chx__ln(q < 0 ? p : 1 - p));
    const double x =
        r <= 5 ? ratio(tail_over, tail_under, r - 1.6) : ratio(far_over, far_under, r - 5);
    return q < 0 ? -x : x;
}
