/* The arena of a network: texts and lists of stimuli live in blocks that never move, so pointers to
 * them stay good while arrays grow. */
#include "network/network.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define BLOCK_BYTES 65536

struct chx__network_block {
    struct chx__network_block *next;
    size_t used_bytes, size_bytes;
    _Alignas(max_align_t) char bytes[];
};

void *
chx__network_keep(chx_network *network, size_t size_bytes)
{
    size_t align = sizeof(uint64_t);
    if (size_bytes > SIZE_MAX / 2)
        return NULL;
    size_bytes = (size_bytes + align - 1) / align * align;
    struct chx__network_block *block = network->blocks;
    if (!block || block->size_bytes - block->used_bytes < size_bytes) {
        size_t room = size_bytes > BLOCK_BYTES ? size_bytes : BLOCK_BYTES;
        block = chx__alloc_bare(sizeof *block + room, 1);
        if (!block)
            return NULL;
        *block = (struct chx__network_block){.next = network->blocks, .size_bytes = room};
        network->blocks = block;
    }
    void *kept = block->bytes + block->used_bytes;
    block->used_bytes += size_bytes;
    return kept;
}

char *
chx__network_keep_text(chx_network *network, const char *text, size_t length)
{
    char *kept = chx__network_keep(network, length + 1);
    if (!kept)
        return NULL;
    memcpy(kept, text, length);
    kept[length] = '\0';
    return kept;
}

void
chx__network_free_kept(chx_network *network)
{
    while (network->blocks) {
        struct chx__network_block *next = network->blocks->next;
        free(network->blocks);
        network->blocks = next;
    }
}
