/* Drawn over itself on a terminal and nowhere else: in a file or a dumb terminal the codes would
 * be litter. State is static, as there is one terminal; whoever prints to it clears the line
 * first. */
#include "progress.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stopwatch.h"

#define BAR_WIDTH 30
#define REDRAW_NS 100000000u

static struct {
    const char *units;
    uint64_t total;
    uint64_t begin_ns;
    uint64_t drawn_ns;
    bool enabled;
    bool visible;
} bar;

void
progress_begin(const char *units, uint64_t total)
{
    const char *term = getenv("TERM");
    bar.units = units;
    bar.total = total ? total : 1;
    bar.begin_ns = stopwatch_now_ns();
    bar.drawn_ns = 0;
    bar.enabled = isatty(STDERR_FILENO) && !(term && strcmp(term, "dumb") == 0);
    bar.visible = false;
}

void
progress_show(uint64_t done)
{
    uint64_t now = stopwatch_now_ns();
    double seconds = (double)(now - bar.begin_ns) * 1e-9;
    char cells[BAR_WIDTH + 1];
    int filled;

    if (!bar.enabled || now - bar.drawn_ns < REDRAW_NS)
        return;
    bar.drawn_ns = now;
    filled = (int)(done * BAR_WIDTH / bar.total);
    memset(cells, '.', BAR_WIDTH);
    memset(cells, '#', (size_t)(filled < BAR_WIDTH ? filled : BAR_WIDTH));
    cells[BAR_WIDTH] = '\0';
    fprintf(stderr, "\r\033[K[%s] %llu/%llu %s", cells, (unsigned long long)done,
            (unsigned long long)bar.total, bar.units);
    if (done > 0 && seconds > 0.5)
        fprintf(stderr, ", %.0f s left", seconds / (double)done * (double)(bar.total - done));
    fflush(stderr);
    bar.visible = true;
}

void
progress_clear(void)
{
    if (bar.visible)
        fputs("\r\033[K", stderr);
    bar.visible = false;
}
