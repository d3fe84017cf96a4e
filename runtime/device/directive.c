/* Lines as C's first phases of translation leave them: a backslash before a newline joins two, a
 * comment is one blank however many lines it has, quotes hide both. What the driver's compiler
 * would take for a directive is one here, and nothing else is. Trigraphs are known only as another
 * way to write '#'. */
#include "device/directive.h"

#include <stddef.h>
#include <string.h>

typedef struct cursor {
    const char *at, *end;
    char quote; /* that is open, or 0 */
    bool is_escaped;
} cursor;

/* Past joined lines; Clang accepts blanks behind the backslash. */
static const char *
skip_joints(const char *at, const char *end)
{
    while (at < end && *at == '\\') {
        const char *after = at + 1;
        while (after < end && (*after == ' ' || *after == '\t' || *after == '\r'))
            after++;
        if (after == end || *after != '\n')
            break;
        at = after + 1;
    }
    return at;
}

/* Past a comment whose first character has been taken. */
static bool
skip_comment(cursor *from)
{
    const char *at = skip_joints(from->at, from->end);
    if (at == from->end || (*at != '*' && *at != '/'))
        return false;
    bool is_block = *at++ == '*';
    if (is_block) {
        const char *close = memmem(at, (size_t)(from->end - at), "*/", 2);
        at = close ? close + 2 : from->end;
    } else {
        while ((at = skip_joints(at, from->end)) < from->end && *at != '\n')
            at += 1 + strcspn(at + 1, "\\\n");
    }
    from->at = at;
    return true;
}

/* The next character of the logical line; a newline at its end, and at the text's. */
static char
next(cursor *from)
{
    from->at = skip_joints(from->at, from->end);
    if (from->at == from->end)
        return '\n';
    char taken = *from->at++;
    if (taken == '\n')
        return taken;
    if (from->quote) {
        if (taken == from->quote && !from->is_escaped)
            from->quote = 0;
        from->is_escaped = taken == '\\' && !from->is_escaped;
    } else if (taken == '"' || taken == '\'') {
        from->quote = taken;
        from->is_escaped = false;
    } else if (taken == '/' && skip_comment(from)) {
        return ' ';
    }
    return taken;
}

static const char *
skip_blanks(const char *at)
{
    return at + strspn(at, " \t\r\f\v");
}

static const char *
skip_mark(const char *at)
{
    static const char *const marks[] = {"#", "%:", "?\?=", NULL};
    for (const char *const *mark = marks; *mark; mark++)
        if (*at == **mark && strncmp(at, *mark, strlen(*mark)) == 0)
            return skip_blanks(at + strlen(*mark));
    return NULL;
}

static bool
is_word(const char *at, size_t length, const char *word)
{
    return strlen(word) == length && memcmp(at, word, length) == 0;
}

static chx__directive_kind
kind_of(const char *word, size_t length, const char *rest)
{
    static const struct {
        const char *word;
        chx__directive_kind kind;
    } kinds[] = {{"include", CHX__DIRECTIVE_OPEN},  {"include_next", CHX__DIRECTIVE_OPEN},
                 {"import", CHX__DIRECTIVE_OPEN},   {"embed", CHX__DIRECTIVE_OPEN},
                 {"ifndef", CHX__DIRECTIVE_IFNDEF}, {"ifdef", CHX__DIRECTIVE_IFDEF},
                 {"if", CHX__DIRECTIVE_IF},         {"else", CHX__DIRECTIVE_ELSE},
                 {"elif", CHX__DIRECTIVE_ELSE},     {"elifdef", CHX__DIRECTIVE_ELSE},
                 {"elifndef", CHX__DIRECTIVE_ELSE}, {"endif", CHX__DIRECTIVE_ENDIF}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (is_word(word, length, kinds[i].word))
            return kinds[i].kind;
    bool is_once = is_word(word, length, "pragma") && strncmp(rest, "once", 4) == 0 &&
                   *skip_blanks(rest + 4) == '\0';
    return is_once ? CHX__DIRECTIVE_ONCE : CHX__DIRECTIVE_TEXT;
}

/* Whether the words are a macro that every OpenCL compiler defines. */
static bool
is_opencl(const char *words, size_t length)
{
    return is_word(words, length, "__OPENCL_VERSION__") ||
           is_word(words, length, "__OPENCL_C_VERSION__");
}

/* Headers for both sides ask in these ways who reads them: by #ifdef, #ifndef, #if 0, #if 1 and
 * #if [!] defined NAME. Of all others nothing is known. */
static void
judge(chx__directive *made, const char *condition)
{
    size_t length = strcspn(condition, " \t\r");
    bool is_alone = *skip_blanks(condition + length) == '\0';
    bool is_negated = made->kind == CHX__DIRECTIVE_IFNDEF;
    bool is_true = false;
    if (made->kind == CHX__DIRECTIVE_IF) {
        is_negated = *condition == '!';
        condition = skip_blanks(condition + is_negated);
        bool asks = strncmp(condition, "defined", 7) == 0;
        if (asks)
            condition = skip_blanks(condition + 7);
        bool has_bracket = asks && *condition == '(';
        condition = skip_blanks(condition + has_bracket);
        length = strcspn(condition, " \t\r)");
        const char *rest = skip_blanks(condition + length);
        is_alone = *skip_blanks(rest + (has_bracket && *rest == ')')) == '\0';
        bool is_zero = !asks && is_word(condition, length, "0");
        is_negated = is_negated != is_zero;
        is_true =
            is_zero || (asks ? is_opencl(condition, length) : is_word(condition, length, "1"));
    } else if (made->kind == CHX__DIRECTIVE_IFDEF || made->kind == CHX__DIRECTIVE_IFNDEF) {
        is_true = is_opencl(condition, length);
    }
    made->is_always = is_alone && is_true && !is_negated;
    made->is_never = is_alone && is_true && is_negated;
}

/* From a line in the buffer, without its newline. */
static void
classify(chx__directive *made, const char *line)
{
    const char *at = skip_blanks(line);
    made->kind = *at ? CHX__DIRECTIVE_TEXT : CHX__DIRECTIVE_BLANK;
    const char *word = skip_mark(at);
    if (!word)
        return;
    made->asks_for_files = strstr(word, "__has_include") || strstr(word, "__has_embed");
    size_t length = strspn(word, "abcdefghijklmnopqrstuvwxyz_");
    const char *rest = skip_blanks(word + length);
    made->kind = kind_of(word, length, rest);
    judge(made, rest);
    const char *close = *rest == '"' ? strchr(rest + 1, '"') : NULL;
    if (!close || !is_word(word, length, "include"))
        return;
    made->kind = CHX__DIRECTIVE_INCLUDE;
    made->name = rest + 1;
    made->name_length = (int)(close - rest - 1);
}

chx__directive
chx__directive_read(const char *at, const char *end, char *buffer)
{
    chx__directive made = {0};
    cursor from = {.at = at, .end = end};
    char *to = buffer;
    for (char taken = ' '; taken != '\n'; *to++ = taken) {
        /* All before the first character that may mean something else is as it is. */
        const size_t length = from.quote ? 0 : strcspn(from.at, "\"'/\\\n");
        memcpy(to, from.at, length);
        to += length;
        from.at += length;
        taken = next(&from);
    }
    to[-1] = '\0';
    made.end = from.at;
    while ((at = memchr(at, '\n', (size_t)(made.end - at)))) {
        made.n_lines++;
        at++;
    }
    classify(&made, buffer);
    return made;
}

void
chx__conditions_follow(chx__conditions *conditions, const chx__directive *line)
{
    bool is_dead = conditions->dead_depth && conditions->dead_depth == conditions->depth;
    uint64_t bit = UINT64_C(1) << conditions->depth % 64;
    switch (line->kind) {
    case CHX__DIRECTIVE_IF:
    case CHX__DIRECTIVE_IFDEF:
    case CHX__DIRECTIVE_IFNDEF:
        conditions->depth++;
        bit = conditions->depth < 64 ? UINT64_C(1) << conditions->depth : 0;
        conditions->always = line->is_always ? conditions->always | bit : conditions->always & ~bit;
        if (line->is_never && !conditions->dead_depth)
            conditions->dead_depth = conditions->depth;
        break;
    case CHX__DIRECTIVE_ELSE:
        if (conditions->depth < 64 && conditions->always & bit)
            conditions->dead_depth =
                conditions->dead_depth ? conditions->dead_depth : conditions->depth;
        else if (is_dead)
            conditions->dead_depth = 0;
        break;
    case CHX__DIRECTIVE_ENDIF:
        if (is_dead)
            conditions->dead_depth = 0;
        conditions->depth -= conditions->depth > 0;
        break;
    default:
        break;
    }
}
