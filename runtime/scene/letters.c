/* Hershey drew ASCII, and Greek apart. Any other letter is shown as the one it is built on, one
 * sign for one, so that names keep their length and stay legible. */
#include "scene/letters.h"

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
    {0x391, "ABGDEZHQIKLMNXOPR?STUFCYW"},
    {0x3b1, "abgdezhqikl" CHX__CHAR_MICRO "nxoprsstufcyw"},
    {0x2010, "------|_'',\"\"\"\"\"++" CHX__CHAR_DOT ">...."},
    {0x2032, "'\""},
    {0x2126, "W"},
    {0x212b, "A"},
    {0x2190, "<^>v"},
    {0x2212, "-"},
};

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

unsigned
chx__letter_next(const char **text)
{
    uint32_t code = 0;
    size_t size = decode((const unsigned char *)*text, &code);
    *text += size ? size : 1;
    if (size == 1)
        return code;
    if (size && code >= 0x300 && code < 0x370)
        return 0;
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges && size; i++)
        if (code >= ranges[i].first && code - ranges[i].first < strlen(ranges[i].letters))
            return (unsigned char)ranges[i].letters[code - ranges[i].first];
    return '?';
}
