/* Hershey drew ASCII, and Greek apart. A letter with a mark is shown as the one it is built on, a
 * Cyrillic one as the Latin one that sounds like it, one sign for one, so that names keep their
 * length and stay legible. */
#include "scene/letters.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "scene/hershey.h"

typedef struct range {
    uint32_t first;
    const char *letters;
} range;

static const range ranges[] = {
    {0xa0, " !cL?Y|S\"ca<--r-o+23'" CHX__CHAR_MICRO "P" CHX__CHAR_DOT ",1o>????"},
    {0xc0, "AAAAAAACEEEEIIIIDNOOOOOxOUUUUYTsaaaaaaaceeeeiiiidnooooo/ouuuuyty"},
    {0x100, "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIiIiJjKkkLlLlLlL"},
    {0x140, "lLlNnNnNnnNnOoOoOoOoRrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs"},
    {0x180, "bBBb??OCcDDDd?EEEFfG??IIKkl??NnOOo??Pp?????tTtTUu?VYyZz?????????"
            "????DDdLLlNNnAaIiOoUuUuUuUuUueAaAa??GgGgKkOoOo??jDDdGg??NnAa??Oo"
            "AaAaEeEeIiIiOoOoRrRrUuUuSsTt??HhNd??ZzAaEeOoOoOoOoYylntj??ACcLTs"
            "z??BU?EeJj??RrYy"},
    {0x400, "EEDGESIIJLNCKIUD"},
    {0x410, "ABVGDEJZIJKLMNOPRSTUFHCCSS'Y'EUAabvgdejzijklmnoprstufhccss'y'eua"},
    {0x450, "eedgesiijlnckiud"},
    {0x490, "Gg"},
    {0x1e00, "AaBbBbBbCcDdDdDdDdDdEeEeEeEeEeFfGgHhHhHhHhHhIiIiKkKkKkLlLlLlLlMm"
             "MmMmNnNnNnNnOoOoOoOoPpPpRrRrRrRrSsSsSsSsSsTtTtTtTtUuUuUuUuUuVvVv"
             "WwWwWwWwWwXxXxYyZzZzZzhtwyasssS?AaAaAaAaAaAaAaAaAaAaAaAaEeEeEeEe"
             "EeEeEeEeIiIiOoOoOoOoOoOoOoOoOoOoOoOoUuUuUuUuUuUuUuYyYyYyYyLlVvYy"},
    {0x2000, "           "},
    {0x2010, "------|_'','\"\"\"\"++" CHX__CHAR_DOT ">...."},
    {0x202f, " %"},
    {0x2032, "'\""},
    {0x2039, "<>"},
    {0x2044, "/"},
    {0x2070, "0i"},
    {0x2074, "456789+-=()n0123456789+-=()"},
    {0x20ac, "E"},
    {0x2122, "T"},
    {0x212a, "KA"},
    {0x2190, "<^>v"},
    {0x2212, "-"},
    {0x2215, "/"},
    {0x2217, "*"},
    {0x2248, "~"},
    {0x2264, "<>"},
    {0x3000, " "},
};

/* By the keys on which Hershey's Greek font has them: in the order of the alphabet, A to X. */
static const range greek[] = {
    {0x386, "A?EGI?O?TXiABCDEFGHIJKLMNOPQ?RSTUVWXITaegitabcdefghijklmnopqrrstuvwxitotx"},
    {0x3d0, "bh"},
    {0x3d5, "up"},
    {0x3f0, "jq"},
    {0x3f5, "e"},
    {0x2126, "X"},
    {0x2206, "D"},
    {0x220f, "P"},
    {0x2211, "R"},
};

/* Signs that take no room of their own: they combine with the letter before, or join or shape what
 * is beside them. */
static const uint32_t silent[][2] = {{0x300, 0x36f},   {0x200b, 0x200f}, {0x2060, 0x2064},
                                     {0x20d0, 0x20f0}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}};

/* The code point at text and its bytes; 0 bytes where it is not UTF-8 (RFC 3629). */
static size_t
decode(const unsigned char *text, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t size = text[0] < 0x80 ? 1 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
    if ((text[0] >= 0x80 && text[0] < 0xc2) || text[0] > 0xf4)
        return 0;
    *code = size == 1 ? text[0] : text[0] & (0x7fu >> size);
    for (size_t i = 1; i < size; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (text[i] & 0x3fu);
    }
    return *code < least[size] ? 0 : size;
}

static bool
is_silent(uint32_t code)
{
    bool found = false;
    for (size_t i = 0; i < sizeof silent / sizeof *silent; i++)
        found = found || (code >= silent[i][0] && code <= silent[i][1]);
    return found;
}

/* The letter that a range has for a code; 0 where none has it. */
static unsigned
look_up(const range *in, size_t n, uint32_t code)
{
    for (size_t i = 0; i < n; i++)
        if (code >= in[i].first && code - in[i].first < strlen(in[i].letters))
            return (unsigned char)in[i].letters[code - in[i].first];
    return 0;
}

unsigned
chx__letter_next(const char **text)
{
    uint32_t code = 0;
    size_t size = decode((const unsigned char *)*text, &code);
    *text += size ? size : 1;
    if (size == 1)
        return code;
    if (size == 0)
        return '?';
    if (is_silent(code))
        return 0;
    unsigned letter = look_up(greek, sizeof greek / sizeof *greek, code);
    if (letter == 'l')
        return (unsigned char)*CHX__CHAR_MICRO;
    if (letter && letter != '?')
        return CHX__CHAR_GREEK + letter - 'A';
    letter = look_up(ranges, sizeof ranges / sizeof *ranges, code);
    return letter ? letter : '?';
}
