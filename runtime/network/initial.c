/* What neurons begin as: each state of a type from a distribution, or from what the model says.
 * Numbers are drawn by seed, state and neuron, so they depend on no partition or device. */
#include "network/initial.h"

#include <math.h>
#include <string.h>

#include "network/random.h"

/* The model's state of that name, or n_states. */
static uint32_t
find_state(const chx__model *model, const char *name)
{
    uint32_t i = 0;
    while (i < model->n_states && !(name && strcmp(model->states[i], name) == 0))
        i++;
    return i;
}

bool
chx__initial_prepare(const chx_neuron_type *type, const chx__model *model, chx__prepared *to,
                     chx__fault *fault)
{
    for (uint32_t i = 0; i < type->n_initial; i++) {
        const chx_initial *from = &type->initial[i];
        const uint32_t state = find_state(model, from->state);
        if (state == model->n_states)
            return chx__model_fail(fault, "initial",
                                   "names a state that the model lacks; docs/models.md lists them");
        if (to->is_drawn[state])
            return chx__model_fail(fault, "initial", "names a state twice");
        to->is_drawn[state] = true;
        const char *wrong = chx__quantiles_prepare(&from->value, &to->drawn[state]);
        if (wrong)
            return chx__model_fail(fault, "initial", wrong);
        for (int end = 0; end < 2; end++) {
            const double value =
                chx__quantiles_at(&to->drawn[state], end == 0 ? 0x1p-53 : 1 - 0x1p-53);
            if (!(fabs(value) <= CHX__MAX_MAGNITUDE))
                return chx__model_fail(fault, "initial",
                                       "can come out beyond -1e12 to 1e12; give it min and max");
        }
    }
    return true;
}

float
chx__initial_draw(const chx__prepared *prepared, uint64_t seed, uint32_t state, uint32_t neuron)
{
    if (!prepared->is_drawn[state])
        return prepared->initial[state];
    const double unit = chx__random_initial(seed, state, neuron);
    return chx__initial_value(prepared, state, chx__quantiles_at(&prepared->drawn[state], unit));
}

float
chx__initial_value(const chx__prepared *prepared, uint32_t state, double value)
{
    const float kept = (float)(state == 0 ? value - prepared->origin_mv : value);
    return fabsf(kept) < CHX__TINY ? 0 : kept;
}
