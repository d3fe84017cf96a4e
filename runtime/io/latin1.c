/* UTF-8 after RFC 3629: no overlong forms, no surrogates, nothing beyond U+10FFFF. Tables are
 * mostly ASCII, which is passed eight bytes at a time. */
#include "io/latin1.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* What 0x80 to 0x9f are in Windows-1252; control characters where it has none. */
static const uint16_t windows[32] = {
    0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008d, 0x017d, 0x008f, 0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178,
};

static size_t
ascii_length(const char *text, size_t length)
{
    size_t i = 0;
    for (uint64_t word; i + sizeof word <= length; i += sizeof word) {
        memcpy(&word, text + i, sizeof word);
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
    while (i < length && (unsigned char)text[i] < 0x80)
        i++;
    return i;
}

/* Bytes that a letter beyond ASCII has by its first one; 0 where none begins so. */
static size_t
letter_length(unsigned char first)
{
    if (first < 0xc2 || first > 0xf4)
        return 0;
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* Whether `next` may follow the first byte of a letter. */
static bool
may_follow(unsigned char first, unsigned char next)
{
    const unsigned char least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const unsigned char most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    return next >= least && next <= most;
}

/* Bytes of the letter beyond ASCII that the text begins with; 0 where it is none or is cut
 * short. */
static size_t
take_letter(const char *text, size_t length)
{
    const unsigned char *byte = (const unsigned char *)text;
    const size_t n = letter_length(byte[0]);
    if (n == 0 || n > length || !may_follow(byte[0], byte[1]))
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((byte[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

size_t
chx__utf8_length(const char *text, size_t length)
{
    size_t at = 0, n = 1;
    while (n > 0) {
        at += ascii_length(text + at, length - at);
        n = at < length ? take_letter(text + at, length - at) : 0;
        at += n;
    }
    return at;
}

size_t
chx__utf8_cut(const char *text, size_t length)
{
    const unsigned char *byte = (const unsigned char *)text;
    for (size_t n = 1; n <= 3 && n <= length; n++) {
        const unsigned char *first = byte + length - n;
        if ((*first & 0xc0) == 0x80)
            continue;
        return letter_length(*first) > n && (n == 1 || may_follow(first[0], first[1])) ? n : 0;
    }
    return 0;
}

static size_t
write_letter(unsigned char byte, char *to)
{
    const unsigned code = byte >= 0x80 && byte < 0xa0 ? windows[byte - 0x80] : byte;
    if (code < 0x800) {
        to[0] = (char)(0xc0 | code >> 6);
        to[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    to[0] = (char)(0xe0 | code >> 12);
    to[1] = (char)(0x80 | (code >> 6 & 0x3f));
    to[2] = (char)(0x80 | (code & 0x3f));
    return 3;
}

size_t
chx__latin1_convert(const char *text, size_t length, char *converted)
{
    size_t from = 0, to = 0;
    while (from < length) {
        const size_t n = chx__utf8_length(text + from, length - from);
        memcpy(converted + to, text + from, n);
        from += n;
        to += n;
        if (from < length)
            to += write_letter((unsigned char)text[from++], converted + to);
    }
    return to;
}
