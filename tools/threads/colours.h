/* The colours of the plain C drawing: light, tissue, bloom and tone, as tables. */
#ifndef THREADS_COLOURS_H
#define THREADS_COLOURS_H

#include <stdint.h>

#define THREADS_AGES 2048 /* light by ticks / 16 */
#define THREADS_LEVELS 4096
#define THREADS_LIT_BEFORE 137u /* light from which on it shows before all that is silent */

/* Curves are indexed by value / 8 up to 8192, by (value - 8192) / 256 + 1024 above. */
#define THREADS_CURVE 2048

typedef struct threads_colours {
    uint16_t light[THREADS_AGES];
    uint32_t emission[THREADS_LEVELS][4]; /* q15; hides, q8 */
    uint32_t haze[THREADS_CURVE][3]; /* q16 */
    uint16_t tone[THREADS_CURVE];
    uint32_t tissue[64][3]; /* q16 */
    uint32_t cosine[257], secant[257], facing[257];
} threads_colours;

/* Inferno. */
void threads_colours_fill(threads_colours *colours);

static inline unsigned
threads_curve(uint32_t value)
{
    if (value < 8192)
        return value / 8;
    unsigned index = (value - 8192) / 256 + 1024;
    return index < THREADS_CURVE ? index : THREADS_CURVE - 1;
}

#endif
