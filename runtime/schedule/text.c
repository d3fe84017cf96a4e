/* Names come from files, drivers and users, so what is written is checked character by
 * character: RFC 3629 for UTF-8 (no overlong forms, no surrogates), XML 1.0 for what may stand
 * in a file. Everything else becomes a question mark, one per byte. A length counts characters,
 * as widths in pictures do. */
#include "schedule/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The bytes of the character at text, 1 to 4; 0 where they are not one that may stand in a file:
 * not UTF-8 (RFC 3629), or not a character of XML 1.0. */
static size_t
character_size(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    if (p[0] < 0x80)
        return p[0] >= 0x20 && p[0] != 0x7f;
    size_t size = p[0] >= 0xc2 && p[0] < 0xe0   ? 2
                  : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
                  : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
                                                : 0;
    uint32_t code = p[0] & (0x7fu >> size);
    for (size_t i = 1; i < size; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (p[i] & 0x3fu);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < least[size] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ||
        (code & 0xfffe) == 0xfffe)
        return 0;
    return size;
}

size_t
chx__text_length(const char *text)
{
    size_t length = 0;
    while (*text) {
        size_t size = character_size(text);
        text += size ? size : 1;
        length++;
    }
    return length;
}

/* Writes the character at text, or what a markup needs in its place, and returns its end. */
static const char *
write_character(FILE *stream, const char *text, const char *special, const char *const *instead)
{
    size_t size = character_size(text);
    const char *found = size == 1 ? strchr(special, *text) : NULL;
    if (found)
        fputs(instead[found - special], stream);
    else if (size)
        fwrite(text, 1, size, stream);
    else
        fputc('?', stream);
    return text + (size ? size : 1);
}

void
chx__text_write_xml(FILE *stream, const char *text, size_t max_chars)
{
    static const char *const instead[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    bool cut = chx__text_length(text) > max_chars;
    for (size_t n = cut && max_chars ? max_chars - 1 : max_chars; *text && n > 0; n--)
        text = write_character(stream, text, "&<>\"'", instead);
    if (cut && max_chars)
        fputs("\xe2\x80\xa6", stream);
}

void
chx__text_write_json(FILE *stream, const char *text)
{
    static const char *const instead[] = {"\\\"", "\\\\", "\\u003c"};
    fputc('"', stream);
    while (*text)
        text = write_character(stream, text, "\"\\<", instead);
    fputc('"', stream);
}
