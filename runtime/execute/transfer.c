/* Where a device works on the host's memory itself nothing is copied: the bytes are handed over. */
#include "execute/transfer.h"

#include <assert.h>

#include "memory/buffer.h"

cl_int
chx__transfer_enqueue(const chx__device *device, cl_command_queue queue, const chx__stretch *bytes,
                      unsigned char *host, uint32_t from, uint32_t to, const chx__wait_list *waits,
                      cl_event *event)
{
    const chx__backend *backend = chx__device_backend(device);
    const chx_buffer *buffer = bytes->buffer;
    size_t size = bytes->end - bytes->begin;
    unsigned char *start = host + bytes->begin;
    cl_mem source = from ? buffer->replicas[from - 1] : NULL;
    cl_mem target = to ? buffer->replicas[to - 1] : NULL;
    assert(source || target);
    if (source && target)
        return backend->copy(queue, source, target, bytes->begin, size, waits, event);
    if (chx__buffer_is_shared(buffer, from ? from : to))
        return backend->hand_over(queue, source ? source : target, bytes->begin, size,
                                  source != NULL, waits, event);
    return source ? backend->read(queue, source, bytes->begin, size, start, waits, event)
                  : backend->write(queue, target, bytes->begin, size, start, waits, event);
}
