/* A user's list of devices: indices first, then parts of names in either case, so that "pocl" or
 * "4090" works. An unknown item is an error that lists what there is, rather than a run on the
 * wrong device.
 *
 * Without a wish only the fastest driver of the processor is kept. Two of them share the same
 * cores, and the slower one only costs its start. */
#include "device/selection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/error.h"

/* "0: NAME (PLATFORM); 1: ..." for messages, cut where the space ends. */
static void
list_devices(const chx__fleet *fleet, char *text, size_t capacity)
{
    size_t used = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < fleet->n_devices && used < capacity; i++) {
        const chx_device_info *info = &fleet->devices[i].info;
        int n = snprintf(text + used, capacity - used, "%s%u: %s (%s)", i ? "; " : "", i,
                         info->name, info->platform);
        used += n > 0 ? (size_t)n : 0;
    }
}

static bool
contains(const char *text, const char *part)
{
    size_t length = strlen(part);
    for (; *text; text++)
        if (strncasecmp(text, part, length) == 0)
            return true;
    return false;
}

static bool
parse_index(const char *item, uint32_t n_devices, uint32_t *index)
{
    char *end;
    if (item[0] < '0' || item[0] > '9')
        return false;
    unsigned long value = strtoul(item, &end, 10);
    if (*end != '\0' || value >= n_devices)
        return false;
    *index = (uint32_t)value;
    return true;
}

/* A number beyond the last index may still be part of a name, such as "4090". */
static chx_status
select_item(chx__fleet *fleet, const char *item)
{
    uint32_t index, n_found = 0;
    if (item[0] == '\0')
        return chx__fail(CHX_ERROR_INVALID, "the list of devices has an empty item");
    if (parse_index(item, fleet->n_devices, &index)) {
        fleet->devices[index].info.selected = true;
        return CHX_OK;
    }
    for (uint32_t i = 0; i < fleet->n_devices; i++) {
        chx_device_info *info = &fleet->devices[i].info;
        bool named = strcasecmp(item, "all") == 0 || contains(info->name, item) ||
                     contains(info->platform, item);
        info->selected = info->selected || named;
        n_found += named;
    }
    if (n_found > 0)
        return CHX_OK;
    char known[768];
    list_devices(fleet, known, sizeof known);
    return chx__fail(CHX_ERROR_UNKNOWN_DEVICE,
                     "no device has the index or name \"%.64s\"; there is "
                     "%s",
                     item, known);
}

/* Without the blanks around it. */
static char *
trim(char *item)
{
    while (*item == ' ')
        item++;
    size_t length = strlen(item);
    while (length > 0 && item[length - 1] == ' ')
        item[--length] = '\0';
    return item;
}

chx_status
chx__fleet_select(chx__fleet *fleet, const char *wanted)
{
    char *list = chx__strdup(wanted ? wanted : "all");
    if (!list)
        return chx__fail_memory("selecting devices");
    chx_status status = CHX_OK;
    for (char *item = list; item && !status;) {
        char *comma = strchr(item, ',');
        if (comma)
            *comma = '\0';
        status = select_item(fleet, trim(item));
        item = comma ? comma + 1 : NULL;
    }
    free(list);
    return status;
}

void
chx__fleet_keep_fastest_cpu(chx__fleet *fleet)
{
    chx__device *best = NULL;
    for (uint32_t i = 0; i < fleet->n_devices; i++) {
        chx__device *device = &fleet->devices[i];
        if (!device->info.selected || device->info.kind != CHX_DEVICE_CPU)
            continue;
        device->info.selected = false;
        if (!best || device->info.giga_ops > best->info.giga_ops)
            best = device;
    }
    if (best)
        best->info.selected = true;
}
