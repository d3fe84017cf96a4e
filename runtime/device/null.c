/* The machine of null devices: its objects, its faults, and what the fleet is told of it. */
#include "device/null.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "device/null_object.h"

#define DEFAULT_MEMORY_BYTES (UINT64_C(1) << 30)
#define DEFAULT_LOCAL_BYTES UINT64_C(32768)
#define DEFAULT_GROUP 256u

static void *
work(void *data)
{
    chx__null *machine = data;
    pthread_mutex_lock(&machine->lock);
    while (!machine->is_closing)
        if (!chx__null_step(machine))
            pthread_cond_wait(&machine->changed, &machine->lock);
    pthread_mutex_unlock(&machine->lock);
    return NULL;
}

chx_status
chx__null_create(const chx__null_params *params, chx__null **machine)
{
    chx__null *made = chx__alloc(1, sizeof *made);
    if (!made)
        return chx__fail_memory("making null devices");
    made->params = *params;
    made->random = params->seed;
    made->busy_ns = chx__alloc(params->n_devices, sizeof *made->busy_ns);
    if (!made->busy_ns) {
        free(made);
        return chx__fail_memory("making null devices");
    }
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->changed, NULL);
    pthread_cond_init(&made->armed, NULL);
    made->has_worker = !params->serial && pthread_create(&made->worker, NULL, work, made) == 0;
    if (!params->serial && !made->has_worker) {
        chx__null_destroy(&made);
        return chx__fail_memory("making null devices");
    }
    *machine = made;
    return CHX_OK;
}

/* A command that failed or hangs has called nobody; whoever waits for the call is let go. */
static void
give_up_callback(const chx__null_command *command)
{
    if (command->done)
        command->done((cl_event)command, CL_DEVICE_NOT_AVAILABLE, command->done_data);
}

static void
free_object(chx__null_object *object)
{
    switch (object->kind) {
    case CHX__NULL_MEMORY:
        if (!((chx__null_memory *)object)->is_shared)
            free(((chx__null_memory *)object)->bytes);
        chx__provenance_finish(&((chx__null_memory *)object)->provenance);
        break;
    case CHX__NULL_PROGRAM:
        free(((chx__null_program *)object)->declarations);
        break;
    case CHX__NULL_COMMAND:
        give_up_callback((chx__null_command *)object);
        free(((chx__null_command *)object)->waits);
        free(((chx__null_command *)object)->arguments);
        break;
    case CHX__NULL_CONTEXT:
    case CHX__NULL_QUEUE:
    case CHX__NULL_KERNEL:
        break;
    }
    free(object);
}

void
chx__null_destroy(chx__null **machine)
{
    if (!machine || !*machine)
        return;
    chx__null *ending = *machine;
    pthread_mutex_lock(&ending->lock);
    ending->is_closing = true;
    pthread_cond_broadcast(&ending->changed);
    pthread_mutex_unlock(&ending->lock);
    if (ending->has_worker)
        pthread_join(ending->worker, NULL);
    for (chx__null_object *object = ending->objects, *next; object; object = next) {
        next = object->next;
        free_object(object);
    }
    pthread_cond_destroy(&ending->changed);
    pthread_cond_destroy(&ending->armed);
    pthread_mutex_destroy(&ending->lock);
    free(ending->busy_ns);
    free(ending);
    *machine = NULL;
}

void
chx__null_arm(chx__null *machine, chx__null_faults faults)
{
    pthread_mutex_lock(&machine->lock);
    machine->faults = faults;
    machine->refusals = faults.refuse_seed;
    machine->counts = (chx__null_counts){0};
    machine->stalled = NULL;
    pthread_cond_broadcast(&machine->armed);
    pthread_cond_signal(&machine->changed);
    pthread_mutex_unlock(&machine->lock);
}

chx__null_counts
chx__null_count(chx__null *machine)
{
    pthread_mutex_lock(&machine->lock);
    chx__null_counts counts = machine->counts;
    pthread_mutex_unlock(&machine->lock);
    return counts;
}

uint32_t
chx__null_violations(chx__null *machine, const char **first)
{
    pthread_mutex_lock(&machine->lock);
    uint32_t n = machine->n_violations;
    *first = machine->violation;
    pthread_mutex_unlock(&machine->lock);
    return n;
}

uint32_t
chx__null_n_living(chx__null *machine)
{
    uint32_t n = 0;
    pthread_mutex_lock(&machine->lock);
    for (const chx__null_object *object = machine->objects; object; object = object->next)
        n += object->n_references > 0;
    pthread_mutex_unlock(&machine->lock);
    return n;
}

static uint32_t
count_platforms(const chx__null_params *params)
{
    uint32_t n = 0;
    for (uint32_t d = 0; d < params->n_devices; d++)
        if (params->devices[d].platform >= n)
            n = params->devices[d].platform + 1;
    return n;
}

static chx_status
populate_device(const chx__null *machine, uint32_t index, chx__fleet *fleet)
{
    const chx__null_device *described = &machine->params.devices[index];
    chx__device *device = &fleet->devices[index];
    uint64_t memory = described->memory_bytes ? described->memory_bytes : DEFAULT_MEMORY_BYTES;
    *device = (chx__device){.index = index,
                            .id = (cl_device_id)described,
                            .platform = &fleet->platforms[described->platform],
                            .shares_host_memory = described->shares_host_memory,
                            .hardware = described->hardware,
                            .has_one_copy_lane = described->has_one_copy_lane,
                            .has_virtual_clock = machine->params.wires != NULL};
    device->info = (chx_device_info){
        .name = described->name ? chx__strdup(described->name) : chx__format("null %u", index),
        .vendor = chx__strdup("Chronaxie"),
        .driver = chx__strdup(described->driver ? described->driver : "null"),
        .platform = device->platform->name,
        .kind = CHX_DEVICE_ACCELERATOR,
        .n_compute_units = 1,
        .memory_bytes = memory,
        .max_allocation_bytes =
            described->max_allocation_bytes ? described->max_allocation_bytes : memory,
        .local_memory_bytes = described->local_bytes ? described->local_bytes : DEFAULT_LOCAL_BYTES,
        .max_work_group = described->max_group ? described->max_group : DEFAULT_GROUP,
        .max_loop_iterations = UINT32_MAX,
        .giga_ops = described->ns_per_item > 0 ? 100.0 / described->ns_per_item : 0,
        .giga_bytes = described->ns_per_byte > 0 ? 1.0 / described->ns_per_byte : 0,
        .launch_us = described->launch_ns / 1e3,
    };
    device->identity = chx__hash(described, sizeof *described);
    if (!device->info.name || !device->info.vendor || !device->info.driver)
        return chx__fail_memory("making null devices");
    return CHX_OK;
}

chx_status
chx__null_populate(chx__null *machine, chx__fleet *fleet)
{
    uint32_t n_platforms = count_platforms(&machine->params);
    fleet->platforms = chx__alloc(n_platforms, sizeof *fleet->platforms);
    fleet->devices = chx__alloc(machine->params.n_devices, sizeof *fleet->devices);
    if (!fleet->platforms || !fleet->devices)
        return chx__fail_memory("making null devices");
    fleet->n_platforms = n_platforms;
    for (uint32_t p = 0; p < n_platforms; p++) {
        fleet->platforms[p].backend = &chx__null_backend;
        fleet->platforms[p].id = (cl_platform_id)machine;
        fleet->platforms[p].name = chx__format("null platform %u", p);
        fleet->platforms[p].vendor = chx__strdup("Chronaxie");
        if (!fleet->platforms[p].name || !fleet->platforms[p].vendor)
            return chx__fail_memory("making null devices");
    }
    fleet->wires = machine->params.wires;
    chx_status status = CHX_OK;
    for (uint32_t d = 0; !status && d < machine->params.n_devices; d++) {
        fleet->n_devices = d + 1;
        status = populate_device(machine, d, fleet);
    }
    return status;
}
