/* The peer of neuron/model/lif.cl: the same operations on the same floats in the same order,
 * without contraction, so the same bits. Loops run over arrays of members and are compiled for
 * several vector units; the variant is chosen by the loader and changes no result. */
#include "neurons.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One function for each level of vector units, chosen when the program starts. */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

/* Neurons whose state stays in the first cache during a batch. */
#define CHUNK 512

/* Random numbers made side by side. */
#define DRAWN_TOGETHER 64

/* The four words of each counter for one step. */
FOR_EACH_PROCESSOR
static void
draw(const uint32_t *restrict counters, uint32_t n, uint32_t step, uint32_t stimulus, uint64_t seed,
     uint32_t *restrict draws)
{
    for (uint32_t begin = 0; begin < n; begin += DRAWN_TOGETHER) {
        uint32_t c0[DRAWN_TOGETHER] = {0}, c1[DRAWN_TOGETHER], c2[DRAWN_TOGETHER];
        uint32_t c3[DRAWN_TOGETHER] = {0};
        const uint32_t count = n - begin < DRAWN_TOGETHER ? n - begin : DRAWN_TOGETHER;
        uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
        for (uint32_t i = 0; i < count; i++)
            c0[i] = counters[begin + i];
        for (uint32_t i = 0; i < DRAWN_TOGETHER; i++) {
            c1[i] = step;
            c2[i] = stimulus;
        }
        for (int round = 0; round < 10; round++) {
            for (uint32_t i = 0; i < DRAWN_TOGETHER; i++) {
                uint64_t a = (uint64_t)c0[i] * 0xD2511F53u, b = (uint64_t)c2[i] * 0xCD9E8D57u;
                c0[i] = (uint32_t)(b >> 32) ^ c1[i] ^ k0;
                c2[i] = (uint32_t)(a >> 32) ^ c3[i] ^ k1;
                c1[i] = (uint32_t)b;
                c3[i] = (uint32_t)a;
            }
            k0 += 0x9E3779B9u;
            k1 += 0xBB67AE85u;
        }
        uint32_t *to = draws + 4 * (size_t)begin;
        for (uint32_t i = 0; i < count; i++) {
            to[4 * i] = c0[i];
            to[4 * i + 1] = c1[i];
            to[4 * i + 2] = c2[i];
            to[4 * i + 3] = c3[i];
        }
    }
}

/* As many events as chances lie above a neuron's word. */
FOR_EACH_PROCESSOR
static void
add_events(const threads_stimulus *stimulus, const uint32_t *restrict draws, int32_t *input)
{
    const uint32_t n = stimulus->n_neurons, *restrict neurons = stimulus->neurons;
    const uint32_t *restrict words = stimulus->words;
    const int32_t weight = stimulus->weight;
    const bool is_row = neurons[n - 1] - neurons[0] == n - 1;
    int32_t *restrict own = input + neurons[0];
    const uint32_t *restrict drawn = draws + words[0];
    for (uint32_t c = 0; c < stimulus->n_chances; c++) {
        const uint32_t chance = stimulus->chances[c];
        if (is_row)
            for (uint32_t i = 0; i < n; i++)
                own[i] += -(int32_t)(drawn[i] < chance) & weight;
        else
            for (uint32_t i = 0; i < n; i++)
                input[neurons[i]] += -(int32_t)(draws[words[i]] < chance) & weight;
    }
}

static void
add_poisson(threads_neurons *a, const threads_grid *grid, const threads_stimulus *stimulus,
            uint32_t first, uint32_t n_steps)
{
    if (stimulus->n_neurons == 0)
        return;
    for (uint32_t step = first; step < first + n_steps; step++) {
        if (step < stimulus->start_step || step >= stimulus->stop_step)
            continue;
        draw(stimulus->counters, stimulus->n_counters, step, stimulus->index, grid->seed, a->draws);
        add_events(stimulus, a->draws, a->ring + (size_t)(step & (grid->n_slots - 1)) * a->n);
    }
}

/* Spikes are ordered by step; those before `first` are behind for good. */
static void
add_train(threads_neurons *a, const threads_grid *grid, uint32_t k, uint32_t first,
          uint32_t n_steps)
{
    const chx_stimulus *train = &grid->info->stimuli[k];
    uint32_t *i = &a->stimuli[k].next_spike;
    for (; *i < train->n_spikes && train->spikes[*i].step < first + n_steps; ++*i) {
        const chx_spike *spike = &train->spikes[*i];
        if (spike->step >= first && spike->neuron - a->first < a->n)
            a->ring[(size_t)(spike->step & (grid->n_slots - 1)) * a->n + spike->neuron -
                    a->first] += a->stimuli[k].weight;
    }
}

/* Brings `push` up to date when step currents begin or end in this step. */
static void
switch_currents(threads_neurons *a, const threads_grid *grid, uint32_t step)
{
    const chx_network_info *info = grid->info;
    bool changed = false;
    for (uint32_t k = 0; k < info->n_stimuli; k++)
        if (info->stimuli[k].kind == CHX_STIMULUS_STEP)
            changed =
                changed || a->stimuli[k].start_step == step || a->stimuli[k].stop_step == step;
    if (!changed)
        return;
    for (uint32_t n = 0; n < a->n; n++)
        a->push[n] = a->bias[n];
    for (uint32_t k = 0; k < info->n_stimuli; k++) {
        const threads_stimulus *stimulus = &a->stimuli[k];
        if (info->stimuli[k].kind != CHX_STIMULUS_STEP || step < stimulus->start_step ||
            step >= stimulus->stop_step)
            continue;
        for (uint32_t i = 0; i < stimulus->n_neurons; i++)
            a->push[stimulus->neurons[i]] += stimulus->current_pa;
    }
    for (uint32_t n = 0; n < a->n; n++) {
        a->drive[n] = a->push[n];
        a->push[n] = a->p20[n] * a->push[n];
    }
}

/* Brings `push` up to date with the potentials of the step before. */
static void
pull_gaps(threads_neurons *a, const threads_grid *grid, uint32_t step)
{
    const float *told = grid->told[1 - step % 2];
    for (uint32_t n = 0; n < a->n; n++)
        a->pull[n] = 0;
    for (size_t i = 0; i < a->n_sides; i++) {
        const threads_side *side = &a->sides[i];
        const float apart = (told[side->other] - told[a->first + side->own]) + side->offset_mv;
        a->pull[side->own] += side->conductance_ns * apart;
    }
    for (uint32_t n = 0; n < a->n; n++)
        a->push[n] = a->p20[n] * (a->drive[n] + a->pull[n]);
}

/* One step of neurons begin .. end - 1; returns whether any fired. */
FOR_EACH_PROCESSOR
static bool
step_neurons(const threads_neurons *a, int32_t *restrict input, float unit, bool flush,
             uint32_t begin, uint32_t end)
{
    float *restrict v = a->v, *restrict current = a->current;
    int32_t *restrict refractory = a->refractory, *restrict fired = a->fired;
    const float *restrict p22 = a->p22, *restrict p21 = a->p21, *restrict p11 = a->p11;
    const float *restrict push = a->push, *restrict threshold = a->threshold;
    const float *restrict reset = a->reset;
    const int32_t *restrict refractory_steps = a->refractory_steps;
    int32_t any = 0;
#pragma GCC ivdep
    for (uint32_t n = begin; n < end; n++) {
        const float before = v[n], drawn = current[n], back = reset[n];
        const int32_t waits = refractory[n], pause = refractory_steps[n];
        const float moved = p22[n] * before + (p21[n] * drawn + push[n]);
        const float now = waits == 0 ? moved : before;
        const int32_t left = waits > 0 ? waits - 1 : 0;
        const int32_t fires = now >= threshold[n];
        current[n] = p11[n] * drawn + (float)input[n] * unit;
        input[n] = 0;
        v[n] = fires ? back : now;
        refractory[n] = fires ? pause : left;
        fired[n] = fires;
        any |= fires;
    }
    if (flush)
        for (uint32_t n = begin; n < end; n++) {
            v[n] = fabsf(v[n]) >= 0x1p-40f ? v[n] : 0;
            current[n] = fabsf(current[n]) >= 0x1p-40f ? current[n] : 0;
        }
    return any != 0;
}

static bool
list_fired(threads_neurons *a, uint32_t step, uint32_t begin, uint32_t end, unsigned turn)
{
    if (a->list_capacity[turn] < a->list_count[turn] + (end - begin)) {
        size_t capacity = 2 * a->list_capacity[turn] + (end - begin);
        chx_spike *grown = realloc(a->list[turn], capacity * sizeof *grown);
        if (!grown)
            return false;
        a->list[turn] = grown;
        a->list_capacity[turn] = capacity;
    }
    for (uint32_t n = begin; n < end; n++)
        if (a->fired[n])
            a->list[turn][a->list_count[turn]++] = (chx_spike){step, a->first + n};
    return true;
}

static bool
advance_chunk(threads_neurons *a, const threads_grid *grid, uint32_t first, uint32_t n_steps,
              uint32_t begin, uint32_t end, unsigned turn)
{
    const float unit = (float)exp2(-grid->exponent);
    bool complete = true;
    for (uint32_t step = first; step < first + n_steps; step++) {
        int32_t *input = a->ring + (size_t)(step & (grid->n_slots - 1)) * a->n;
        bool flush = grid->always_flush || step % 16 == 0;
        if (step_neurons(a, input, unit, flush, begin, end))
            complete = list_fired(a, step, begin, end, turn) && complete;
    }
    return complete;
}

/* The end of the steps from `first` on in which no step current begins or ends. */
static uint32_t
steady_end(const threads_neurons *a, const threads_grid *grid, uint32_t first, uint32_t end)
{
    for (uint32_t k = 0; k < grid->info->n_stimuli; k++) {
        const threads_stimulus *stimulus = &a->stimuli[k];
        if (stimulus->start_step > first && stimulus->start_step < end)
            end = stimulus->start_step;
        if (stimulus->stop_step > first && stimulus->stop_step < end)
            end = stimulus->stop_step;
    }
    return end;
}

bool
threads_neurons_advance(threads_neurons *a, const threads_grid *grid, uint32_t first,
                        uint32_t n_steps, unsigned turn)
{
    bool complete = true;
    a->list_count[turn] = 0;
    for (uint32_t k = 0; k < grid->info->n_stimuli; k++)
        if (grid->info->stimuli[k].kind == CHX_STIMULUS_POISSON)
            add_poisson(a, grid, &a->stimuli[k], first, n_steps);
        else if (grid->info->stimuli[k].kind == CHX_STIMULUS_SPIKE_TRAIN)
            add_train(a, grid, k, first, n_steps);
    for (uint32_t step = first; step < first + n_steps;) {
        uint32_t end = steady_end(a, grid, step, first + n_steps);
        switch_currents(a, grid, step);
        if (grid->told[0])
            pull_gaps(a, grid, step);
        for (uint32_t begin = 0; begin < a->n; begin += CHUNK) {
            uint32_t chunk_end = begin + CHUNK < a->n ? begin + CHUNK : a->n;
            complete = advance_chunk(a, grid, step, end - step, begin, chunk_end, turn) && complete;
        }
        step = end;
    }
    if (grid->told[0])
        memcpy(grid->told[first % 2] + a->first, a->v, a->n * sizeof(float));
    return complete;
}

void
threads_neurons_receive(threads_neurons *a, const threads_grid *grid, const chx_spike *spikes,
                        size_t n_spikes)
{
    const uint32_t mask = grid->n_slots - 1;
    for (size_t i = 0; i < n_spikes; i++) {
        const uint64_t end = a->offsets[spikes[i].neuron + 1];
        for (uint64_t s = a->offsets[spikes[i].neuron]; s < end; s++) {
            const uint32_t slot = (spikes[i].step + a->delays[s]) & mask;
            a->ring[(size_t)slot * a->n + a->targets[s]] += a->weights[s];
        }
    }
}
