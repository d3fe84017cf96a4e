/*
 * Learning: weights that change with the times of spikes on both sides of a synapse, by pairs.
 *
 * A synapse is 0 to 1 of its plasticity's greatest weight, w. With t the steps in which its source
 * fires and r + d those in which a spike of its target, of step r, gets back to it after its delay:
 *
 *   at r + d   w = min(1, w + potentiation (1 - w)^exponent x), where x has gone up by 1 at each t
 *              before and decays; or is 1 at the last of them where pairing is with the nearest
 *   at t       w = max(0, w - depression w^exponent y), where y has gone up by 1 at each r + d
 *              before and decays, or likewise; then the spike takes w along
 *
 * A spike of the target changes nothing that anyone sees before the source fires, so it waits for
 * that, in the target's `posts`. From time to time all that wait are worked off in a sweep, so that
 * a bounded number of them needs to be kept. Each change is made by itself, in the order of time:
 * when sweeps come does not matter to a bit.
 *
 * A source's synapses in a group belong to one work-item. `sources` holds what that knows of it:
 *
 *   word 0  the step of its last spike, plus 1; 0 before there is one
 *   word 1  how far its synapses are: all of r + d up to here has been dealt with
 *   then    x just after its last spike, float, for each plasticity that learns
 *
 * `posts` has for each neuron a count of its spikes, their steps in a ring of post_places, and such
 * a ring of y just after them for each plasticity that learns.
 */
#ifndef CHX_KERNELS_LEARNING_H
#define CHX_KERNELS_LEARNING_H

#ifdef POPULATION_LEARNING

#define LEARNING_SOURCE(setup) (2 + POPULATION_N_LEARNING)
#define LEARNING_POSTS(setup) (1 + (setup)->post_places * (1 + POPULATION_N_LEARNING))

/* exp(-steps rate): the same from the table as from the function, which takes longer. */
static float
learning_decay(global const float *table, float rate, uint steps)
{
    if (steps < CHX_POPULATION_DECAYS)
        return table[steps];
    wide_float power;
    WIDE_EXP(power, (wide_float)((float)steps * -rate));
    return power.s0;
}

/* w to an exponent, where those that are usual are exact. */
static float
learning_power(float w, float exponent)
{
    if (exponent == 0.0f)
        return 1.0f;
    if (exponent == 1.0f || w <= 0.0f)
        return w;
    wide_float power;
    WIDE_POW(power, (wide_float)(w), (wide_float)(exponent));
    return power.s0;
}

/* A trace that was `trace` and has decayed, with one more event. */
static float
learning_trace(global const chx_population_plasticity *plasticity, float trace, float decay)
{
    return plasticity->is_nearest ? 1.0f : trace * decay + 1.0f;
}

/* Takes in that a neuron fired. */
static void
learning_fire(constant chx_population_setup *setup, uint neuron, uint step,
              global const chx_population_plasticity *plasticities, global uint *posts)
{
    const uint mask = setup->post_places - 1;
    global uint *own = posts + neuron * LEARNING_POSTS(setup);
    global uint *steps = own + 1;
    const uint count = own[0], place = count & mask, before = (count - 1) & mask;
    const uint since = count > 0 ? step - steps[before] : 0;
    for (uint l = 0; l < POPULATION_N_LEARNING; l++) {
        global const chx_population_plasticity *plasticity =
            &plasticities[POPULATION_N_SHORT_TERM + l];
        global float *traces = (global float *)(steps + (l + 1) * setup->post_places);
        const float decay =
            learning_decay(plasticity->depression_decays, plasticity->depression_rate, since);
        traces[place] = learning_trace(plasticity, count > 0 ? traces[before] : 0.0f, decay);
    }
    steps[place] = step;
    own[0] = count + 1;
}

/* A synapse after all that got back to it up to step `now`, and, where its source fires then, after
 * that. source and target are those of `sources` and `posts`. */
static float
learning_advance(constant chx_population_setup *setup, float w, uint l, uint delay, uint now,
                 bool fires, global const chx_population_plasticity *plasticity,
                 global const uint *source, global const uint *target)
{
    const uint places = setup->post_places, mask = places - 1, last = source[0], done = source[1];
    global const uint *steps = target + 1;
    uint end = target[0], kept = min(end, places); /* of those before end */
    for (; kept > 0 && steps[(end - 1) & mask] + delay > now; kept--)
        end--;
    uint n = 0;
    while (last > 0 && n < kept && steps[(end - n - 1) & mask] + delay > done)
        n++;
    for (; n > 0; n--) {
        const uint since = steps[(end - n) & mask] + delay - (last - 1);
        const float decay =
            learning_decay(plasticity->potentiation_decays, plasticity->potentiation_rate, since);
        const float x = as_float(source[2 + l]) * decay;
        const float power = learning_power(1.0f - w, plasticity->potentiation_exponent);
        if (x >= POPULATION_TINY)
            w = fmin(w + plasticity->potentiation * power * x, 1.0f);
    }
    if (fires && kept > 0 && steps[(end - 1) & mask] + delay == now) {
        end--;
        kept--;
    }
    if (fires && kept > 0) {
        const uint place = (end - 1) & mask, since = now - delay - steps[place];
        const float decay =
            learning_decay(plasticity->depression_decays, plasticity->depression_rate, since);
        const float y = as_float(steps[(l + 1) * places + place]) * decay;
        const float power = learning_power(w, plasticity->depression_exponent);
        if (y >= POPULATION_TINY)
            w -= plasticity->depression * power * y;
    }
    return w >= POPULATION_TINY ? w : 0.0f;
}

/* Takes in that a source fired, once its synapses have. */
static void
learning_fired(constant chx_population_setup *setup, uint step,
               global const chx_population_plasticity *plasticities, global uint *source)
{
    const uint since = step + 1 - source[0];
    for (uint l = 0; l < POPULATION_N_LEARNING; l++) {
        global const chx_population_plasticity *plasticity =
            &plasticities[POPULATION_N_SHORT_TERM + l];
        const float before = source[0] > 0 ? as_float(source[2 + l]) : 0.0f;
        const float decay =
            learning_decay(plasticity->potentiation_decays, plasticity->potentiation_rate, since);
        source[2 + l] = as_uint(learning_trace(plasticity, before, decay));
    }
    source[0] = step + 1;
    source[1] = step;
}

#endif

#endif
