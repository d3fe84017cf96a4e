/* A line through measured points: what something takes by its size. */
#ifndef CHX_BASE_LINE_H
#define CHX_BASE_LINE_H

typedef struct chx__line {
    double at_zero;
    double per_unit;
} chx__line;

/* Points, as far as a line needs them; begin with zeroes. */
typedef struct chx__points {
    double weights, sizes, squares, values, products;
} chx__points;

/* The size and the value are above zero. */
void chx__points_add(chx__points *points, double size, double value);

/* The line with the least sum of squared relative errors, without a negative part, so that small
 * values count as much as large ones. Through zero where there is one size only. Needs a point. */
chx__line chx__points_fit(const chx__points *points);

static inline double
chx__line_at(chx__line line, double size)
{
    return line.at_zero + size * line.per_unit;
}

#endif
