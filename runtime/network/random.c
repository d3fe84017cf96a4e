/* Philox4x32-10 as the kernels have it. The key is the seed, marked so that nothing here shares
 * numbers with the stimuli of the same seed; the counter is a block's number, a row, a projection
 * and what the numbers are for, of which the block's upper bits share a word with the last. */
#include "network/random.h"

#include <string.h>

#include "base/processor.h"
#include "network/model.h"

typedef uint32_t uint; /* OpenCL C's */

static inline uint32_t
mul_hi(uint32_t a, uint32_t b)
{
    return (uint32_t)((uint64_t)a * b >> 32);
}

#define PHILOX_UINT uint32_t
#include "common/philox.h"

#define KEY_MARK 0x70726F6Au
#define MAX_BELOW_WORD UINT64_C(0x100000000)

enum { WHO, VALUES };

static inline void
draw_block(uint64_t seed, uint32_t projection, uint32_t row, uint64_t block, uint32_t purpose,
           uint32_t words[4])
{
    uint32_t x = (uint32_t)block, y = row, z = projection;
    uint32_t w = purpose | (uint32_t)(block >> 32) << 1;
    CHX_PHILOX_DRAW(x, y, z, w, (uint32_t)seed, (uint32_t)(seed >> 32) ^ KEY_MARK);
    words[0] = x;
    words[1] = y;
    words[2] = z;
    words[3] = w;
}

/* Of 52 bits, so that half a step more is exact: they are those of a number from 1 up to 2. */
static inline double
unit_of(uint32_t high, uint32_t low)
{
    const uint64_t bits = ((uint64_t)high << 32 | low) >> 12 | UINT64_C(1023) << 52;
    double above;
    memcpy(&above, &bits, sizeof above);
    return (above - 1) + 0x1p-53;
}

chx__random
chx__random_begin(uint64_t seed, uint32_t projection, uint32_t row)
{
    return (chx__random){.seed = seed, .projection = projection, .row = row};
}

static uint32_t
next_word(chx__random *random)
{
    if (random->n_left == 0) {
        draw_block(random->seed, random->projection, random->row, random->n_blocks++, WHO,
                   random->words);
        random->n_left = 4;
    }
    return random->words[--random->n_left];
}

double
chx__random_unit(chx__random *random)
{
    const uint32_t high = next_word(random);
    return unit_of(high, next_word(random));
}

/* Lemire's way (ACM TOMACS 29, 2019, doi:10.1145/3230636): the product's upper half, but for those
 * few words that would make some numbers likelier. */
static uint32_t
word_below(chx__random *random, uint32_t n)
{
    uint64_t product = (uint64_t)next_word(random) * n;
    if ((uint32_t)product < n) {
        const uint32_t uneven = (0u - n) % n;
        while ((uint32_t)product < uneven)
            product = (uint64_t)next_word(random) * n;
    }
    return (uint32_t)(product >> 32);
}

uint64_t
chx__random_below(chx__random *random, uint64_t n)
{
    if (n < MAX_BELOW_WORD)
        return word_below(random, (uint32_t)n);
    uint64_t mask = n - 1, drawn;
    for (int shift = 1; shift < 64; shift *= 2)
        mask |= mask >> shift;
    do {
        const uint64_t high = next_word(random);
        drawn = (high << 32 | next_word(random)) & mask;
    } while (drawn >= n);
    return drawn;
}

CHX__FOR_EACH_PROCESSOR
void
chx__random_values(uint64_t seed, uint32_t projection, uint32_t row, uint64_t first, uint32_t n,
                   double *restrict units, double *restrict others)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t words[4];
        draw_block(seed, projection, row, first + i, VALUES, words);
        units[i] = unit_of(words[0], words[1]);
        others[i] = unit_of(words[2], words[3]);
    }
}

/* In the places of projections that no network has so many of. */
static double
draw_of_neuron(uint64_t seed, uint32_t place, uint32_t neuron)
{
    uint32_t words[4];
    draw_block(seed, UINT32_MAX - place, neuron, 0, VALUES, words);
    return unit_of(words[0], words[1]);
}

double
chx__random_initial(uint64_t seed, uint32_t state, uint32_t neuron)
{
    return draw_of_neuron(seed, state, neuron);
}

double
chx__random_parameter(uint64_t seed, uint32_t parameter, uint32_t neuron)
{
    return draw_of_neuron(seed, CHX__MODEL_MAX_STATES + parameter, neuron);
}
