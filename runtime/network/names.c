/* Names to indices in an open hash table that is at most half full; nothing is taken out. Texts
 * are borrowed and end with a NUL, but what is looked up need not, as it lies in a file's
 * buffer: hence a length and the look at the byte after it. 32 bits of the digest save most
 * comparisons. */
#include "network/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"

/* The slot that holds the name or would take it. */
static struct chx__names_slot *
find_slot(const chx__names *names, chx__digest digest, const char *text, size_t length)
{
    size_t mask = names->n_slots - 1, at = digest.low & mask;
    for (;; at = (at + 1) & mask) {
        struct chx__names_slot *slot = &names->slots[at];
        if (!slot->text || (slot->tag == (uint32_t)digest.high &&
                            strncmp(slot->text, text, length) == 0 && slot->text[length] == '\0'))
            return slot;
    }
}

/* Doubling the table: texts are known to differ, so the first free slot will do. */
static void
move_slots(const chx__names *from, chx__names *to)
{
    size_t mask = to->n_slots - 1;
    for (size_t i = 0; i < from->n_slots; i++) {
        const char *text = from->slots[i].text;
        if (!text)
            continue;
        size_t at = chx__hash(text, strlen(text)).low & mask;
        while (to->slots[at].text)
            at = (at + 1) & mask;
        to->slots[at] = from->slots[i];
    }
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
    move_slots(names, &grown);
    free(names->slots);
    *names = grown;
    return true;
}

bool
chx__names_add(chx__names *names, const char *text, size_t length, uint32_t index, uint32_t *known)
{
    if (!make_room(names))
        return false;
    chx__digest digest = chx__hash(text, length);
    struct chx__names_slot *slot = find_slot(names, digest, text, length);
    *known = slot->text ? slot->index : CHX__NO_NAME;
    if (!slot->text) {
        *slot = (struct chx__names_slot){text, (uint32_t)digest.high, index};
        names->n_used++;
    }
    return true;
}

uint32_t
chx__names_find(const chx__names *names, const char *text, size_t length)
{
    if (names->n_slots == 0)
        return CHX__NO_NAME;
    const struct chx__names_slot *slot = find_slot(names, chx__hash(text, length), text, length);
    return slot->text ? slot->index : CHX__NO_NAME;
}

void
chx__names_finish(chx__names *names)
{
    free(names->slots);
    *names = (chx__names){0};
}
