/* Weighted least squares in closed form, with 1 / value^2 as a point's weight, which makes errors
 * relative. Where the best line has a negative part, the best without that part is taken. */
#include "base/line.h"

#define SAME_SIZE 1e-9 /* of what the determinant is without rounding */

void
chx__points_add(chx__points *points, double size, double value)
{
    double weight = 1 / (value * value);
    points->weights += weight;
    points->sizes += weight * size;
    points->squares += weight * size * size;
    points->values += weight * value;
    points->products += weight * size * value;
}

chx__line
chx__points_fit(const chx__points *of)
{
    double whole = of->weights * of->squares, determinant = whole - of->sizes * of->sizes;
    if (determinant <= SAME_SIZE * whole)
        return (chx__line){0, of->products / of->squares};
    double slope = (of->weights * of->products - of->sizes * of->values) / determinant;
    double at_zero = (of->values - slope * of->sizes) / of->weights;
    if (slope < 0)
        return (chx__line){of->values / of->weights, 0};
    return at_zero < 0 ? (chx__line){0, of->products / of->squares} : (chx__line){at_zero, slope};
}
