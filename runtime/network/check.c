/* What a network may hold, in one place, for files and for callers alike. Bounds come from the
 * kernels: what they multiply with must be neither zero nor denormal nor overflow in a float over
 * any number of steps, steps are counted in 31 bits, squares of positions fit a float. What
 * a model of neurons asks of its parameters is in model.c and the models.
 *
 * A fault is a member and half a sentence; callers add file and line, or array and index. */
#include "network/check.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

/* A simulation counts its steps in 31 bits. */
#define MAX_STEPS 2147483647.0
#define MAX_EVENTS 100.0 /* of a Poisson stimulus in a step, on average */

/* A delay given as float may lie this much below the time step it was written as. */
#define DELAY_TOLERANCE 1e-6

#define MAX_DELAY_STEPS 1048576.0

/* Far beyond any animal, and squares of it still fit a float. */
#define MAX_UM 1e9f

static bool
fail(chx__fault *fault, const char *member, const char *sentence)
{
    *fault = (chx__fault){member, sentence};
    return false;
}

static bool
is_positive(double value)
{
    return isfinite(value) && value > 0.0;
}

/* Jansson's strings are valid UTF-8 or not at all. */
static bool
is_utf8(const char *text, size_t length)
{
    json_t *string = json_stringn(text, length);
    json_decref(string);
    return string != NULL;
}

bool
chx__type_name_check(const char *name, size_t length, chx__fault *fault)
{
    bool is_ascii = true;
    if (length == 0)
        return fail(fault, "name", "is empty; give every neuron and type a name");
    if (length > 200)
        return fail(fault, "name", "is longer than 200 bytes; shorten it");
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)name[i];
        if (c < ' ' || c == 127)
            return fail(fault, "name", "holds a control character; remove it");
        is_ascii &= c < 128;
    }
    if (!is_ascii && !is_utf8(name, length))
        return fail(fault, "name", "is not UTF-8; save the file as UTF-8");
    return true;
}

bool
chx__file_name_check(const char *name, size_t length, chx__fault *fault)
{
    if (!chx__type_name_check(name, length, fault))
        return false;
    for (size_t i = 0; i < length; i++)
        if (name[i] == '/' || name[i] == '\\')
            return fail(fault, "name",
                        "holds a slash, but names a file of morphologies; leave the folder out");
    if (name[0] == '.')
        return fail(fault, "name",
                    "begins with a dot, but names a file of morphologies; hidden files are "
                    "not read");
    return true;
}

bool
chx__current_check(double current_pa)
{
    return current_pa == 0 ||
           (fabs(current_pa) >= CHX__MIN_CURRENT_PA && fabs(current_pa) <= CHX__MAX_MAGNITUDE);
}

/* What the kernels multiply with must neither vanish nor leave the range in which they compute. */
static bool
is_position(const float position_um[3])
{
    for (int axis = 0; axis < 3; axis++)
        if (!(fabsf(position_um[axis]) <= MAX_UM))
            return false;
    return true;
}

bool
chx__neuron_check(const chx_neuron *neuron, chx__fault *fault)
{
    if (!is_position(neuron->position_um))
        return fail(fault, "position_um",
                    "must be three numbers of at most 1e9 um; check the unit");
    if (!(fabsf(neuron->rotation_deg) <= 3600.0f))
        return fail(fault, "rotation_deg", "must lie between -3600 and 3600");
    for (int axis = 0; axis < 3; axis++)
        if (!(fabsf(neuron->shift_um[axis]) <= 4 * MAX_UM))
            return fail(fault, "shift_um", "must be three numbers of at most 4e9 um");
    if (!(neuron->diameter_um > 0.0f && neuron->diameter_um <= MAX_UM))
        return fail(fault, "diameter_um", "must be above 0 and at most 1e9 um; check the unit");
    return true;
}

bool
chx__synapse_check(const chx_synapse *synapse, double time_step_ms, chx__fault *fault)
{
    if (!chx__current_check((double)synapse->weight_pa))
        return fail(fault, "weight_pa", CHX__CURRENT_SENTENCE);
    if (!isfinite(synapse->delay_ms))
        return fail(fault, "delay_ms", "must be a finite number");
    double delay_steps = (double)synapse->delay_ms / time_step_ms;
    if (delay_steps < 1.0 - DELAY_TOLERANCE)
        return fail(fault, "delay_ms",
                    "is shorter than time_step_ms; lengthen it or shorten the step");
    if (delay_steps >= MAX_DELAY_STEPS + 0.5)
        return fail(fault, "delay_ms", "is longer than 1048576 time steps; check the unit");
    return true;
}

bool
chx__stimulus_check(const chx_stimulus *stimulus, double time_step_ms, chx__fault *fault)
{
    if (stimulus->kind < CHX_STIMULUS_STEP || stimulus->kind > CHX_STIMULUS_SPIKE_TRAIN)
        return fail(fault, "kind", "must be step, poisson or spike_train");
    if (stimulus->kind == CHX_STIMULUS_SPIKE_TRAIN)
        return chx__current_check(stimulus->current_pa) ||
               fail(fault, "weight_pa", CHX__CURRENT_SENTENCE);
    if (!isfinite(stimulus->start_ms) || stimulus->start_ms < 0.0)
        return fail(fault, "start_ms", "must be a number of at least 0");
    if (!isfinite(stimulus->stop_ms) || stimulus->stop_ms <= stimulus->start_ms)
        return fail(fault, "stop_ms", "must be a number above start_ms");
    if (stimulus->stop_ms / time_step_ms > MAX_STEPS)
        return fail(fault, "stop_ms", "is beyond 2147483647 time steps; stop earlier");
    if (!chx__current_check(stimulus->current_pa))
        return fail(fault, "current_pa", CHX__CURRENT_SENTENCE);
    if (stimulus->kind == CHX_STIMULUS_STEP)
        return stimulus->rate_hz == 0.0 ||
               fail(fault, "rate_hz", "belongs to a poisson stimulus; remove it");
    if (!is_positive(stimulus->rate_hz))
        return fail(fault, "rate_hz", "must be a number above 0");
    if (stimulus->rate_hz * time_step_ms > 1000.0 * MAX_EVENTS)
        return fail(fault, "rate_hz", "is more than 100 events in a time step; lower it");
    if (stimulus->rate_hz * time_step_ms * 1e-3 * 0x1p32 < 0.5)
        return fail(fault, "rate_hz",
                    "is so low that no event ever happens; raise it or remove the stimulus");
    return true;
}

bool
chx__node_check(const chx_node *node, chx__fault *fault)
{
    if (!is_position(node->position_um))
        return fail(fault, "position_um",
                    "must be three numbers of at most 1e9 um; check the unit");
    if (!(node->radius_um > 0.0f && node->radius_um <= MAX_UM))
        return fail(fault, "radius_um", "must be above 0 and at most 1e9 um; check the unit");
    return true;
}

bool
chx__view_check(const chx_view *view, chx__fault *fault)
{
    if (view->plane < CHX_PLANE_PRINCIPAL || view->plane > CHX_PLANE_YZ)
        return fail(fault, "plane", "must be principal, xy, xz or yz");
    if (!(fabs(view->azimuth_deg) <= 3600.0))
        return fail(fault, "azimuth_deg", "must lie between -3600 and 3600");
    if (!(fabs(view->elevation_deg) <= 90.0))
        return fail(fault, "elevation_deg", "must lie between -90 and 90");
    if (!(fabs(view->roll_deg) <= 3600.0))
        return fail(fault, "roll_deg", "must lie between -3600 and 3600");
    if (!(view->zoom >= 0.01 && view->zoom <= 10000.0))
        return fail(fault, "zoom", "must lie between 0.01 and 10000");
    if (!(view->speed >= 1e-9 && view->speed <= 1e9))
        return fail(fault, "speed", "must lie between 1e-9 and 1e9");
    if (!(view->conduction_um_per_ms >= 1e-6 && view->conduction_um_per_ms <= 1e9))
        return fail(fault, "conduction_um_per_ms", "must lie between 1e-6 and 1e9");
    if (!(view->decay_ms >= 1e-6 && view->decay_ms <= 1e9))
        return fail(fault, "decay_ms", "must lie between 1e-6 and 1e9");
    return true;
}

bool
chx__time_check(double time_step_ms, double duration_ms, chx__fault *fault)
{
    if (!(time_step_ms >= 1e-6 && time_step_ms <= 1000.0))
        return fail(fault, "time_step_ms", "must lie between 1e-6 and 1000; 0.1 is usual");
    if (!is_positive(duration_ms) || duration_ms / time_step_ms < 1.0 - DELAY_TOLERANCE)
        return fail(fault, "duration_ms", "must be at least one time step");
    if (duration_ms / time_step_ms > MAX_STEPS)
        return fail(fault, "duration_ms", "is beyond 2147483647 time steps; shorten it");
    return true;
}
