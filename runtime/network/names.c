/* Names to indices in an open hash table that is at most half full; nothing is taken out. Texts
 * are borrowed and end with a NUL, but what is looked up need not, as it lies in a file's
 * buffer: hence a length and the look at the byte after it.
 *
 * A table of synapses asks for two names a row, and what that costs is memory that is not at hand.
 * A number without zeroes in front is its own key, so its slot tells all and its text is not looked
 * at; one below a few times the count of names, as of neurons that are numbered one by one, is
 * found in an array first, which a processor keeps at hand. That array only shortens the way: all
 * names have their slots. Of other names the key saves most comparisons. */
#include "network/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"

#define MOST_DIGITS 19 /* that 64 bits always hold */
#define ZEROES UINT64_C(0x3030303030303030) /* '0' eight times */
#define FEW_NUMBERS 64 /* that may stand in the array whatever the count of names */

enum { EMPTY, NUMBER, TEXT };

/* What a name is looked for by. */
typedef struct wanted {
    uint64_t key;
    uint32_t kind;
    const char *text;
    size_t length;
} wanted;

/* Four to eight bytes as eight digits, the first lowest and zeroes before them. */
static uint64_t
gather_digits(const char *text, size_t length)
{
    uint32_t front, back;
    memcpy(&front, text, sizeof front);
    memcpy(&back, text + length - sizeof back, sizeof back);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    front = __builtin_bswap32(front);
    back = __builtin_bswap32(back);
#endif
    const uint64_t word = front | (uint64_t)back << (8 * (length - sizeof back));
    const unsigned n_absent = 8 * (unsigned)(sizeof word - length);
    return n_absent ? word << n_absent | ZEROES >> (64 - n_absent) : word;
}

/* As is_number() without a branch a byte, which names of unlike lengths would mislead: pairs of
 * digits become numbers at once, then pairs of those. */
static bool
is_short_number(const char *text, size_t length, uint64_t *value)
{
    uint64_t word = gather_digits(text, length);
    const uint64_t high = UINT64_C(0xf0f0f0f0f0f0f0f0);
    /* Six more than a digit stays below the next multiple of 16. */
    if ((word & high) != ZEROES || ((word + UINT64_C(0x0606060606060606)) & high) != ZEROES)
        return false;
    word -= ZEROES;
    word = (word * 10 + (word >> 8)) & UINT64_C(0x00ff00ff00ff00ff);
    word = (word * 100 + (word >> 16)) & UINT64_C(0x0000ffff0000ffff);
    *value = (word * 10000 + (word >> 32)) & UINT64_C(0xffffffff);
    return true;
}

/* Whether the text is a whole number as programs write them, the only text of its value. */
static bool
is_number(const char *text, size_t length, uint64_t *value)
{
    if (length == 0 || length > MOST_DIGITS || (text[0] == '0' && length > 1))
        return false;
    if (length >= sizeof(uint32_t) && length <= sizeof(uint64_t))
        return is_short_number(text, length, value);
    *value = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned digit = (unsigned)(unsigned char)text[i] - '0';
        if (digit > 9)
            return false;
        *value = *value * 10 + digit;
    }
    return true;
}

static wanted
want(const char *text, size_t length)
{
    wanted name = {.kind = NUMBER, .text = text, .length = length};
    if (!is_number(text, length, &name.key)) {
        name.kind = TEXT;
        name.key = chx__hash(text, length).low;
    }
    return name;
}

/* Where the search for a key begins. */
static uint64_t
hash_of(uint64_t key, uint32_t kind)
{
    return kind == TEXT ? key : chx__hash(&key, sizeof key).low;
}

/* The slot that holds the name or would take it. */
static size_t
find_slot(const chx__names *names, const wanted *name)
{
    size_t mask = names->n_slots - 1, at = hash_of(name->key, name->kind) & mask;
    for (;; at = (at + 1) & mask) {
        const struct chx__names_slot *slot = &names->slots[at];
        if (slot->kind == EMPTY)
            return at;
        if (slot->key != name->key || slot->kind != name->kind)
            continue;
        if (slot->kind == NUMBER || (strncmp(names->texts[at], name->text, name->length) == 0 &&
                                     names->texts[at][name->length] == '\0'))
            return at;
    }
}

/* Doubling the table: names are known to differ, so the first free slot will do. */
static void
move_slots(const chx__names *from, chx__names *to)
{
    size_t mask = to->n_slots - 1;
    for (size_t i = 0; i < from->n_slots; i++) {
        const struct chx__names_slot *slot = &from->slots[i];
        if (slot->kind == EMPTY)
            continue;
        size_t at = hash_of(slot->key, slot->kind) & mask;
        while (to->slots[at].kind != EMPTY)
            at = (at + 1) & mask;
        to->slots[at] = *slot;
        to->texts[at] = from->texts[i];
    }
}

static bool
make_room(chx__names *names)
{
    if (names->n_slots >= 2 * (names->n_used + 1))
        return true;
    chx__names grown = *names;
    grown.n_slots = names->n_slots ? 2 * names->n_slots : 64;
    grown.slots = chx__alloc(grown.n_slots, sizeof *grown.slots);
    grown.texts = chx__alloc(grown.n_slots, sizeof *grown.texts);
    if (!grown.slots || !grown.texts) {
        free(grown.slots);
        free(grown.texts);
        return false;
    }
    move_slots(names, &grown);
    free(names->slots);
    free(names->texts);
    *names = grown;
    return true;
}

/* Lets a number that is small enough be found by its value. */
static bool
add_small(chx__names *names, uint64_t value, uint32_t index)
{
    if (value >= 4 * (uint64_t)names->n_used + FEW_NUMBERS)
        return true;
    if (!chx__grow(&names->small, &names->n_small, (size_t)value + 1, sizeof *names->small))
        return false;
    names->small[value] = index + 1;
    return true;
}

bool
chx__names_add(chx__names *names, const char *text, size_t length, uint32_t index, uint32_t *known)
{
    if (!make_room(names))
        return false;
    wanted name = want(text, length);
    size_t at = find_slot(names, &name);
    struct chx__names_slot *slot = &names->slots[at];
    *known = slot->kind == EMPTY ? CHX__NO_NAME : slot->index;
    if (slot->kind != EMPTY)
        return true;
    if (name.kind == NUMBER && !add_small(names, name.key, index))
        return false;
    *slot = (struct chx__names_slot){name.key, index, name.kind};
    names->texts[at] = text;
    names->n_used++;
    return true;
}

uint32_t
chx__names_find(const chx__names *names, const char *text, size_t length)
{
    if (names->n_slots == 0)
        return CHX__NO_NAME;
    wanted name = want(text, length);
    if (name.kind == NUMBER && name.key < names->n_small && names->small[name.key] != 0)
        return names->small[name.key] - 1;
    const struct chx__names_slot *slot = &names->slots[find_slot(names, &name)];
    return slot->kind == EMPTY ? CHX__NO_NAME : slot->index;
}

void
chx__names_finish(chx__names *names)
{
    free(names->slots);
    free(names->texts);
    free(names->small);
    *names = (chx__names){0};
}
