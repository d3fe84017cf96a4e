/*
 * A model that a user wrote, chx_model: one file of OpenCL C, whose head, a comment, declares what
 * chx__model wants to know (docs/models.md). Constant once it is made, but for the number of those
 * who hold it: its maker and the networks whose types have it.
 */
#ifndef CHX_NETWORK_OWN_MODEL_H
#define CHX_NETWORK_OWN_MODEL_H

#include <stdatomic.h>

#include <chronaxie/program.h>

#include "network/model.h"

/* What a parameter may be, beside what its range in the table says. */
typedef struct chx__bounds {
    double least, most; /* infinite without */
    bool is_above, is_below; /* the bound itself is excluded */
    char sentence[96];
} chx__bounds;

/* A state or a constant: what it begins as, or is. */
typedef struct chx__own_value {
    const char *name;
    const char *formula;
} chx__own_value;

struct chx_model {
    chx__model table; /* its constants: time_step_ms, the parameters, those of the head */
    atomic_uint n_holders;
    char *path;
    const char *file; /* the last part of path */
    char *text; /* of the file; */
    size_t size;
    size_t code_offset; /* its code begins here, */
    unsigned code_line; /* in this line, */
    size_t step_offset; /* and in that its MODEL_STEP, */
    unsigned step_line; /* in this line */
    char *head; /* words that the following point into */
    chx__parameter parameters[CHX__MODEL_MAX_PARAMETERS];
    chx__bounds bounds[CHX__MODEL_MAX_PARAMETERS];
    uint32_t n_parameters;
    chx__own_value states[CHX__MODEL_MAX_STATES];
    uint32_t n_states;
    const char *state_names[CHX__MODEL_MAX_STATES];
    const char *ports[CHX__MODEL_MAX_PORTS];
    uint32_t n_ports;
    chx__own_value constants[CHX__MODEL_MAX_CONSTANTS];
    uint32_t n_constants; /* of the head */
    float idle[CHX__MODEL_MAX_CONSTANTS];
};

/* Reads the head of model->text into the model, and where the code begins (own_head.c). Errors:
 * FORMAT with file and line, MEMORY. */
chx_status chx__own_head_read(chx_model *model);

/* As chx__model.prepare(), of one parameter after the other. */
bool chx__own_prepare(const chx_model *model, const double *values, double time_step_ms,
                      chx__prepared *to, chx__fault *fault);

/* The model within the frame. Errors: as chx_program_from_source(). */
chx_status chx__own_program(const chx_model *model, chx_runtime *runtime, const char *options,
                            chx_program **program);

/* Another holder; chx_model_destroy() is its counterpart. */
chx_model *chx__own_hold(const chx_model *model);

#endif
