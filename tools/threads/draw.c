/* A frame is a row of jobs with a barrier after each: ages, projection, sorting sticks into
 * strips, painting, bloom, showing. Within a job threads take the next index from an atomic
 * counter and own what belongs to it (a chunk of branches, a strip of rows), so nothing else is
 * shared. The calling thread works too. Workers sleep at the start barrier between jobs and end
 * when `quit` is set before it. */
#include "draw.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "film.h"

#define STRIP 16 /* rows */
#define KEPT 7 /* spikes remembered of each neuron */

struct threads_draw {
    const chx_network_info *info;
    threads_branches branches;
    threads_colours colours;
    threads_layers layers;
    threads_depth depth;
    float centre[3], rows[3][3], origin[2], scale;
    threads_film film;
    int n_strips;
    int (*ages)[KEPT];
    threads_stick *sticks;
    int (*spans)[2]; /* strips of each stick; first > last when it is outside */
    size_t *strip_begin;
    uint32_t *strip_sticks;
    size_t strip_room;
    uint8_t *rgb;
    unsigned n_threads;
    pthread_t *threads;
    pthread_barrier_t start, end;
    void (*job)(threads_draw *, size_t);
    size_t job_count;
    atomic_size_t job_next;
    bool quit;
};

static void
work(threads_draw *draw)
{
    for (size_t i; (i = atomic_fetch_add(&draw->job_next, 1)) < draw->job_count;)
        draw->job(draw, i);
}

static void *
worker(void *data)
{
    threads_draw *draw = data;
    for (;;) {
        pthread_barrier_wait(&draw->start);
        if (draw->quit)
            return NULL;
        work(draw);
        pthread_barrier_wait(&draw->end);
    }
}

/* Runs job(0) .. job(count - 1) on all threads. */
static void
parallel(threads_draw *draw, void (*job)(threads_draw *, size_t), size_t count)
{
    draw->job = job;
    draw->job_count = count;
    atomic_store(&draw->job_next, 0);
    if (draw->n_threads > 1)
        pthread_barrier_wait(&draw->start);
    work(draw);
    if (draw->n_threads > 1)
        pthread_barrier_wait(&draw->end);
}

#define CHUNK 1024

static int
to_q8(float px)
{
    float q8 = px * 256.0f;
    q8 = q8 < -1.0e9f ? -1.0e9f : q8 > 1.0e9f ? 1.0e9f : q8;
    return (int)(q8 + (q8 < 0 ? -0.5f : 0.5f));
}

static float
along(const float row[3], const float p[3])
{
    return row[0] * p[0] + row[1] * p[1] + row[2] * p[2];
}

static void
set_age(threads_stick *stick, const threads_branch *branch, const int ages[KEPT])
{
    int k = 0;
    while (k < KEPT && ages[k] < branch->ticks_from)
        k++;
    bool none = k == KEPT || ages[k] == THREADS_NEVER;
    bool last = none || k + 1 == KEPT || ages[k + 1] == THREADS_NEVER;
    stick->age_a = none ? THREADS_NEVER : ages[k] - branch->ticks_from;
    stick->age_b = none ? THREADS_NEVER : ages[k] - branch->ticks_to;
    stick->back = last ? THREADS_NEVER : ages[k + 1] - ages[k];
}

/* A soma too small for a body becomes a line of one pixel. */
static void
widen_spot(threads_stick *s, const threads_branch *branch)
{
    if (!branch->is_soma || s->ra > 192)
        return;
    s->ra = s->rb = s->ra > 128 ? s->ra : 128;
    s->ax -= 128;
    s->bx += 128;
}

static void
project_one(threads_draw *draw, size_t i)
{
    const threads_branch *branch = &draw->branches.list[i];
    threads_stick *s = &draw->sticks[i];
    float a[3], b[3];
    for (int k = 0; k < 3; k++) {
        a[k] = branch->from[k] - draw->centre[k];
        b[k] = branch->to[k] - draw->centre[k];
    }
    s->ax = to_q8(along(draw->rows[0], a) + draw->origin[0]);
    s->ay = to_q8(along(draw->rows[1], a) + draw->origin[1]);
    s->az = to_q8(along(draw->rows[2], a));
    s->bx = to_q8(along(draw->rows[0], b) + draw->origin[0]);
    s->by = to_q8(along(draw->rows[1], b) + draw->origin[1]);
    s->bz = to_q8(along(draw->rows[2], b));
    s->ra = to_q8(branch->from[3] * draw->scale);
    s->rb = to_q8(branch->to[3] * draw->scale);
    s->type = branch->type;
    s->rank = branch->neuron * UINT32_C(2654435769) >> 28;
    widen_spot(s, branch);
    set_age(s, branch, draw->ages[branch->neuron]);
    int reach = (s->ra > s->rb ? s->ra : s->rb) + (draw->depth.halo > 512 ? draw->depth.halo : 512);
    int top = ((s->ay < s->by ? s->ay : s->by) - reach) >> 8;
    int bottom = ((s->ay > s->by ? s->ay : s->by) + reach) >> 8;
    bool outside = (s->ax > s->bx ? s->ax : s->bx) + reach < 0 ||
                   (s->ax < s->bx ? s->ax : s->bx) - reach > draw->layers.width * 256;
    top = top < 0 ? 0 : top / STRIP;
    bottom = bottom < 0 ? -1 : bottom / STRIP;
    draw->spans[i][0] = outside ? 1 : top;
    draw->spans[i][1] = outside ? 0 : bottom < draw->n_strips ? bottom : draw->n_strips - 1;
}

static void
project(threads_draw *draw, size_t chunk)
{
    size_t end = (chunk + 1) * CHUNK < draw->branches.n ? (chunk + 1) * CHUNK : draw->branches.n;
    for (size_t i = chunk * CHUNK; i < end; i++)
        project_one(draw, i);
}

/* Lists the sticks of each strip, by counting. False when memory is out. */
static bool
sort_into_strips(threads_draw *draw)
{
    memset(draw->strip_begin, 0, ((size_t)draw->n_strips + 2) * sizeof *draw->strip_begin);
    size_t *count = draw->strip_begin + 2;
    for (size_t i = 0; i < draw->branches.n; i++)
        for (int strip = draw->spans[i][0]; strip <= draw->spans[i][1]; strip++)
            count[strip]++;
    for (int strip = 0; strip < draw->n_strips; strip++)
        draw->strip_begin[strip + 2] += draw->strip_begin[strip + 1];
    size_t total = draw->strip_begin[draw->n_strips + 1];
    if (total > draw->strip_room) {
        uint32_t *more = realloc(draw->strip_sticks, 2 * total * sizeof *more);
        if (!more)
            return false;
        draw->strip_sticks = more;
        draw->strip_room = 2 * total;
    }
    for (size_t i = 0; i < draw->branches.n; i++)
        for (int strip = draw->spans[i][0]; strip <= draw->spans[i][1]; strip++)
            draw->strip_sticks[draw->strip_begin[strip + 1]++] = (uint32_t)i;
    return true;
}

static void
paint_strip(threads_draw *draw, size_t strip)
{
    int y0 = (int)strip * STRIP;
    int y1 = y0 + STRIP < draw->layers.height ? y0 + STRIP : draw->layers.height;
    for (size_t i = draw->strip_begin[strip]; i < draw->strip_begin[strip + 1]; i++)
        threads_paint(&draw->layers, &draw->colours, &draw->depth,
                      &draw->sticks[draw->strip_sticks[i]], y0, y1);
}

static void
halve(threads_draw *draw, size_t row)
{
    threads_film_halve(&draw->film, (int)row);
}

static void
raise_finest(threads_draw *draw, size_t row)
{
    threads_film_raise(&draw->film, (int)row);
}

static void
mark(threads_draw *draw, size_t tile_y)
{
    threads_film_mark(&draw->film, (int)tile_y);
}

static void
show(threads_draw *draw, size_t tile_y)
{
    threads_film_show(&draw->film, (int)tile_y, draw->rgb);
}

/* Ticks since the last spikes of each neuron, youngest first. */
static void
find_ages(threads_draw *draw, const chx_spike *spikes, size_t n_spikes, double time_ms)
{
    const chx_network_info *info = draw->info;
    int64_t now = (int64_t)rint(time_ms / info->time_step_ms * 65536);
    double per_step = info->time_step_ms / info->view.decay_ms * THREADS_TICKS * 65536;
    int64_t rate = (int64_t)fmin(rint(per_step), 1 << 26);
    for (uint32_t n = 0; n < info->n_neurons; n++)
        for (int k = 0; k < KEPT; k++)
            draw->ages[n][k] = THREADS_NEVER;
    for (size_t i = 0; i < n_spikes; i++) {
        int *ages = draw->ages[spikes[i].neuron];
        int64_t past = now - ((int64_t)spikes[i].step << 16);
        if (past < 0)
            continue;
        past = past < INT64_C(1) << 36 ? past : INT64_C(1) << 36;
        int64_t age = past * rate >> 32;
        memmove(ages + 1, ages, (KEPT - 1) * sizeof *ages);
        ages[0] = (int)(age < THREADS_NEVER - 1 ? age : THREADS_NEVER - 1);
    }
}

void
threads_draw_frame(threads_draw *draw, const chx_spike *spikes, size_t n_spikes, double time_ms,
                   uint8_t *rgb)
{
    draw->rgb = rgb;
    find_ages(draw, spikes, n_spikes, time_ms);
    parallel(draw, project, (draw->branches.n + CHUNK - 1) / CHUNK);
    if (!sort_into_strips(draw))
        return;
    parallel(draw, paint_strip, (size_t)draw->n_strips);
    const threads_film *film = &draw->film;
    parallel(draw, halve, (size_t)film->levels[1].height);
    threads_film_coarse(film);
    parallel(draw, mark, (size_t)film->n_tile_rows);
    parallel(draw, raise_finest, (size_t)film->levels[0].height);
    parallel(draw, show, (size_t)film->n_tile_rows);
    threads_film_clear(film);
}

/* The scene's projection, from where it puts points one um or so from the centre. */
static void
find_rows(threads_draw *draw, const chx_scene *scene, const chx_camera *camera, double rows[3][3])
{
    double x0, y0;
    chx_scene_project(scene, camera->centre_um, &x0, &y0);
    draw->origin[0] = (float)x0;
    draw->origin[1] = (float)y0;
    for (int k = 0; k < 3; k++) {
        float p[3];
        double x, y;
        memcpy(p, camera->centre_um, sizeof p);
        p[k] += 1024;
        chx_scene_project(scene, p, &x, &y);
        double away = (double)p[k] - camera->centre_um[k];
        rows[0][k] = (x - x0) / away;
        rows[1][k] = (y - y0) / away;
    }
    double scale = chx_scene_scale_px_per_um(scene);
    for (int k = 0; k < 3; k++) {
        int a = (k + 1) % 3, b = (k + 2) % 3;
        rows[2][k] = (rows[1][a] * rows[0][b] - rows[1][b] * rows[0][a]) / scale;
    }
    draw->scale = (float)scale;
}

void
threads_draw_aim(threads_draw *draw, const chx_scene *scene, const chx_camera *camera)
{
    double rows[3][3], middle = 0, half = 0;
    find_rows(draw, scene, camera, rows);
    for (int i = 0; i < 3; i++) {
        double turned = 0;
        draw->centre[i] = camera->centre_um[i];
        for (int k = 0; k < 3; k++) {
            draw->rows[i][k] = (float)rows[i][k];
            turned += rows[2][k] * draw->branches.axes[i][k];
        }
        half += fabs(turned) * draw->branches.half[i];
        middle += rows[2][i] * (draw->branches.middle[i] - camera->centre_um[i]);
    }
    double range = fmax(2 * half * 256, 1);
    draw->depth.far = (int32_t)fmax(-1e9, fmin((middle - half) * 256, 1e9));
    draw->depth.shift = 0;
    while (draw->depth.shift < 40 && 16383 / range * ldexp(1, draw->depth.shift + 1) < 1e9)
        draw->depth.shift++;
    draw->depth.halo = (int32_t)fmax(2.0 * 256 * draw->layers.height / 1080, 1.75 * 256);
    draw->depth.factor = (int32_t)(16383 / range * ldexp(1, draw->depth.shift));
}

static bool
make_layers(threads_draw *draw, int width, int height)
{
    size_t n = (size_t)width * (size_t)height;
    threads_layers *layers = &draw->layers;
    layers->width = width;
    layers->height = height;
    layers->n_tiles_x = (width + THREADS_TILE - 1) / THREADS_TILE;
    draw->n_strips = (height + STRIP - 1) / STRIP;
    size_t tiles = (size_t)layers->n_tiles_x * (size_t)draw->n_strips;
    layers->fibre = calloc(2 * n, sizeof *layers->fibre);
    layers->light = calloc(4 * n, sizeof *layers->light);
    layers->halo = calloc(n, sizeof *layers->halo);
    layers->body = calloc(n, sizeof *layers->body);
    layers->dirty = calloc(tiles, 1);
    draw->ages = calloc((size_t)draw->info->n_neurons + 1, sizeof *draw->ages);
    draw->sticks = calloc(draw->branches.n + 1, sizeof *draw->sticks);
    draw->spans = calloc(draw->branches.n + 1, sizeof *draw->spans);
    draw->strip_begin = calloc((size_t)draw->n_strips + 2, sizeof *draw->strip_begin);
    return threads_film_init(&draw->film, layers, &draw->colours, &draw->depth) && layers->fibre &&
           layers->light && layers->halo && layers->body && layers->dirty && draw->ages &&
           draw->sticks && draw->spans && draw->strip_begin;
}

/* Starts the workers; as many as can be had is not enough. */
static bool
start(threads_draw *draw, unsigned n_threads)
{
    draw->n_threads = 1;
    if (n_threads < 2)
        return true;
    draw->threads = calloc(n_threads, sizeof *draw->threads);
    if (!draw->threads || pthread_barrier_init(&draw->start, NULL, n_threads))
        return false;
    if (pthread_barrier_init(&draw->end, NULL, n_threads)) {
        pthread_barrier_destroy(&draw->start);
        return false;
    }
    unsigned n = 0;
    while (n < n_threads - 1 && pthread_create(&draw->threads[n], NULL, worker, draw) == 0)
        n++;
    if (n == n_threads - 1) {
        draw->n_threads = n_threads;
        return true;
    }
    for (unsigned i = 0; i < n; i++) {
        pthread_cancel(draw->threads[i]);
        pthread_join(draw->threads[i], NULL);
    }
    return false;
}

threads_draw *
threads_draw_create(const chx_network_info *info, uint32_t width_px, uint32_t height_px,
                    unsigned n_threads)
{
    threads_draw *draw = calloc(1, sizeof *draw);
    if (!draw)
        return NULL;
    draw->info = info;
    threads_colours_fill(&draw->colours);
    if (!threads_branches_init(&draw->branches, info) ||
        !make_layers(draw, (int)width_px, (int)height_px) || !start(draw, n_threads)) {
        threads_draw_destroy(draw);
        return NULL;
    }
    return draw;
}

void
threads_draw_destroy(threads_draw *draw)
{
    if (!draw)
        return;
    if (draw->n_threads > 1) {
        draw->quit = true;
        pthread_barrier_wait(&draw->start);
        for (unsigned i = 0; i + 1 < draw->n_threads; i++)
            pthread_join(draw->threads[i], NULL);
        pthread_barrier_destroy(&draw->start);
        pthread_barrier_destroy(&draw->end);
    }
    void *owned[] = {draw->threads,      draw->layers.fibre, draw->layers.light, draw->layers.body,
                     draw->layers.dirty, draw->ages,         draw->sticks,       draw->spans,
                     draw->strip_begin,  draw->strip_sticks, draw->layers.halo};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        free(owned[i]);
    threads_film_finish(&draw->film);
    threads_branches_finish(&draw->branches);
    free(draw);
}
