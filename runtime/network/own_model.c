/* A user's model from its file to a program. What the kernel multiplies with is computed here, in
 * double precision, and checked as the floats that it gets: finite, and not denormal. Unlike the
 * built-in models nobody knows what the code does to its state, so tiny state is tidied away in
 * every step, and lanes without a neuron, whose spikes the frame drops, get no numbers at all.
 *
 * The program is the head as macros, neuron/model.h, the macros of the file, block_begin.h, the
 * step of the file, and population.cl; the file keeps its own lines. So it becomes what a built-in
 * model's file is by its includes. */
#include "network/own_model.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "network/formula.h"
#include "network/frame.h"
#include "network/own_code.h"

#define MAX_BYTES ((size_t)1 << 20)
#define MAX_SYMBOLS (1 + CHX__MODEL_MAX_PARAMETERS + CHX__MODEL_MAX_CONSTANTS)

static void
free_model(chx_model *model)
{
    free(model->path);
    free(model->text);
    free(model->head);
    free(model);
}

static void
fill_table(chx_model *model)
{
    for (uint32_t i = 0; i < CHX__MODEL_MAX_CONSTANTS; i++)
        model->idle[i] = NAN;
    for (uint32_t i = 0; i < model->n_states; i++)
        model->state_names[i] = model->states[i].name;
    model->table = (chx__model){
        .name = model->file,
        .own = model,
        .parameters = model->parameters,
        .n_parameters = model->n_parameters,
        .states = model->state_names,
        .n_states = model->n_states,
        .n_ports = model->n_ports,
        .ports = model->ports,
        .n_constants = 1 + model->n_parameters + model->n_constants,
        .idle = model->idle,
    };
}

static chx_status
read_file(chx_model *model)
{
    const char *step = NULL;
    chx_status status = chx__file_read_text(model->path, MAX_BYTES, &model->text, &model->size);
    if (status)
        return status;
    if (strlen(model->text) != model->size)
        return chx__fail(CHX_ERROR_FORMAT, "%s:1: holds a NUL; a model is a text", model->path);
    status = chx__own_head_read(model);
    if (!status)
        status = chx__own_code_check(model->path, model->text + model->code_offset,
                                     model->code_line, &step, &model->step_line);
    if (!status)
        model->step_offset = (size_t)(step - model->text);
    return status;
}

chx_status
chx_model_from_file(const char *path, chx_model **model)
{
    CHX__REQUIRE(path && model);
    chx_model *made = chx__alloc(1, sizeof *made);
    if (!made)
        return chx__fail_memory("reading a model");
    atomic_init(&made->n_holders, 1);
    made->path = chx__strdup(path);
    chx_status status = made->path ? read_file(made) : chx__fail_memory("reading a model");
    if (status) {
        free_model(made);
        return status;
    }
    const char *slash = strrchr(made->path, '/');
    made->file = slash ? slash + 1 : made->path;
    fill_table(made);
    *model = made;
    return CHX_OK;
}

void
chx_model_destroy(chx_model **model)
{
    if (!model || !*model)
        return;
    chx_model *old = *model;
    *model = NULL;
    if (atomic_fetch_sub(&old->n_holders, 1) == 1)
        free_model(old);
}

chx_model *
chx__own_hold(const chx_model *model)
{
    chx_model *held = (chx_model *)model;
    atomic_fetch_add(&held->n_holders, 1);
    return held;
}

/* A value as the kernel gets it. */
static bool
as_float(const char *name, double value, float *to, chx__fault *fault)
{
    if (!(fabs(value) <= FLT_MAX))
        return chx__model_fail(fault, name,
                               "is no number, or none that a float holds, with these parameters; "
                               "see its formula at the head of the model's file");
    *to = fabs(value) < FLT_MIN ? 0 : (float)value;
    return true;
}

static bool
check_bounds(const chx_model *model, const double *values, chx__fault *fault)
{
    for (uint32_t i = 0; i < model->n_parameters; i++) {
        const chx__bounds *bounds = &model->bounds[i];
        const double value = values[i];
        if (!(bounds->is_above ? value > bounds->least : value >= bounds->least) ||
            !(bounds->is_below ? value < bounds->most : value <= bounds->most))
            return chx__model_fail(fault, model->parameters[i].name, bounds->sentence);
    }
    return true;
}

static bool
compute(const chx__own_value *of, const chx__symbol *symbols, uint32_t n_symbols, double *value,
        chx__fault *fault)
{
    const char *sentence, *place;
    return chx__formula_compute(of->formula, symbols, n_symbols, value, &sentence, &place) ||
           chx__model_fail(fault, of->name, sentence);
}

bool
chx__own_prepare(const chx_model *model, const double *values, double time_step_ms,
                 chx__prepared *to, chx__fault *fault)
{
    chx__symbol symbols[MAX_SYMBOLS] = {{"time_step_ms", time_step_ms}};
    uint32_t n = 1;
    double value = 0;
    if (!check_bounds(model, values, fault))
        return false;
    *to = (chx__prepared){0};
    for (uint32_t i = 0; i < model->n_parameters; i++) {
        symbols[n++] = (chx__symbol){model->parameters[i].name, values[i]};
        if (strcmp(model->parameters[i].name, "bias_pa") == 0)
            to->bias_pa = (float)values[i];
        if (strcmp(model->parameters[i].name, "refractory_ms") == 0)
            to->refractory_ms = values[i];
    }
    for (uint32_t i = 0; i < model->n_constants; i++) {
        if (!compute(&model->constants[i], symbols, n, &value, fault))
            return false;
        symbols[n++] = (chx__symbol){model->constants[i].name, value};
    }
    for (uint32_t i = 0; i < n; i++)
        if (!as_float(symbols[i].name, symbols[i].value, &to->constants[i], fault))
            return false;
    for (uint32_t i = 0; i < model->n_states; i++)
        if (!compute(&model->states[i], symbols, n, &value, fault) ||
            !as_float(model->states[i].name, value, &to->initial[i], fault))
            return false;
    return true;
}

/* Marks and quotes would end the name of a file in a line mark. */
static char *
shown_path(const chx_model *model)
{
    char *shown = chx__strdup(model->path);
    for (char *at = shown; at && *at; at++)
        if (*at == '"' || *at == '\\' || *at == '\n')
            *at = '_';
    return shown;
}

static void
write_program(FILE *stream, const chx_model *model, const char *shown,
              char *const frame[CHX__FRAME_TEXTS])
{
    fputs("#define MODEL_STATE(each)", stream);
    for (uint32_t i = 0; i < model->n_states; i++)
        fprintf(stream, " each(%s)", model->states[i].name);
    fputs("\n#define MODEL_PORTS(each)", stream);
    for (uint32_t i = 0; i < model->n_ports; i++)
        fprintf(stream, " each(%s)", model->ports[i]);
    fputs("\n#define MODEL_CONSTANTS(each) each(time_step_ms)", stream);
    for (uint32_t i = 0; i < model->n_parameters; i++)
        fprintf(stream, " each(%s)", model->parameters[i].name);
    for (uint32_t i = 0; i < model->n_constants; i++)
        fprintf(stream, " each(%s)", model->constants[i].name);
    fprintf(stream, "\n%s", frame[0]);
    fprintf(stream, "#line %u \"%s\"\n%.*s\n", model->code_line, shown,
            (int)(model->step_offset - model->code_offset), model->text + model->code_offset);
    fprintf(stream, "%s", frame[1]);
    fprintf(stream, "#line %u \"%s\"\n%s\n", model->step_line, shown,
            model->text + model->step_offset);
    fprintf(stream, "%s", frame[2]);
}

chx_status
chx__own_program(const chx_model *model, chx_runtime *runtime, const char *options,
                 chx_program **program)
{
    char *frame[CHX__FRAME_TEXTS] = {NULL}, *text = NULL;
    size_t size = 0;
    char *shown = shown_path(model);
    char *quiet = chx__format("-w %s", options);
    FILE *stream = shown && quiet ? open_memstream(&text, &size) : NULL;
    chx_status status = stream ? CHX_OK : chx__fail_memory("making a program");
    if (!status)
        status = chx__frame_read(runtime, frame);
    if (!status)
        write_program(stream, model, shown, frame);
    if (stream && fclose(stream) != 0 && !status)
        status = chx__fail_memory("making a program");
    if (!status)
        status = chx_program_from_source(runtime, shown, text,
                                         &(chx_program_params){.options = quiet}, program);
    for (int i = 0; i < CHX__FRAME_TEXTS; i++)
        free(frame[i]);
    free(text);
    free(quiet);
    free(shown);
    return status;
}
