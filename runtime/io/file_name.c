/*
 * A slash would lead into another folder, and a file that begins with a dot is hidden. So they are
 * written by their codes, as in addresses of the web (RFC 3986), and a '%' is where it could be
 * mistaken for the begin of a code: no two names have one file.
 */
#include "io/file_name.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "io/latin1.h"

/* The character whose code stands there; 0 when none of ours does. */
static char
decode(const char *text, size_t length)
{
    static const struct {
        const char *code;
        char c;
    } codes[] = {{"%2F", '/'}, {"%5C", '\\'}, {"%2E", '.'}, {"%25", '%'}};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (length >= 3 && memcmp(text, codes[i].code, 3) == 0)
            return codes[i].c;
    return 0;
}

char *
chx__file_name_of(const char *name)
{
    size_t length = strlen(name), n = 0;
    char *file = chx__alloc(3 * length + 1, 1);
    for (size_t i = 0; file && i < length; i++) {
        bool is_code = name[i] == '%' && decode(name + i, length - i);
        if (name[i] == '/' || name[i] == '\\' || is_code || (i == 0 && name[i] == '.'))
            n += (size_t)sprintf(file + n, "%%%02X", (unsigned)name[i]);
        else
            file[n++] = name[i];
    }
    return file;
}

char *
chx__file_name_means(const char *file, size_t length)
{
    size_t n = 0;
    char *name = chx__alloc(length + 1, 1);
    for (size_t i = 0; name && i < length; i++) {
        char c = decode(file + i, length - i);
        name[n++] = c ? c : file[i];
        i += c ? 2 : 0;
    }
    return name;
}

char *
chx__file_name_shown(const char *file, size_t length)
{
    char *name = chx__alloc(CHX__LATIN1_GROWTH * length + 1, 1);
    size_t n = name ? chx__latin1_convert(file, length, name) : 0;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)name[i] < ' ' || name[i] == 127)
            name[i] = ' ';
    return name;
}
