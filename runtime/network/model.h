/*
 * A model: one kind of neuron, as a table. Its parameters with their units, bounds and presets, the
 * names of its state and its kernel's source; and a function that turns parameters and the time
 * step into the constants that the kernel reads.
 *
 * The frame, kernels/neuron/population.cl, is the same for all models and has two parameters of its
 * own, a bias and a refractory time, which each model fills in.
 */
#ifndef CHX_NETWORK_MODEL_H
#define CHX_NETWORK_MODEL_H

#include "network/check.h"
#include "network/distribution.h"

#define CHX__MODEL_MAX_PARAMETERS 32
#define CHX__MODEL_MAX_CONSTANTS 64
#define CHX__MODEL_MAX_STATES 16
#define CHX__MODEL_MAX_PORTS 8

/* Below this magnitude, 2^-40, the kernels tidy state away. */
#define CHX__TINY 9.094947017729282e-13f

typedef enum chx__range {
    CHX__RANGE_POSITIVE = 1, /* finite, above 0 */
    CHX__RANGE_NOT_NEGATIVE, /* finite, at least 0 */
    CHX__RANGE_ANY, /* up to CHX__MAX_MAGNITUDE in magnitude */
    CHX__RANGE_CURRENT, /* the same, and 0 or at least CHX__MIN_CURRENT_PA */
} chx__range;

typedef struct chx__parameter {
    const char *name; /* as in network.json, ending in its unit */
    chx__range range;
    bool is_optional;
    double preset; /* of an optional one */
} chx__parameter;

/* Of the weights of what arrives. */
typedef enum chx__unit {
    CHX__UNIT_PA,
    CHX__UNIT_NS,
    CHX__UNIT_MV,
} chx__unit;

#define CHX__N_UNITS 3

/* What the kernels get for the neurons of one type. */
typedef struct chx__prepared {
    float bias_pa;
    double refractory_ms;
    double origin_mv; /* which the membrane potential, the first of the state, is counted from */
    float least_factor; /* state that nothing drives keeps at least this share of itself a step */
    float constants[CHX__MODEL_MAX_CONSTANTS]; /* of the kernel's MODEL_CONSTANTS */
    float initial[CHX__MODEL_MAX_STATES]; /* what the kernel's MODEL_STATE begins as, */
    bool is_drawn[CHX__MODEL_MAX_STATES]; /* unless it is drawn ... */
    chx__quantiles drawn[CHX__MODEL_MAX_STATES]; /* ... from this, counted from 0 */
} chx__prepared;

typedef struct chx__model {
    const char *name;
    const char *source; /* below kernels/ */
    const struct chx_model *own; /* a user's, of which this is the table (own_model.h); or NULL */
    const chx__parameter *parameters; /* of what prepare() takes, one double after the other */
    uint32_t n_parameters;
    const char *const *states; /* of the kernel's MODEL_STATE, the potential first */
    uint32_t n_states;
    uint32_t n_constants;
    uint32_t n_ports; /* of the kernel's MODEL_PORTS; unless a port is named, negative weights take
                         the second, if there is one */
    const char *const *ports; /* as users call them; NULL where it is one, called input */
    uint32_t release; /* which state graded synapses are told; 0: none */
    chx__unit unit; /* of weights */
    const float *idle; /* constants of a lane without a neuron, with which the kernel never fires */
    /* Of parameters that are in their ranges. False and a fault when they do not fit together or
     * cannot be simulated in floats with this step. NULL where it is a user's. */
    bool (*prepare)(const void *params, double time_step_ms, chx__prepared *to, chx__fault *fault);
} chx__model;

extern const chx__model chx__model_adex;
extern const chx__model chx__model_glif3;
extern const chx__model chx__model_graded;
extern const chx__model chx__model_hh;
extern const chx__model chx__model_izhikevich;
extern const chx__model chx__model_lif;
extern const chx__model chx__model_lif_alpha;
extern const chx__model chx__model_lif_cond;
extern const chx__model chx__model_lif_delta;
extern const chx__model chx__model_relay;

/* What simulates lif where some type has a time constant of its own for inhibition. */
extern const chx__model chx__model_lif_pair;

/* The names of all models, for a sentence. */
#define CHX__MODEL_NAMES \
    "lif, lif_alpha, lif_delta, lif_cond, glif3, adex, izhikevich, hh, graded and relay"

/* The model of that name; that of types without a name for NULL; NULL when there is none. */
const chx__model *chx__model_find(const char *name);

/* What weights in a unit are called in files: "weight_pa" and the like. */
const char *chx__weight_name(chx__unit unit);

/* The port where what has this weight arrives, when none is named. */
static inline uint32_t
chx__model_port(const chx__model *model, double weight)
{
    return model->n_ports > 1 && weight < 0;
}

/* Fills in a fault, for the checks of models. Always false. */
bool chx__model_fail(chx__fault *fault, const char *member, const char *sentence);

/* What is left of a synaptic current after a step, or a fault of tau_synapse_ms. */
bool chx__model_keep(double tau_synapse_ms, double time_step_ms, float *keep, chx__fault *fault);

/* Whether a neuron that was reset does not fire at once, in the very floats that the kernel
 * compares, or a fault of threshold_mv. */
bool chx__model_check_reset(float threshold, float reset, chx__fault *fault);

/* A factor of a linear equation as a float: one so small that its products would be denormal is as
 * good as zero. */
float chx__propagator(double value);

#endif
