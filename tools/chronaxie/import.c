/* chronaxie import: makes a network folder of cells or connections. */
#include <stdio.h>
#include <sys/stat.h>

#include <chronaxie/network.h>

#include "command.h"
#include "options.h"
#include "outcome.h"
#include "placement.h"
#include "result.h"
#include "source.h"

static int
report(const chx_network_info *info, const char *folder, bool as_json)
{
    if (as_json)
        return result_print(json_pack("{s:s, s:o, s:I, s:I, s:I}", "network", info->name, "folder",
                                      result_text(folder), "neurons", (json_int_t)info->n_neurons,
                                      "synapses", (json_int_t)info->n_synapses, "points",
                                      (json_int_t)info->n_nodes));
    printf("%s: %u neuron%s, %llu synapse%s, %u point%s\nwrote %s\n", info->name, info->n_neurons,
           result_plural(info->n_neurons), (unsigned long long)info->n_synapses,
           result_plural(info->n_synapses), info->n_nodes, result_plural(info->n_nodes), folder);
    return OUTCOME_OK;
}

/* Shapes that stand for several neurons; nodes of two neurons are the same or apart. */
static void
remark_on_shapes(const chx_network_info *info, const char *folder)
{
    uint64_t n_nodes = 0;

    for (uint32_t i = 0; i < info->n_neurons; i++)
        n_nodes += info->neurons[i].n_nodes;
    if (n_nodes > info->n_nodes)
        outcome_remark("neurons share shapes; %s has a file for each neuron, %llu points instead "
                       "of %u",
                       folder, (unsigned long long)n_nodes, info->n_nodes);
}

/* Opens devices only where places wait for them. */
static int
settle(chx_network *network)
{
    chx_runtime *runtime = NULL;
    int code;

    if (chx_network_get(network)->n_unsettled == 0)
        return OUTCOME_OK;
    code = outcome_report(chx_runtime_create(&runtime, NULL), STAGE_WORK);
    if (code == OUTCOME_OK)
        code = source_settle(network, runtime);
    chx_runtime_destroy(&runtime);
    return code;
}

static int
run(const struct command *self, int argc, char **argv)
{
    shared_options shared = {.no_devices = true};
    operand_list sources = {NULL, 0};
    const char *folder = NULL, *unit = NULL, *neurons = NULL;
    const option_rule rules[] = {
        {OPTION_TEXT, 'o', "output", "FOLDER", "the network folder to make", &folder, 0, 0, NULL},
        {OPTION_TEXT, 0, "unit", "UNIT", "of the lengths in SWC files: um (default), nm or 8nm",
         &unit, 0, 0, NULL},
        {OPTION_TEXT, 0, "neurons", "TABLE", "where the neurons of a table of connections are",
         &neurons, 0, 0, NULL},
        {.kind = OPTION_END},
    };
    const struct syntax syntax = {self, rules, &shared, NULL, &sources};
    chx_network *network = NULL;
    int code;

    if (!options_parse(&syntax, argc, argv, &code))
        return code;
    if (!folder || !*folder)
        return outcome_say(OUTCOME_USAGE, "import needs -o FOLDER");
    code = source_load(&(source_words){&sources, unit, neurons}, &network);
    if (code != OUTCOME_OK)
        return code;
    for (uint32_t i = 0; i < chx_network_get(network)->n_remarks; i++)
        outcome_remark("%s", chx_network_get(network)->remarks[i]);
    placement_remark(chx_network_get(network));
    placement_remark_on_strays(chx_network_get(network));
    remark_on_shapes(chx_network_get(network), folder);
    code = settle(network);
    if (code == OUTCOME_OK)
        code = outcome_report(chx_network_save(network, folder), STAGE_OUTPUT);
    if (code == OUTCOME_OK)
        code = report(chx_network_get(network), folder, shared.json);
    chx_network_destroy(&network);
    return code;
}

const struct command command_import = {
    .name = "import",
    .operand = "WHAT...",
    .summary = "Make a network folder of cells or connections",
    .details =
        "WHAT is what 'render' takes without a folder: cells, which are .swc or .swc.gz files or "
        "a\n"
        "folder of them, or a table of connections, such as a .csv; or a network folder. FOLDER\n"
        "draws to the same picture, and can be edited. It must not be there yet, or be empty.\n"
        "TABLE has the columns name, x_um, y_um and z_um, and perhaps type and diameter_um, and\n"
        "names all neurons; without it, their places are a layout.",
    .example = "  chronaxie import A.swc B.swc.gz -o cells\n"
               "  chronaxie import edges.csv -o circuit\n",
    .run = run,
};
