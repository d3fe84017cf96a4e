/* Comparing is of bytes: the same work leaves the same bits on all devices. */
#include "account.h"

#include <stdlib.h>
#include <string.h>

bool
frames_add(struct frames *frames, const uint8_t *bytes, size_t size_bytes)
{
    uint8_t *grown = realloc(frames->bytes, frames->size_bytes + size_bytes);
    if (!grown)
        return false;
    memcpy(grown + frames->size_bytes, bytes, size_bytes);
    *frames = (struct frames){grown, frames->size_bytes + size_bytes};
    return true;
}

void
frames_clear(struct frames *frames)
{
    free(frames->bytes);
    *frames = (struct frames){0};
}

void
account_clear(struct account *account)
{
    frames_clear(&account->frames);
    free(account->state);
    free(account->spikes);
    free(account->trace.values);
    *account = (struct account){0};
}

chx_status
account_take(struct account *account, const struct session *session, struct frames *frames,
             bool has_probe)
{
    chx_simulation *simulation = session->simulation;
    chx_status status = CHX_OK;
    account_clear(account);
    account->frames = *frames;
    *frames = (struct frames){0};
    if (!session->recording)
        status = chx_simulation_save_memory(simulation, &account->state, &account->size_bytes);
    if (status == CHX_OK)
        status = chx_simulation_take_spikes(simulation, &account->spikes, &account->n_spikes);
    if (status == CHX_OK && has_probe)
        status = chx_simulation_take_trace(simulation, 0, &account->trace);
    return status;
}

static bool
are_equal(const void *one, const void *two, size_t size_bytes)
{
    return size_bytes == 0 || memcmp(one, two, size_bytes) == 0;
}

bool
account_computes_like(const struct account *one, const struct account *two)
{
    const chx_trace *a = &one->trace, *b = &two->trace;
    return one->size_bytes == two->size_bytes && one->n_spikes == two->n_spikes &&
           a->n_rows == b->n_rows && a->first_step == b->first_step &&
           are_equal(one->state, two->state, one->size_bytes) &&
           are_equal(one->spikes, two->spikes, one->n_spikes * sizeof *one->spikes) &&
           are_equal(a->values, b->values, a->n_rows * a->n_neurons * sizeof *a->values);
}

bool
account_agrees(const struct account *one, const struct account *two)
{
    const struct frames *a = &one->frames, *b = &two->frames;
    return account_computes_like(one, two) && a->size_bytes == b->size_bytes &&
           are_equal(a->bytes, b->bytes, a->size_bytes);
}
