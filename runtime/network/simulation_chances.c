/* How many events a Poisson stimulus has in a step: the number is drawn by inversion, from one word
 * of 32 bits. Chance c is the probability of more than c events, in units of 2^-32, and a word has
 * as many events as chances above it. Chances end where they round to 0, so the number is bounded.
 */
#include "network/simulation_tables.h"

#include <math.h>

#include "base/alloc.h"
#include "base/error.h"

/* Writes the chances, or only counts them where there is no room yet. */
static uint32_t
make_chances(double events_a_step, uint32_t *chances)
{
    double share = exp(-events_a_step), more = 1 - share;
    uint32_t n = 0;
    for (;; n++) {
        const double chance = floor(more * 0x1p32 + 0.5);
        if (!(chance >= 1))
            return n;
        if (chances)
            chances[n] = chance < 0x1p32 ? (uint32_t)chance : UINT32_MAX;
        share *= events_a_step / (n + 1);
        more -= share;
    }
}

chx_status
chx__simulation_chances_init(chx__simulation_tables *tables)
{
    const chx_network_info *info = tables->info;
    tables->first_chance = chx__alloc((size_t)info->n_stimuli + 1, sizeof *tables->first_chance);
    if (!tables->first_chance)
        return chx__fail_memory("preparing stimuli");
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t k = 0; k < info->n_stimuli; k++) {
            const chx_stimulus *stimulus = &info->stimuli[k];
            uint32_t *to = tables->chances ? tables->chances + tables->first_chance[k] : NULL;
            const bool is_poisson = stimulus->kind == CHX_STIMULUS_POISSON;
            const double events = stimulus->rate_hz * info->time_step_ms * 1e-3;
            const uint64_t end =
                (uint64_t)tables->first_chance[k] + (is_poisson ? make_chances(events, to) : 0);
            if (end > INT32_MAX)
                return chx__fail(CHX_ERROR_LIMIT, "too many Poisson stimuli; use fewer");
            tables->first_chance[k + 1] = (uint32_t)end;
        }
        if (pass == 0)
            tables->chances =
                chx__alloc(tables->first_chance[info->n_stimuli], sizeof *tables->chances);
        if (!tables->chances)
            return chx__fail_memory("preparing stimuli");
    }
    return CHX_OK;
}
