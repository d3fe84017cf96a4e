/* Sources and targets are drawn evenly, counts from a geometric distribution with the mean of the
 * fly's, 3.6, and 65 of 100 sources excite. All follows from the synapse's number by the step
 * of SplitMix64 (Steele and others 2014, doi:10.1145/2714064.2660195), so that any language
 * makes the same in a few lines. The logarithm is the only place where machines could differ; the
 * sums would tell. */
#include "wiring.h"

#include <math.h>

static const uint64_t stream = 783;

static uint64_t
mix(uint64_t z)
{
    z += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static bool
excites(uint32_t pre)
{
    return (double)(mix(pre + (stream << 20)) >> 32) < 0.65 * 4294967296.0;
}

void
wiring_make(double contact_pa, double delay_ms, chx_synapse *synapses, wiring_sums *sums)
{
    const double log_more = log(1.0 - 1.0 / 3.6);
    *sums = (wiring_sums){0};
    for (uint64_t k = 0; k < WIRING_SYNAPSES; k++) {
        uint64_t x = 2 * k + (stream << 40);
        uint64_t a = mix(x), b = mix(x + 1);
        uint32_t pre = (uint32_t)((a >> 32) * WIRING_NEURONS >> 32);
        uint32_t post = (uint32_t)((a & 0xffffffffu) * WIRING_NEURONS >> 32);
        double even = ((double)(b >> 11) + 0.5) * 0x1p-53;
        int64_t contacts = 1 + (int64_t)floor(log(even) / log_more);
        int64_t count = excites(pre) ? contacts : -contacts;
        synapses[k] =
            (chx_synapse){pre, post, (float)((double)count * contact_pa), (float)delay_ms};
        sums->pre += pre;
        sums->post += post;
        sums->counts += count;
        sums->contacts += (uint64_t)contacts;
        sums->n_positive += count > 0;
    }
}

bool
wiring_is_known(const wiring_sums *sums)
{
    return sums->pre == 1045920810444u && sums->post == 1046134469232u && sums->counts == 16092626;
}
