/* What a path means is told by its kind and ending, never by trial and error, so that the
 * message is about the file that the user named. Formats that are often tried but not read, such
 * as SONATA, are recognised for the sake of a sentence that says what to do. Folders are listed
 * by name, so results do not depend on the file system. */
#include "source.h"

#include <string.h>

#include "interrupt.h"
#include "outcome.h"

static int
read_unit(const char *unit, double *um)
{
    static const struct {
        const char *name;
        double um;
    } units[] = {{"um", 1}, {"nm", 0.001}, {"8nm", 0.008}};

    *um = 0;
    for (int i = 0; unit && i < 3; i++) {
        if (strcmp(unit, units[i].name) != 0)
            continue;
        *um = units[i].um;
        return OUTCOME_OK;
    }
    return unit ? outcome_say(OUTCOME_USAGE, "--unit takes um, nm or 8nm, not '%s'", unit)
                : OUTCOME_OK;
}

int
source_load(const source_words *words, chx_network **network)
{
    chx_source source = {.paths = (const char *const *)words->operands->words,
                         .n_paths = (uint32_t)words->operands->n,
                         .neurons = words->neurons,
                         .is_played = words->is_played};
    int code = read_unit(words->unit, &source.unit_um);
    chx_status status;

    if (code != OUTCOME_OK)
        return code;
    interrupt_ends_at_once(true);
    status = chx_network_open(&source, network);
    interrupt_ends_at_once(false);
    if (status == CHX_ERROR_INVALID)
        return outcome_say(OUTCOME_USAGE, "%s", chx_last_error()->message);
    return outcome_report(status, STAGE_INPUT);
}

int
source_settle(chx_network *network, chx_runtime *runtime)
{
    chx_status status;

    interrupt_ends_at_once(true);
    status = chx_network_settle(network, runtime);
    interrupt_ends_at_once(false);
    return outcome_report(status, STAGE_WORK);
}
