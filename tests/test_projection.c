/* Synapses by rule: degrees, moments, exclusions, that they are the same everywhere, and what is
 * refused. Bounds of five standard errors with fixed seeds: a test passes always or never. */
#include <chronaxie/network.h>

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alone.h"
#include "base/alloc.h"
#include "network/distribution.h"
#include "network/elementary.h"
#include "network/projection.h"

#define N 1000

static chx_network *network;
static chx_neuron neurons[N];
static char names[N][8];
static uint32_t all[N]; /* sources are the first, targets often the last */

static const chx_neuron_type type = {.name = "t", .params = {10, 10, 5, -65, -50, -65, 5, 0}};
static chx_network_info given;

static void
setup(void)
{
    for (uint32_t i = 0; i < N; i++) {
        snprintf(names[i], sizeof names[i], "%u", i);
        all[i] = i;
        neurons[i] =
            (chx_neuron){.name = names[i], .diameter_um = 1, .position_um = {(float)i, 0, 0}};
    }
    given = (chx_network_info){.name = "n",
                               .time_step_ms = 0.1,
                               .duration_ms = 10,
                               .seed = 1,
                               .n_types = 1,
                               .types = &type,
                               .n_neurons = N,
                               .neurons = neurons,
                               .n_projections = 1};
    network = NULL;
}

static void
teardown(void)
{
    chx_network_destroy(&network);
}

/* From the first n_from neurons to the last n_to. */
static chx_projection
project(chx_rule rule, uint32_t n_from, uint32_t n_to)
{
    return (chx_projection){.rule = rule,
                            .from = all,
                            .n_from = n_from,
                            .to = all + N - n_to,
                            .n_to = n_to,
                            .weight_pa = {.mean = 2},
                            .delay_ms = {.mean = 1.5}};
}

static const chx_network_info *
draw(const chx_projection *projection)
{
    given.projections = projection;
    chx_network_destroy(&network);
    ck_assert_msg(chx_network_create(&given, &network) == CHX_OK, "%s", chx_last_error()->message);
    const chx_network_info *info = chx_network_get(network);
    ck_assert_uint_eq(info->n_projections, 0);
    ck_assert_ptr_null(info->projections);
    return info;
}

/* FNV-1a over all synapses, field by field. */
static uint64_t
digest(const chx_network_info *info)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (uint64_t i = 0; i < info->n_synapses; i++) {
        uint32_t words[4] = {info->synapses[i].pre, info->synapses[i].post};
        memcpy(&words[2], &info->synapses[i].weight_pa, 4);
        memcpy(&words[3], &info->synapses[i].delay_ms, 4);
        for (int k = 0; k < 16; k++)
            hash = (hash ^ (words[k / 4] >> k % 4 * 8 & 255)) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static uint32_t in[N], out[N];
static uint64_t n_selves, n_doubles;

static void
count(const chx_network_info *info)
{
    memset(in, 0, sizeof in);
    memset(out, 0, sizeof out);
    n_selves = n_doubles = 0;
    bool is_sorted = true;
    for (uint64_t i = 0; i < info->n_synapses; i++) {
        const chx_synapse *at = &info->synapses[i];
        out[at->pre]++;
        in[at->post]++;
        n_selves += at->pre == at->post;
        n_doubles += i > 0 && at[-1].pre == at->pre && at[-1].post == at->post;
        is_sorted &=
            i == 0 || at[-1].pre < at->pre || (at[-1].pre == at->pre && at[-1].post <= at->post);
    }
    ck_assert(is_sorted);
}

/* |value - mean| within five standard deviations. */
static void
ck_within(double value, double mean, double deviation)
{
    ck_assert_msg(fabs(value - mean) <= 5 * deviation, "%g is not %g +- 5 x %g", value, mean,
                  deviation);
}

START_TEST(projection_all_to_all_joins_each_pair_once)
{
    chx_projection projection = project(CHX_RULE_ALL_TO_ALL, 600, 500);
    const chx_network_info *info = draw(&projection);
    ck_assert_uint_eq(info->n_synapses, 600 * 500 - 100);
    count(info);
    ck_assert_uint_eq(n_selves + n_doubles, 0);
    ck_assert(info->synapses[0].weight_pa == 2 && info->synapses[0].delay_ms == 1.5f);
    projection.with_self = true;
    count(draw(&projection));
    ck_assert_uint_eq(n_selves, 100);
    ck_assert_uint_eq(n_doubles, 0);
}
END_TEST

START_TEST(projection_one_to_one_joins_in_order)
{
    const uint32_t from[] = {5, 3, 9, 7}, to[] = {6, 8, 2, 7};
    chx_projection projection = project(CHX_RULE_ONE_TO_ONE, 4, 4);
    projection.from = from;
    projection.to = to;
    const chx_network_info *info = draw(&projection);
    ck_assert_uint_eq(info->n_synapses, 3);
    ck_assert_uint_eq(info->synapses[0].pre, 3);
    ck_assert_uint_eq(info->synapses[0].post, 8);
    ck_assert_uint_eq(info->synapses[2].pre, 9);
    ck_assert_uint_eq(info->synapses[2].post, 2);
}
END_TEST

/* Degrees of a binomial, whose variance's own standard error is about its square root of 2 / n. */
START_TEST(projection_bernoulli_has_the_moments_of_a_binomial)
{
    static const double probabilities[] = {0.001, 0.02, 0.1, 0.24, 0.26, 0.5, 0.99};
    const double p = probabilities[_i], n = N - 1;
    chx_projection projection = project(CHX_RULE_PAIRWISE_BERNOULLI, N, N);
    projection.probability = p;
    const chx_network_info *info = draw(&projection);
    count(info);
    ck_assert_uint_eq(n_selves + n_doubles, 0);
    ck_within((double)info->n_synapses, N * n * p, sqrt(N * n * p * (1 - p)));
    const double variance = n * p * (1 - p), kurtosis = 1 / variance;
    double in_sum = 0, out_sum = 0;
    for (int i = 0; i < N; i++) {
        in_sum += (in[i] - n * p) * (in[i] - n * p) / N;
        out_sum += (out[i] - n * p) * (out[i] - n * p) / N;
    }
    ck_within(in_sum, variance, variance * sqrt((2 + kurtosis) / N));
    ck_within(out_sum, variance, variance * sqrt((2 + kurtosis) / N));
}
END_TEST

START_TEST(projection_bernoulli_of_0_and_1_is_none_and_all)
{
    chx_projection projection = project(CHX_RULE_PAIRWISE_BERNOULLI, 600, 500);
    ck_assert_uint_eq(draw(&projection)->n_synapses, 0);
    projection.probability = 1;
    ck_assert_uint_eq(draw(&projection)->n_synapses, 600 * 500 - 100);
    projection.probability = 1e-300;
    ck_assert_uint_eq(draw(&projection)->n_synapses, 0);
}
END_TEST

/* Neurons stand on a line, 1 um apart: how many of the pairs at a distance are joined. */
START_TEST(projection_bernoulli_falls_with_distance)
{
    static uint32_t joined[N];
    const bool is_gaussian = _i == 1;
    chx_projection projection = project(CHX_RULE_PAIRWISE_BERNOULLI, N, N);
    projection.probability = 0.8;
    if (is_gaussian)
        projection.sigma_um = 100;
    else
        projection.decay_um = 100;
    const chx_network_info *info = draw(&projection);
    memset(joined, 0, sizeof joined);
    for (uint64_t i = 0; i < info->n_synapses; i++)
        joined[abs((int)info->synapses[i].pre - (int)info->synapses[i].post)]++;
    for (int d = 1; d < 300; d++) {
        const double x = d / 100.0, n = 2 * (N - d);
        const double p = 0.8 * exp(is_gaussian ? -x * x / 2 : -x);
        ck_within(joined[d], n * p, sqrt(n * p * (1 - p)));
    }
}
END_TEST

/* Rule, number, sources and targets, which overlap: few of many, and most. */
static const struct {
    chx_rule rule;
    uint32_t synapses, n_from, n_to;
} fixed[] = {
    {CHX_RULE_FIXED_INDEGREE, 40, 600, 500},   {CHX_RULE_FIXED_INDEGREE, 599, 600, 500},
    {CHX_RULE_FIXED_INDEGREE, 550, 600, 500},  {CHX_RULE_FIXED_OUTDEGREE, 40, 600, 500},
    {CHX_RULE_FIXED_OUTDEGREE, 499, 600, 500}, {CHX_RULE_FIXED_TOTAL, 20000, 600, 500},
    {CHX_RULE_FIXED_TOTAL, 250000, 600, 500},  {CHX_RULE_FIXED_TOTAL, 299900, 600, 500},
    {CHX_RULE_FIXED_TOTAL, 1, 600, 500},       {CHX_RULE_FIXED_INDEGREE, 1, 1, 999},
    {CHX_RULE_FIXED_TOTAL, 4000, N, N}, /* so few of many that a hash table holds them */
};
#define N_FIXED ((int)(sizeof fixed / sizeof *fixed))

static void
ck_degrees(const chx_network_info *info, int which)
{
    const uint32_t n = fixed[which].synapses, n_from = fixed[which].n_from;
    count(info);
    for (uint32_t i = 0; i < N; i++) {
        const bool is_source = i < n_from, is_target = i >= N - fixed[which].n_to;
        ck_assert(is_source || out[i] == 0);
        ck_assert(is_target || in[i] == 0);
        if (fixed[which].rule == CHX_RULE_FIXED_INDEGREE && is_target)
            ck_assert_uint_eq(in[i], n);
        if (fixed[which].rule == CHX_RULE_FIXED_OUTDEGREE && is_source)
            ck_assert_uint_eq(out[i], n);
    }
    if (fixed[which].rule == CHX_RULE_FIXED_TOTAL)
        ck_assert_uint_eq(info->n_synapses, n);
}

START_TEST(projection_fixed_rules_have_exact_numbers)
{
    chx_projection projection = project(fixed[_i].rule, fixed[_i].n_from, fixed[_i].n_to);
    projection.synapses = fixed[_i].synapses;
    ck_degrees(draw(&projection), _i);
    ck_assert_uint_eq(n_selves, 0);
    ck_assert(fixed[_i].synapses == 1 || n_doubles > 0);
    projection.without_multiple = true;
    ck_degrees(draw(&projection), _i);
    ck_assert_uint_eq(n_selves + n_doubles, 0);
    projection.with_self = true;
    ck_degrees(draw(&projection), _i);
    ck_assert_uint_eq(n_doubles, 0);
    projection.without_multiple = false;
    projection.synapses *= 2;
    const chx_network_info *info = draw(&projection);
    count(info);
    ck_assert(info->n_synapses < 10000 || n_selves > 0);
}
END_TEST

/* Of what a fixed rule leaves open, every neuron gets a binomial share; a hypergeometric one, which
 * varies less, without multiple synapses. */
START_TEST(projection_fixed_rules_draw_evenly)
{
    for (int without = 0; without < 2; without++) {
        chx_projection projection = project(fixed[_i].rule, fixed[_i].n_from, fixed[_i].n_to);
        projection.synapses = fixed[_i].synapses;
        projection.with_self = true;
        projection.without_multiple = without;
        const chx_network_info *info = draw(&projection);
        count(info);
        const bool by_source = fixed[_i].rule != CHX_RULE_FIXED_OUTDEGREE;
        const uint32_t n = by_source ? fixed[_i].n_from : fixed[_i].n_to;
        const double share = (double)info->n_synapses / n;
        const double part = (double)info->n_synapses / fixed[_i].n_from / fixed[_i].n_to;
        const double variance = without ? share * (1 - part) : share * (1 - 1.0 / n);
        for (uint32_t i = 0; i < n; i++)
            ck_within(by_source ? out[i] : in[N - n + i], share, sqrt(variance) + 0.2);
    }
}
END_TEST

/* Moments of what is drawn by inversion, of values that all lie within the bounds. */
static void
ck_values(const chx_distribution *from, double mean, double variance, double fourth)
{
    enum { MANY = 250000 };
    chx_projection projection = project(CHX_RULE_FIXED_OUTDEGREE, 500, 500);
    projection.synapses = MANY / 500;
    projection.weight_pa = *from;
    const chx_network_info *info = draw(&projection);
    ck_assert_uint_eq(info->n_synapses, MANY);
    double sum = 0, squares = 0;
    for (uint64_t i = 0; i < MANY; i++) {
        const double value = info->synapses[i].weight_pa;
        if (from->min != 0 || from->max != 0)
            ck_assert(value >= (double)(float)from->min && value <= (double)(float)from->max);
        sum += value / MANY;
        squares += (value - mean) * (value - mean) / MANY;
    }
    ck_within(sum, mean, sqrt(variance / MANY));
    ck_within(squares, variance, sqrt((fourth - variance * variance) / MANY));
}

START_TEST(projection_values_have_the_moments_of_their_distribution)
{
    ck_values(&(chx_distribution){CHX_DISTRIBUTION_NORMAL, .mean = 80, .sd = 9}, 80, 81,
              3 * 81 * 81);
    ck_values(&(chx_distribution){CHX_DISTRIBUTION_UNIFORM, .min = -3, .max = 9}, 3, 12,
              12.0 * 12.0 * 12.0 * 12.0 / 80);
    /* The half of a normal distribution that is above its mean. */
    const double half = sqrt(2 / acos(-1.0)), rest = 1 - half * half;
    ck_values(&(chx_distribution){CHX_DISTRIBUTION_NORMAL, .mean = 0, .sd = 1, .max = INFINITY},
              half, rest, 3 - 2 * half * half - 3 * half * half * half * half);
    for (int sign = -1; sign < 2; sign += 2) {
        /* Of lognormal ones in w = 1 + (sd/mean)^2: kurtosis w^4 + 2w^3 + 3w^2 - 3. */
        const double w = 1 + 0.25, kurtosis = w * w * w * w + 2 * w * w * w + 3 * w * w - 3;
        ck_values(&(chx_distribution){CHX_DISTRIBUTION_LOGNORMAL, .mean = sign * 8.0, .sd = 4},
                  sign * 8.0, 16, kurtosis * 256);
    }
}
END_TEST

START_TEST(projection_values_outside_are_clipped_where_that_is_asked)
{
    chx_projection projection = project(CHX_RULE_ALL_TO_ALL, 500, 500);
    projection.delay_ms = (chx_distribution){
        CHX_DISTRIBUTION_NORMAL, .mean = 1, .sd = 0.5, .min = 1, .max = 1.5, .is_clipped = true};
    const chx_network_info *info = draw(&projection);
    uint32_t n_low = 0, n_high = 0;
    for (uint64_t i = 0; i < info->n_synapses; i++) {
        n_low += info->synapses[i].delay_ms == 1;
        n_high += info->synapses[i].delay_ms == 1.5f;
    }
    const double n = (double)info->n_synapses, p = 0.158655253931457;
    ck_within(n_low, n / 2, sqrt(n / 4));
    ck_within(n_high, n * p, sqrt(n * p * (1 - p)));
}
END_TEST

START_TEST(elementary_functions_are_those_of_the_library)
{
    for (double x = 1e-300; x < 1e300; x *= 1.37)
        ck_assert(fabs(chx__ln(x) - log(x)) <= 4e-16 * fabs(log(x)) + 1e-16);
    for (double x = 1e-12; x < 1; x *= 1.1)
        ck_assert(fabs(chx__ln_rest(x) / log1p(-x) - 1) <= 1e-15);
    ck_assert(chx__ln_rest(1) == -INFINITY && chx__ln_rest(0) == 0);
    for (double x = -700; x < 700; x += 0.77)
        ck_assert(fabs(chx__exp(x) / exp(x) - 1) <= 1e-15);
    for (double x = -8; x < 8; x += 0.01) {
        const double p = 0.5 * erfc(-x / sqrt(2));
        const double density = exp(-x * x / 2) / sqrt(2 * acos(-1.0));
        ck_assert(fabs(chx__normal_inverse(p) - x) <= 1e-14 + 4e-16 * p / density);
    }
}
END_TEST

/* All rules with drawn values, one after the other. */
static uint64_t
draw_everything(void)
{
    enum { N_ALL = 8 };
    chx_projection list[N_ALL];
    for (int i = 0; i < N_ALL; i++) {
        list[i] = project(i < 6    ? (chx_rule)(i + 1)
                          : i == 6 ? CHX_RULE_FIXED_TOTAL
                                   : CHX_RULE_FIXED_INDEGREE,
                          500, 500);
        list[i].probability = 0.3;
        list[i].decay_um = i % 2 ? 0 : 300;
        list[i].synapses = 77;
        list[i].without_multiple = i >= 6;
        list[i].weight_pa = (chx_distribution){CHX_DISTRIBUTION_NORMAL, .mean = -2, .sd = 3};
        list[i].delay_ms = (chx_distribution){CHX_DISTRIBUTION_LOGNORMAL, .mean = 1.5, .sd = 0.5,
                                              .min = 0.1, .max = INFINITY};
    }
    given.n_projections = N_ALL;
    given.seed = UINT64_C(0x123456789abcdef);
    return digest(draw(list));
}

START_TEST(projection_draws_the_same_everywhere)
{
    ck_assert_uint_eq(draw_everything(), UINT64_C(11217859992077650867));
}
END_TEST

START_TEST(projection_draws_the_same_by_one_thread)
{
    const uint64_t expected = draw_everything();
    test_forbid_threads();
    ck_assert_uint_eq(draw_everything(), expected);
}
END_TEST

START_TEST(projection_depends_on_seed_and_index)
{
    chx_projection two[2];
    two[0] = two[1] = project(CHX_RULE_PAIRWISE_BERNOULLI, 500, 500);
    two[0].probability = two[1].probability = 0.1;
    two[1].weight_pa.mean = 3;
    const uint64_t first = digest(draw(two));
    given.seed++;
    ck_assert_uint_ne(digest(draw(two)), first);
    given.n_projections = 2;
    const chx_network_info *info = draw(two);
    uint64_t n_both = 0;
    for (uint64_t i = 1; i < info->n_synapses; i++)
        n_both += info->synapses[i - 1].pre == info->synapses[i].pre &&
                  info->synapses[i - 1].post == info->synapses[i].post;
    ck_within((double)n_both, 250000 * 0.01, sqrt(250000 * 0.01));
}
END_TEST

START_TEST(projection_adds_to_listed_synapses)
{
    const chx_synapse listed[] = {{7, 3, 5, 2}, {0, 999, 4, 1}};
    given.n_synapses = 2;
    given.synapses = listed;
    chx_projection projection = project(CHX_RULE_ONE_TO_ONE, 2, 2);
    const chx_network_info *info = draw(&projection);
    ck_assert_uint_eq(info->n_synapses, 4);
    ck_assert_uint_eq(info->synapses[0].post, 998);
    ck_assert_uint_eq(info->synapses[1].post, 999);
    ck_assert(info->synapses[1].weight_pa == 4);
    ck_assert_uint_eq(info->synapses[3].pre, 7);
    ck_assert(fabs(info->max_delay_ms - 2) < 1e-9);
}
END_TEST

#define NORMAL CHX_DISTRIBUTION_NORMAL
#define LOGNORMAL CHX_DISTRIBUTION_LOGNORMAL
#define UNIFORM CHX_DISTRIBUTION_UNIFORM
#define WEIGHT .weight_pa = {.mean = 2}
#define DELAY .delay_ms = {.mean = 1}
#define BETWEEN .from = all, .n_from = 10, .to = all, .n_to = 20
#define INDEGREE .rule = CHX_RULE_FIXED_INDEGREE, BETWEEN, WEIGHT, DELAY
#define OUTDEGREE .rule = CHX_RULE_FIXED_OUTDEGREE, BETWEEN, WEIGHT, DELAY
#define TOTAL .rule = CHX_RULE_FIXED_TOTAL, BETWEEN, WEIGHT, DELAY
#define BERNOULLI .rule = CHX_RULE_PAIRWISE_BERNOULLI, BETWEEN, WEIGHT, DELAY
#define ALL .rule = CHX_RULE_ALL_TO_ALL, BETWEEN

static const uint32_t twice[] = {4, 5, 4}, beyond[] = {4, N};

static const struct {
    chx_projection projection;
    const char *says;
} broken[] = {
    {{BETWEEN, WEIGHT, DELAY}, "projections[0]: rule must be all_to_all, one_to_one, pairwise"},
    {{.rule = (chx_rule)7, BETWEEN, WEIGHT, DELAY}, "projections[0]: rule must be"},
    {{.rule = CHX_RULE_ONE_TO_ONE, BETWEEN, WEIGHT, DELAY},
     "projections[0]: rule one_to_one needs as many sources as targets; correct from and to"},
    {{.rule = CHX_RULE_ALL_TO_ALL, .to = all, .n_to = 1, WEIGHT, DELAY}, "from holds no neurons"},
    {{.rule = CHX_RULE_ALL_TO_ALL, .from = all, .n_from = 1, WEIGHT, DELAY}, "to holds no neurons"},
    {{.rule = CHX_RULE_ALL_TO_ALL, .from = twice, .n_from = 3, .to = all, .n_to = 1, WEIGHT, DELAY},
     "from holds a neuron twice; name each once"},
    {{.rule = CHX_RULE_ALL_TO_ALL,
      .from = all,
      .n_from = 1,
      .to = beyond,
      .n_to = 2,
      WEIGHT,
      DELAY},
     "to holds a neuron that the network does not have"},
    {{BERNOULLI, .probability = -0.1}, "probability must lie between 0 and 1"},
    {{BERNOULLI, .probability = 1.1}, "probability must lie between 0 and 1"},
    {{BERNOULLI, .probability = NAN}, "probability must lie between 0 and 1"},
    {{BERNOULLI, .decay_um = -1}, "decay_um must be above 0"},
    {{BERNOULLI, .sigma_um = INFINITY}, "sigma_um must be above 0"},
    {{BERNOULLI, .sigma_um = 1, .decay_um = 1}, "sigma_um stands beside decay_um; choose one"},
    {{INDEGREE}, "synapses must be 1 or more"},
    {{INDEGREE, .synapses = 1u << 31}, "synapses must be at most 2147483647 for one neuron"},
    {{INDEGREE, .synapses = 10, .without_multiple = true},
     "synapses is more than there are sources for a target; lower it or let multiple be true"},
    {{OUTDEGREE, .synapses = 20, .without_multiple = true},
     "synapses is more than there are targets for a source; lower it or let multiple be true"},
    {{TOTAL, .synapses = 191, .without_multiple = true},
     "synapses is more than there are pairs of neurons; lower it or let multiple be true"},
    {{.rule = CHX_RULE_FIXED_INDEGREE,
      .from = all,
      .n_from = 1,
      .to = all,
      .n_to = 2,
      .synapses = 1,
      WEIGHT,
      DELAY},
     "synapses cannot be met: a neuron would have to be joined with itself; let self be true"},
    {{ALL, DELAY, .weight_pa = {.mean = 1e13}}, "weight_pa has a mean beyond 1e12"},
    {{ALL, DELAY, .weight_pa = {.mean = 1e-13}}, "weight_pa must be 0, or 1e-12 to 1e12"},
    {{ALL, WEIGHT}, "delay_ms is shorter than time_step_ms"},
    {{ALL, WEIGHT, .delay_ms = {.mean = 1e9}}, "delay_ms is longer than 1048576 time steps"},
    {{ALL, DELAY, .weight_pa = {(chx_distribution_kind)4, 1}}, "weight_pa must be a number, or a"},
    {{ALL, DELAY, .weight_pa = {NORMAL, .mean = 1}}, "weight_pa must have an sd above 0"},
    {{ALL, DELAY, .weight_pa = {NORMAL, .mean = 1, .sd = NAN}}, "weight_pa must have an sd above"},
    {{ALL, DELAY, .weight_pa = {NORMAL, .mean = 1, .sd = 5e11}}, "weight_pa must be 0, or 1e-12"},
    {{ALL, DELAY, .weight_pa = {LOGNORMAL, .sd = 1}}, "weight_pa must have a mean that is not 0"},
    {{ALL, DELAY, .weight_pa = {UNIFORM, .min = 2, .max = 1}}, "must have a min below its max"},
    {{ALL, DELAY, .weight_pa = {UNIFORM}}, "weight_pa must have a min below its max"},
    {{ALL, DELAY, .weight_pa = {UNIFORM, .min = 1, .max = INFINITY}}, "must have a min and a max"},
    {{ALL, DELAY, .weight_pa = {NORMAL, .mean = 1, .sd = 1, .min = 3, .max = 3}},
     "weight_pa must have a min below its max"},
    {{ALL, DELAY, .weight_pa = {NORMAL, .mean = 1, .sd = 1, .min = 9, .max = 10}},
     "weight_pa has nearly all of its values outside min and max; widen them, or let outside be"},
    {{ALL, WEIGHT, .delay_ms = {NORMAL, .mean = 1, .sd = 0.2}},
     "delay_ms can come out shorter than time_step_ms; give it a min of a time step or more"},
    {{ALL, WEIGHT, .delay_ms = {LOGNORMAL, .mean = 900, .sd = 900, .min = 1, .max = INFINITY}},
     "delay_ms can come out longer than 1048576 time steps; give it a lower max"},
};
#define N_BROKEN ((int)(sizeof broken / sizeof *broken))

START_TEST(projection_that_cannot_be_drawn_is_refused)
{
    given.projections = &broken[_i].projection;
    ck_assert_int_eq(chx_network_create(&given, &network), CHX_ERROR_FORMAT);
    ck_assert_ptr_null(network);
    ck_assert_msg(strstr(chx_last_error()->message, broken[_i].says), "%s",
                  chx_last_error()->message);
}
END_TEST

START_TEST(projection_of_too_many_synapses_is_a_limit)
{
    static const struct {
        chx_rule rule;
        uint64_t synapses;
    } rules[] = {{CHX_RULE_FIXED_TOTAL, UINT64_MAX},
                 {CHX_RULE_FIXED_TOTAL, (UINT64_C(1) << 40) + 1},
                 {CHX_RULE_FIXED_INDEGREE, 2147483647},
                 {CHX_RULE_FIXED_OUTDEGREE, 2147483647}};
    for (int i = 0; i < 4; i++) {
        chx_projection projection = project(rules[i].rule, N, N);
        projection.synapses = rules[i].synapses;
        given.projections = &projection;
        ck_assert_int_eq(chx_network_create(&given, &network), CHX_ERROR_LIMIT);
        ck_assert_str_eq(chx_last_error()->message,
                         "projections[0]: synapses makes more synapses than any memory holds, 2^40 "
                         "in all; make the network smaller");
    }
}
END_TEST

/* A million synapses of two projections that overlap, with values that differ; no two alike. */
static void
draw_many(chx_projection projections[2])
{
    projections[0] = project(CHX_RULE_FIXED_INDEGREE, N, N);
    projections[0].synapses = 930;
    projections[1] = project(CHX_RULE_PAIRWISE_BERNOULLI, N / 2, N / 2);
    projections[1].probability = 0.5;
    projections[1].decay_um = 2000;
    for (int i = 0; i < 2; i++) {
        projections[i].weight_pa =
            (chx_distribution){.kind = CHX_DISTRIBUTION_NORMAL, .mean = i ? -8 : 2, .sd = 0.5};
        projections[i].delay_ms = (chx_distribution){
            .kind = CHX_DISTRIBUTION_LOGNORMAL, .mean = 1 + i, .sd = 0.5, .min = 0.1, .max = 50};
    }
    given.n_projections = 2;
    given.projections = projections;
}

START_TEST(projections_of_many_are_listed_when_somebody_asks)
{
    chx_projection projections[2];
    draw_many(projections);
    ck_assert_int_eq(chx_network_create(&given, &network), CHX_OK);
    const chx_network_info *outline = chx_network_outline(network);
    ck_assert_uint_gt(outline->n_synapses, 1000000);
    ck_assert_ptr_null(outline->synapses);
    const uint64_t n = outline->n_synapses;
    const double shortest = outline->min_delay_ms, longest = outline->max_delay_ms;
    /* Plastic synapses are listed from the first, and else the same. */
    const chx_plasticity plasticity = {
        .kind = CHX_PLASTICITY_SHORT_TERM, .utilization = 0.5, .recovery_ms = 100};
    given.n_plasticities = 1;
    given.plasticities = &plasticity;
    chx_network *listed = NULL;
    ck_assert_int_eq(chx_network_create(&given, &listed), CHX_OK);
    const chx_network_info *expected = chx_network_outline(listed);
    ck_assert_ptr_nonnull(expected->synapses);
    ck_assert_uint_eq(n, expected->n_synapses);
    ck_assert_double_eq(shortest, expected->min_delay_ms);
    ck_assert_double_eq(longest, expected->max_delay_ms);
    const chx_network_info *info = chx_network_get(network);
    ck_assert_ptr_eq(info, outline);
    ck_assert_int_eq(memcmp(info->synapses, expected->synapses, n * sizeof *info->synapses), 0);
    chx_network_destroy(&listed);
}
END_TEST

START_TEST(projection_lists_that_are_missing_are_misuse)
{
    chx_projection projection = project(CHX_RULE_ALL_TO_ALL, 1, 1);
    projection.from = NULL;
    given.projections = &projection;
    ck_assert_int_eq(chx_network_create(&given, &network), CHX_ERROR_INVALID);
    given.projections = NULL;
    ck_assert_int_eq(chx_network_create(&given, &network), CHX_ERROR_INVALID);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("projection");
    TCase *tests = tcase_create("projection");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, projection_all_to_all_joins_each_pair_once);
    tcase_add_test(tests, projection_one_to_one_joins_in_order);
    tcase_add_test(tests, projection_bernoulli_of_0_and_1_is_none_and_all);
    tcase_add_loop_test(tests, projection_bernoulli_falls_with_distance, 0, 2);
    tcase_add_test(tests, projection_values_outside_are_clipped_where_that_is_asked);
    tcase_add_test(tests, elementary_functions_are_those_of_the_library);
    tcase_add_test(tests, projection_draws_the_same_everywhere);
    tcase_add_test(tests, projection_draws_the_same_by_one_thread);
    tcase_add_test(tests, projection_depends_on_seed_and_index);
    tcase_add_test(tests, projection_adds_to_listed_synapses);
    tcase_add_loop_test(tests, projection_that_cannot_be_drawn_is_refused, 0, N_BROKEN);
    tcase_add_test(tests, projection_of_too_many_synapses_is_a_limit);
    tcase_add_test(tests, projections_of_many_are_listed_when_somebody_asks);
    tcase_add_test(tests, projection_lists_that_are_missing_are_misuse);
    suite_add_tcase(suite, tests);
    TCase *numbers = tcase_create("large numbers");
    tcase_set_tags(numbers, "slow");
    tcase_add_checked_fixture(numbers, setup, teardown);
    tcase_set_timeout(numbers, 60);
    tcase_add_loop_test(numbers, projection_bernoulli_has_the_moments_of_a_binomial, 0, 7);
    tcase_add_loop_test(numbers, projection_fixed_rules_have_exact_numbers, 0, N_FIXED);
    tcase_add_loop_test(numbers, projection_fixed_rules_draw_evenly, 0, N_FIXED);
    tcase_add_test(numbers, projection_values_have_the_moments_of_their_distribution);
    suite_add_tcase(suite, numbers);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed != 0;
}
