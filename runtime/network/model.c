/* The models that there are, and what all of them have in common: parameters are checked one by one
 * against the bounds in the table; how they must fit together only the model knows. Checks look at
 * the very floats that the kernels get, so that what is accepted can be simulated. */
#include "network/model.h"

#include <math.h>

const chx__model *
chx__type_model(const chx_neuron_type *type)
{
    (void)type;
    return &chx__model_lif;
}

double
chx__type_get(const chx_neuron_type *type, const chx__parameter *parameter)
{
    return *(const double *)((const char *)&type->params + parameter->offset);
}

void
chx__type_set(chx_neuron_type *type, const chx__parameter *parameter, double value)
{
    *(double *)((char *)&type->params + parameter->offset) = value;
}

/* NULL, or what is wrong with the value. */
static const char *
range_fault(chx__range range, double value)
{
    switch (range) {
    case CHX__RANGE_POSITIVE:
        return isfinite(value) && value > 0 ? NULL : "must be a number above 0";
    case CHX__RANGE_NOT_NEGATIVE:
        return isfinite(value) && value >= 0 ? NULL : "must be a number of at least 0";
    case CHX__RANGE_POTENTIAL:
        return fabs(value) <= CHX__MAX_MAGNITUDE ? NULL : "must be a number between -1e12 and 1e12";
    case CHX__RANGE_CURRENT:
        return chx__current_check(value) ? NULL : CHX__CURRENT_SENTENCE;
    }
    return NULL;
}

bool
chx__type_prepare(const chx_neuron_type *type, double time_step_ms, chx__prepared *to,
                  chx__fault *fault)
{
    const chx__model *model = chx__type_model(type);
    for (uint32_t i = 0; i < model->n_parameters; i++) {
        const chx__parameter *parameter = &model->parameters[i];
        const char *sentence = range_fault(parameter->range, chx__type_get(type, parameter));
        if (sentence) {
            *fault = (chx__fault){parameter->name, sentence};
            return false;
        }
    }
    return model->prepare(&type->params, time_step_ms, to, fault);
}

float
chx__propagator(double value)
{
    return fabs(value) < 0x1p-60 ? 0 : (float)value;
}
