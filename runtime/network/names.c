#include "network/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"

/* The slot that holds the name or would take it. */
static struct chx__names_slot *
find_slot(const chx__names *names, const char *text, size_t length)
{
    size_t mask = names->n_slots - 1;
    size_t at = chx__hash(text, length).low & mask;
    while (names->slots[at].text &&
           (names->slots[at].length != length || memcmp(names->slots[at].text, text, length) != 0))
        at = (at + 1) & mask;
    return &names->slots[at];
}

static bool
make_room(chx__names *names)
{
    if (names->n_slots >= 2 * (names->n_used + 1))
        return true;
    chx__names grown = {.n_slots = names->n_slots ? 2 * names->n_slots : 64,
                        .n_used = names->n_used};
    grown.slots = chx__alloc(grown.n_slots, sizeof *grown.slots);
    if (!grown.slots)
        return false;
    for (size_t i = 0; i < names->n_slots; i++)
        if (names->slots[i].text)
            *find_slot(&grown, names->slots[i].text, names->slots[i].length) = names->slots[i];
    free(names->slots);
    *names = grown;
    return true;
}

bool
chx__names_add(chx__names *names, const char *text, size_t length, uint32_t index, uint32_t *known)
{
    if (!make_room(names))
        return false;
    struct chx__names_slot *slot = find_slot(names, text, length);
    *known = slot->text ? slot->index : CHX__NO_NAME;
    if (!slot->text) {
        *slot = (struct chx__names_slot){text, (uint32_t)length, index};
        names->n_used++;
    }
    return true;
}

uint32_t
chx__names_find(const chx__names *names, const char *text, size_t length)
{
    if (names->n_slots == 0)
        return CHX__NO_NAME;
    const struct chx__names_slot *slot = find_slot(names, text, length);
    return slot->text ? slot->index : CHX__NO_NAME;
}

void
chx__names_finish(chx__names *names)
{
    free(names->slots);
    *names = (chx__names){0};
}
