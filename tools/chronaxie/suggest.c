/* Distance by optimal string alignment: typing slips are letters left out, added, wrong or
 * swapped. A beginning of three letters counts as meant, about a third of the letters may be
 * wrong, and what follows a hyphen, as a unit, may be missing; beyond that no suggestion is better
 * than a wrong one. */
#include "suggest.h"

#include <stdlib.h>
#include <string.h>

#define LONGEST_WORD 32

static int
smallest(int a, int b, int c)
{
    int least = a < b ? a : b;
    return least < c ? least : c;
}

/* Optimal string alignment, insertions, deletions, replacements and swaps of neighbours: of a to b,
 * or to the nearest beginning of b before a hyphen. */
static int
distance(const char *a, const char *b)
{
    int table[LONGEST_WORD + 1][LONGEST_WORD + 1] = {{0}};
    int n_a = (int)strlen(a);
    int n_b = (int)strlen(b);

    if (n_a > LONGEST_WORD || n_b > LONGEST_WORD)
        return LONGEST_WORD;
    for (int i = 0; i <= n_a; i++) {
        for (int j = 0; j <= n_b; j++) {
            if (i == 0 || j == 0) {
                table[i][j] = i + j;
                continue;
            }
            int replaced = table[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            table[i][j] = smallest(table[i - 1][j] + 1, table[i][j - 1] + 1, replaced);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                table[i][j] = smallest(table[i][j], table[i - 2][j - 2] + 1, table[i][j]);
        }
    }
    int least = table[n_a][n_b];
    for (int j = 1; j < n_b; j++)
        if (b[j] == '-' && table[n_a][j] < least)
            least = table[n_a][j];
    return least;
}

const char *
suggest_word(const char *mistyped, const char *const *words, size_t n)
{
    const char *nearest = NULL;
    int typed = (int)strlen(mistyped);
    /* About a third of the letters may be wrong: "rnder" is render, but "frob" is nothing. */
    int allowed = typed <= 3 ? 1 : typed / 3 + (typed % 3 > 0);

    for (size_t i = 0; i < n; i++) {
        if (!words[i])
            continue;
        if (typed >= 3 && strncmp(words[i], mistyped, (size_t)typed) == 0)
            return words[i];
        int there = distance(mistyped, words[i]);
        if (there <= allowed) {
            allowed = there - 1;
            nearest = words[i];
        }
    }
    return nearest;
}

const char *
suggest_neuron(const char *mistyped, const chx_network_info *info, bool with_types)
{
    const size_t n = (size_t)info->n_neurons + (with_types ? info->n_types : 0);
    const char **names = calloc(n + 1, sizeof *names);
    const char *near = NULL;

    for (size_t i = 0; names && i < n; i++)
        names[i] =
            i < info->n_neurons ? info->neurons[i].name : info->types[i - info->n_neurons].name;
    if (names)
        near = suggest_word(mistyped, names, n);
    free(names);
    return near;
}
