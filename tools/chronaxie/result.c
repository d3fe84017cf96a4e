/* Results are the command's only output to stdout, so that --json can be piped. Twelve digits
 * are more than any measured figure has; 64-bit digests are text, since JSON numbers are doubles
 * in most readers. */
#include "result.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "outcome.h"
#include "sentence.h"
#include "target.h"

int
result_print(json_t *object)
{
    int failed = !object || json_dumpf(object, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
    json_decref(object);
    putchar('\n');
    if (failed && !ferror(stdout))
        return outcome_say(OUTCOME_MEMORY, "the result could not be written as JSON");
    return OUTCOME_OK;
}

json_t *
result_digest(uint64_t digest)
{
    char text[17];
    snprintf(text, sizeof text, "%016llx", (unsigned long long)digest);
    return json_string(text);
}

json_t *
result_text(const char *text)
{
    char *cleaned = strdup(text);
    json_t *string = NULL;

    if (cleaned) {
        sentence_clean(cleaned);
        string = json_string(cleaned);
    }
    free(cleaned);
    return string;
}

chx_status
result_write_timeline(const chx_timeline *timeline, const char *path)
{
    return target_has_ending(path, ".html") ? chx_timeline_write_html(timeline, path)
                                            : chx_timeline_write_svg(timeline, path);
}

/* What the names of host tasks mean to somebody at a terminal. */
static const char *
hint_at(const chx_bottleneck *found)
{
    return found->kind == CHX_BOTTLENECK_NONE || strcmp(found->task, "frame") != 0
               ? ""
               : "; 'frame' hands pictures to the encoder: a smaller --size helps it";
}

json_t *
result_bottleneck(const chx_timeline *timeline)
{
    chx_bottleneck found;
    char text[sizeof found.sentence + 128];

    if (!timeline || chx_timeline_bottleneck(timeline, &found) != CHX_OK ||
        found.kind == CHX_BOTTLENECK_NONE)
        return json_null();
    snprintf(text, sizeof text, "%s%s", found.sentence, hint_at(&found));
    return result_text(text);
}

void
result_print_bottleneck(const chx_timeline *timeline)
{
    json_t *sentence = result_bottleneck(timeline);

    if (json_is_string(sentence))
        printf("bottleneck: %s\n", json_string_value(sentence));
    json_decref(sentence);
}

const char *
result_plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}
