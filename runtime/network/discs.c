/* A disc is filled as a sunflower is (Vogel, Mathematical Biosciences 44, 1979,
 * doi:10.1016/0025-5564(79)90080-4): each next neuron a golden angle further on, at a distance that
 * grows with the square root of its number. Angles are turned by multiplication, as sines may
 * differ between machines. Discs stand in rows, in the order of the types, each row about the same
 * middle, as many in one as make all rows together about as wide as a picture. */
#include "network/discs.h"

#include <math.h>

#define GOLDEN_COSINE -0.737368878078319
#define GOLDEN_SINE 0.675490294261524
#define ROOT_PI 1.772453850905516
#define ROWS_ASPECT 1.7 /* discs beside each other over discs above each other */
#define GAP 4 /* between discs, in units of the spacing */

static uint32_t
end_of_run(const chx_neuron *neurons, uint32_t begin, uint32_t n_neurons)
{
    uint32_t end = begin;
    while (end < n_neurons && neurons[end].type == neurons[begin].type)
        end++;
    return end;
}

/* Such that a neuron has the square of the spacing to itself. */
static double
radius_um(uint32_t n, double spacing_um)
{
    return sqrt(n) * spacing_um / ROOT_PI;
}

static void
fill(chx_neuron *neurons, uint32_t n, const double centre_um[2], double spacing_um)
{
    double across = 1, up = 0;
    for (uint32_t i = 0; i < n; i++) {
        const double from_centre = sqrt(i + 0.5) * spacing_um / ROOT_PI;
        neurons[i].position_um[0] = (float)(centre_um[0] + across * from_centre);
        neurons[i].position_um[1] = (float)(centre_um[1] + up * from_centre);
        neurons[i].position_um[2] = 0;
        const double next_across = across * GOLDEN_COSINE - up * GOLDEN_SINE;
        const double next_up = across * GOLDEN_SINE + up * GOLDEN_COSINE;
        const double length = sqrt(next_across * next_across + next_up * next_up);
        across = next_across / length;
        up = next_up / length;
    }
}

/* What a row of up to n discs takes, and where it ends. */
static uint32_t
measure(const chx_neuron *neurons, uint32_t begin, uint32_t n_neurons, uint32_t n_discs,
        double spacing_um, double size_um[2])
{
    size_um[0] = size_um[1] = 0;
    for (uint32_t i = 0; i < n_discs && begin < n_neurons; i++) {
        const uint32_t end = end_of_run(neurons, begin, n_neurons);
        const double side_um = 2 * radius_um(end - begin, spacing_um) + GAP * spacing_um;
        size_um[0] += side_um;
        size_um[1] = fmax(size_um[1], side_um);
        begin = end;
    }
    return begin;
}

static void
place_row(chx_neuron *neurons, uint32_t begin, uint32_t end, double left_um, double middle_um,
          double spacing_um)
{
    while (begin < end) {
        const uint32_t next = end_of_run(neurons, begin, end);
        const double half_um = radius_um(next - begin, spacing_um) + GAP * spacing_um / 2;
        const double centre_um[2] = {left_um + half_um, middle_um};
        fill(neurons + begin, next - begin, centre_um, spacing_um);
        left_um += 2 * half_um;
        begin = next;
    }
}

/* The widest and the sum of the heights of all rows. */
static void
measure_rows(const chx_neuron *neurons, uint32_t begin, uint32_t n_neurons, uint32_t n_discs,
             double spacing_um, double size_um[2])
{
    size_um[0] = size_um[1] = 0;
    while (begin < n_neurons) {
        double row_um[2];
        begin = measure(neurons, begin, n_neurons, n_discs, spacing_um, row_um);
        size_um[0] = fmax(size_um[0], row_um[0]);
        size_um[1] += row_um[1];
    }
}

/* The middle of what is about to be drawn: beside what is there, halfway up. */
static void
find_middle(const chx_neuron *neurons, uint32_t n_placed, double width_um, double middle_um[2])
{
    double right_um = -INFINITY, low_um = INFINITY, high_um = -INFINITY;
    middle_um[0] = middle_um[1] = 0;
    for (uint32_t i = 0; i < n_placed; i++) {
        right_um = fmax(right_um, (double)neurons[i].position_um[0]);
        low_um = fmin(low_um, (double)neurons[i].position_um[1]);
        high_um = fmax(high_um, (double)neurons[i].position_um[1]);
    }
    if (n_placed > 0) {
        middle_um[0] = right_um + width_um / 2;
        middle_um[1] = (low_um + high_um) / 2;
    }
}

void
chx__discs_place(chx_neuron *neurons, uint32_t n_placed, uint32_t n_neurons, double spacing_um)
{
    uint32_t n_discs = 0;
    for (uint32_t i = n_placed; i < n_neurons; i = end_of_run(neurons, i, n_neurons))
        n_discs++;
    const uint32_t n_beside = (uint32_t)ceil(sqrt(n_discs * ROWS_ASPECT));
    double all_um[2], middle_um[2], row_um[2];
    measure_rows(neurons, n_placed, n_neurons, n_beside, spacing_um, all_um);
    find_middle(neurons, n_placed, all_um[0], middle_um);
    double top_um = middle_um[1] + all_um[1] / 2;
    for (uint32_t begin = n_placed; begin < n_neurons;) {
        const uint32_t end = measure(neurons, begin, n_neurons, n_beside, spacing_um, row_um);
        place_row(neurons, begin, end, middle_um[0] - row_um[0] / 2, top_um - row_um[1] / 2,
                  spacing_um);
        top_um -= row_um[1];
        begin = end;
    }
}
