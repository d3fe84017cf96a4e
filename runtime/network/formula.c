/* Formulas, computed while they are read, by descent: a sum of products of signed atoms. They are
 * short and computed once for each type of neurons, so nothing is kept of them. Parentheses nest up
 * to a bound, since the text is anybody's and each takes some of the stack. */
#include "network/formula.h"

#include <math.h>
#include <string.h>

#include "io/number.h"

#define MAX_DEPTH 32
#define MAX_NUMBER 64

typedef struct formula {
    const char *at;
    const chx__symbol *symbols;
    uint32_t n_symbols;
    unsigned depth;
    const char *fault; /* NULL until there is one */
} formula;

static const struct {
    const char *name;
    double (*compute)(double);
} functions[] = {{"exp", exp}, {"expm1", expm1}, {"log", log}, {"sqrt", sqrt}};

static double read_sum(formula *f);

static double
fail(formula *f, const char *fault)
{
    if (!f->fault)
        f->fault = fault;
    return 0;
}

static bool
takes(formula *f, char c)
{
    f->at += strspn(f->at, " \t");
    if (*f->at != c || f->fault)
        return false;
    f->at++;
    return true;
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static double
read_number(formula *f)
{
    char copy[MAX_NUMBER + 1];
    size_t length = strspn(f->at, "0123456789.");
    const char *exponent = f->at + length;
    if (*exponent == 'e' || *exponent == 'E') {
        const size_t sign = exponent[1] == '+' || exponent[1] == '-';
        length += 1 + sign + strspn(exponent + 1 + sign, "0123456789");
    }
    double value = 0;
    if (length > MAX_NUMBER)
        return fail(f, "holds a number of more than 64 digits");
    memcpy(copy, f->at, length);
    copy[length] = '\0';
    if (!chx__number_parse(copy, length, &value))
        return fail(f, "holds a number that is none");
    f->at += length;
    return value;
}

static double
read_parentheses(formula *f)
{
    if (++f->depth > MAX_DEPTH)
        return fail(f, "nests more than 32 parentheses");
    double value = read_sum(f);
    f->depth--;
    return takes(f, ')') ? value : fail(f, "lacks a closing parenthesis");
}

static double
read_name(formula *f)
{
    const size_t length = strspn(f->at, "abcdefghijklmnopqrstuvwxyz_0123456789");
    for (uint32_t i = 0; i < f->n_symbols; i++)
        if (strlen(f->symbols[i].name) == length &&
            memcmp(f->symbols[i].name, f->at, length) == 0) {
            f->at += length;
            return f->symbols[i].value;
        }
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (strlen(functions[i].name) == length && memcmp(functions[i].name, f->at, length) == 0) {
            f->at += length;
            if (!takes(f, '('))
                return fail(f, "lacks the parenthesis after a function");
            return functions[i].compute(read_parentheses(f));
        }
    return fail(f, "names neither a parameter or constant above it nor a function, which are "
                   "exp, expm1, log and sqrt");
}

static double
read_atom(formula *f)
{
    bool is_negative = false;
    while (takes(f, '-'))
        is_negative = !is_negative;
    double value = 0;
    if (takes(f, '('))
        value = read_parentheses(f);
    else if (is_digit(*f->at) || *f->at == '.')
        value = read_number(f);
    else if (*f->at)
        value = read_name(f);
    else
        fail(f, "ends where a number or a name should stand");
    return is_negative ? -value : value;
}

static double
read_product(formula *f)
{
    double value = read_atom(f);
    while (!f->fault) {
        if (takes(f, '*'))
            value *= read_atom(f);
        else if (takes(f, '/'))
            value /= read_atom(f);
        else
            break;
    }
    return value;
}

static double
read_sum(formula *f)
{
    double value = read_product(f);
    while (!f->fault) {
        if (takes(f, '+'))
            value += read_product(f);
        else if (takes(f, '-'))
            value -= read_product(f);
        else
            break;
    }
    return value;
}

bool
chx__formula_compute(const char *text, const chx__symbol *symbols, uint32_t n_symbols,
                     double *value, const char **fault, const char **at)
{
    formula f = {.at = text, .symbols = symbols, .n_symbols = n_symbols};
    double found = read_sum(&f);
    f.at += strspn(f.at, " \t");
    if (!f.fault && *f.at)
        fail(&f, "goes on where it should end");
    *fault = f.fault;
    *at = f.at;
    if (!f.fault)
        *value = found;
    return !f.fault;
}
