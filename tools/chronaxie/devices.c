/* chronaxie devices: what there is to compute on, and how fast it measured. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "options.h"
#include "outcome.h"
#include "result.h"
#include "table.h"

static const char *
kind_name(chx_device_kind kind)
{
    switch (kind) {
    case CHX_DEVICE_CPU:
        return "cpu";
    case CHX_DEVICE_GPU:
        return "gpu";
    case CHX_DEVICE_ACCELERATOR:
        return "accelerator";
    }
    return "unknown";
}

static void
add_row(struct table *table, uint32_t index, const chx_device_info *info)
{
    const double gigabyte = 1073741824.0;
    table_add(table, "%u", index);
    table_add(table, "%s", info->name);
    table_add(table, "%s", info->platform);
    table_add(table, "%s", kind_name(info->kind));
    table_add(table, "%u", info->n_compute_units);
    table_add(table, "%.1f", (double)info->memory_bytes / gigabyte);
    table_add(table, "%u+2", info->n_compute_lanes);
    table_add(table, "%s", info->has_int64_atomics ? "yes" : "no");
    if (info->max_loop_iterations == UINT64_MAX)
        table_add(table, "none");
    else
        table_add(table, "%llu", (unsigned long long)info->max_loop_iterations);
    table_add(table, "%.1f", info->launch_us);
    table_add(table, "%.2f", info->giga_ops);
    table_add(table, "%.1f", info->giga_bytes);
    table_add(table, "%s",
              info->excluded   ? info->excluded
              : info->selected ? "passed"
                               : "not used");
}

static json_t *
device_json(uint32_t index, const chx_device_info *info)
{
    bool unlimited = info->max_loop_iterations == UINT64_MAX;
    json_t *object =
        json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:b, s:s?, s:i, s:i, s:i}", "index", (int)index,
                  "name", info->name, "platform", info->platform, "vendor", info->vendor, "driver",
                  info->driver, "kind", kind_name(info->kind), "selected", info->selected,
                  "excluded", info->excluded, "parent", (int)info->parent, "compute_units",
                  (int)info->n_compute_units, "compute_lanes", (int)info->n_compute_lanes);
    json_t *more = json_pack(
        "{s:I, s:I, s:I, s:I, s:i, s:b, s:b, s:o, s:f, s:f, s:f}", "memory_bytes",
        (json_int_t)info->memory_bytes, "budget_bytes", (json_int_t)info->budget_bytes,
        "max_allocation_bytes", (json_int_t)info->max_allocation_bytes, "local_memory_bytes",
        (json_int_t)info->local_memory_bytes, "max_work_group", (int)info->max_work_group,
        "int64_atomics", info->has_int64_atomics, "fp64", info->has_fp64, "max_loop_iterations",
        unlimited ? json_null() : json_integer((json_int_t)info->max_loop_iterations), "launch_us",
        info->launch_us, "giga_ops", info->giga_ops, "giga_bytes", info->giga_bytes);
    json_object_update(object, more);
    json_decref(more);
    return object;
}

static int
print_devices(const chx_runtime *runtime, bool as_json)
{
    json_t *list = json_array();
    struct table table;

    table_begin(&table, ">#|name|platform|kind|>units|>GiB|>lanes|int64 atomics|>loop limit"
                        "|>launch us|>Gop/s|>GB/s|self-test");
    for (uint32_t i = 0; i < chx_runtime_n_devices(runtime); i++) {
        chx_device_info info;
        if (chx_runtime_device(runtime, i, &info) != CHX_OK)
            continue;
        add_row(&table, i, &info);
        json_array_append_new(list, device_json(i, &info));
    }
    if (as_json) {
        table_discard(&table);
        return result_print(json_pack("{s:o}", "devices", list));
    }
    json_decref(list);
    table_print(&table);
    return OUTCOME_OK;
}

static int
by_kernel(const void *a, const void *b)
{
    const chx_cost_model *left = a, *right = b;
    int order = strcmp(left->kernel, right->kernel);
    if (order == 0)
        order =
            (left->device_index > right->device_index) - (left->device_index < right->device_index);
    return order ? order : (left->size > right->size) - (left->size < right->size);
}

static const char *
device_name(const chx_runtime *runtime, uint32_t index)
{
    chx_device_info info;
    return chx_runtime_device(runtime, index, &info) == CHX_OK ? info.name : "";
}

static json_t *
model_json(const chx_cost_model *model, const char *device)
{
    bool is_known = model->peak_fraction > 0;
    return json_pack("{s:s, s:i, s:s, s:I, s:f, s:f, s:f, s:f, s:o, s:I}", "kernel", model->kernel,
                     "device", (int)model->device_index, "device_name", device, "size",
                     (json_int_t)model->size, "median_ms", model->median_ms, "spread_ms",
                     model->spread_ms, "fixed_ms", model->fixed_ms, "item_ns", model->item_ns,
                     "peak_fraction", is_known ? json_real(model->peak_fraction) : json_null(),
                     "samples", (json_int_t)model->n_samples);
}

static void
add_model(struct table *table, const chx_cost_model *model, const char *device)
{
    table_add(table, "%s", model->kernel);
    table_add(table, "%llu", (unsigned long long)model->size);
    table_add(table, "%.1f", model->median_ms * 1e3);
    table_add(table, "%.1f", model->spread_ms * 1e3);
    table_add(table, "%.1f", model->fixed_ms * 1e3);
    table_add(table, model->item_ns < 100 ? "%.3g" : "%.0f", model->item_ns);
    if (model->peak_fraction > 1)
        table_add(table, "> 100 %%");
    else if (model->peak_fraction > 0)
        table_add(table, "%.0f %%", model->peak_fraction * 100);
    else
        table_add(table, "-");
    table_add(table, "%llu", (unsigned long long)model->n_samples);
    table_add(table, "%u", model->device_index);
    table_add(table, "%s", device);
}

static int
print_models(const chx_runtime *runtime, bool as_json)
{
    chx_cost_model *models;
    uint32_t n;
    struct table table;
    json_t *list = json_array();
    chx_status status = chx_runtime_cost_models(runtime, &models, &n);

    if (status != CHX_OK) {
        json_decref(list);
        return outcome_report(status, STAGE_WORK);
    }
    qsort(models, n, sizeof *models, by_kernel);
    table_begin(&table, "kernel|>work-items|>median us|>spread us|>fixed us|>ns/item|>of peak"
                        "|>samples|>#|device");
    for (uint32_t m = 0; m < n; m++) {
        const char *device = device_name(runtime, models[m].device_index);
        add_model(&table, &models[m], device);
        json_array_append_new(list, model_json(&models[m], device));
    }
    free(models);
    if (as_json) {
        table_discard(&table);
        return result_print(json_pack("{s:o}", "models", list));
    }
    json_decref(list);
    table_print(&table);
    return OUTCOME_OK;
}

static int
run(const struct command *self, int argc, char **argv)
{
    shared_options shared = {.devices = "all"};
    const char *record = NULL;
    bool models = false;
    const option_rule rules[] = {
        {OPTION_TEXT, 0, "record", "FILE",
         "time transfers and write what was measured as a machine file", &record, 0, 0, NULL},
        {OPTION_FLAG, 0, "models", NULL, "print what kernels are known to cost instead", &models, 0,
         0, NULL},
        {.kind = OPTION_END},
    };
    const struct syntax syntax = {self, rules, &shared, NULL};
    chx_runtime_params params;
    chx_runtime *runtime = NULL;
    chx_status status;
    int code;

    if (!options_parse(&syntax, argc, argv, &code))
        return code;
    params = options_runtime_params(&shared);
    params.measure = true;
    status = chx_runtime_create(&runtime, &params);
    if (status != CHX_OK)
        return outcome_report(status, STAGE_WORK);
    status = record ? chx_runtime_record_machine(runtime, record) : CHX_OK;
    if (status != CHX_OK)
        code = outcome_report(status, STAGE_OUTPUT);
    else if (models)
        code = print_models(runtime, shared.json);
    else
        code = print_devices(runtime, shared.json);
    chx_runtime_destroy(&runtime);
    return code;
}

const struct command command_devices = {
    .name = "devices",
    .summary = "List the compute devices of this machine, checked and measured",
    .details =
        "Every device takes a short self-test; one that computes wrongly is not used, and the\n"
        "last column says why. Lanes are command queues: compute lanes + copy in and out.\n"
        "\n"
        "With --models, each build of a kernel on each device: the median and the spread between\n"
        "quartiles for the work-items that it was measured at most, a line through all sizes,\n"
        "as others are planned by, and how much of the device's memory bandwidth it reaches:\n"
        "the bytes that the launch is declared to read and to write, by its median, over twice\n"
        "the GB/s of the devices' table, as a copy reads and writes each byte. Above 100 %,\n"
        "bytes came from a cache or were not touched; a kernel that computes much reaches little.",
    .example = "  chronaxie devices --json\n"
               "  chronaxie devices --models\n"
               "  chronaxie devices --record machine.json\n",
    .run = run,
};
