/* Fields of a row as values, what is said of one that is none, and texts and times as fields. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/error.h"
#include "io/csv.h"
#include "io/number.h"

chx_status
chx__csv_fail(const chx__csv *csv, chx_status status, const char *format, ...)
{
    char sentence[768];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    return chx__fail(status, "%s:%llu: %s", csv->path, (unsigned long long)csv->line, sentence);
}

chx_status
chx__csv_number(const chx__csv *csv, size_t column, double *value)
{
    const chx__csv_field *field = &csv->fields[column];
    if (chx__number_parse(field->text, field->length, value))
        return CHX_OK;
    return chx__csv_fail(csv, CHX_ERROR_FORMAT,
                         "%s is '%.64s', which is not a finite number; write it like -12.5 or 3e-4",
                         csv->columns[column], field->text);
}

chx_status
chx__csv_float(const chx__csv *csv, size_t column, float *value)
{
    double number = 0;
    chx_status status = chx__csv_number(csv, column, &number);
    *value = (float)number;
    if (status || *value != 0 || number == 0)
        return status;
    return chx__csv_fail(csv, CHX_ERROR_FORMAT,
                         "%s is '%.64s', which is 0 as a float; write 0 or check the unit",
                         csv->columns[column], csv->fields[column].text);
}

void
chx__csv_write_text(FILE *stream, const char *text)
{
    if (!strpbrk(text, ",\"")) {
        fputs(text, stream);
        return;
    }
    fputc('"', stream);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', stream);
        fputc(*text, stream);
    }
    fputc('"', stream);
}

/* Times are whole nanoseconds, printed as integers: "%g" would depend on the locale and lose steps
 * late in a long run. */
void
chx__csv_write_time(FILE *stream, uint32_t step, double time_step_ms)
{
    uint64_t time_ns = (uint64_t)llround((double)step * time_step_ms * 1e6);
    char decimals[8];
    size_t length =
        (size_t)snprintf(decimals, sizeof decimals, ".%06u", (unsigned)(time_ns % 1000000));
    while (decimals[length - 1] == '0')
        length--;
    fprintf(stream, "%" PRIu64 "%.*s", time_ns / 1000000, length > 1 ? (int)length : 0, decimals);
}
