/* A probe: a device opened by itself, for the self-test. It has a context of its own, so that a
 * driver that fails spoils nothing, and waits for nothing without a deadline. */
#ifndef CHX_DEVICE_PROBE_H
#define CHX_DEVICE_PROBE_H

#include "device/device.h"

typedef struct chx__probe {
    const chx__device *device;
    cl_context context;
    cl_command_queue queue;
    cl_program program;
    /* A command did not end: the driver may still touch whatever it was given, so nothing is
     * released and the memory around is never freed. */
    bool is_abandoned;
    char why[256]; /* what went wrong first */
} chx__probe;

/* One argument of a kernel. */
typedef struct chx__argument {
    const void *value;
    size_t size;
} chx__argument;

/* Every function that fails notes why, and returns false or NULL. */
bool chx__probe_open(chx__probe *probe);

/* Releases everything; false when the probe is abandoned. */
bool chx__probe_close(chx__probe *probe);

bool chx__probe_refuse(chx__probe *probe, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool chx__probe_refuse_code(chx__probe *probe, const char *doing, cl_int code);

bool chx__probe_build(chx__probe *probe, const char *text, const char *options);

/* data, when there is any, is copied. */
cl_mem chx__probe_buffer(chx__probe *probe, size_t size_bytes, void *data);
void chx__probe_drop_buffer(const chx__probe *probe, cl_mem buffer);

cl_kernel chx__probe_kernel(chx__probe *probe, const char *name, const chx__argument *arguments,
                            cl_uint n_arguments);
void chx__probe_drop_kernel(const chx__probe *probe, cl_kernel kernel);

/* event may be NULL. */
bool chx__probe_launch(chx__probe *probe, cl_kernel kernel, size_t n_items, size_t n_local,
                       cl_event *event);

/* Takes the event of the last command. Everything before it on the in-order queue has then
 * ended. */
bool chx__probe_await(chx__probe *probe, cl_event event, const char *doing);

/* data must live as long as the probe's memory. */
bool chx__probe_read(chx__probe *probe, cl_mem buffer, void *data, size_t size_bytes);

/* 32, or what the device allows. */
size_t chx__probe_local_size(const chx__probe *probe);

#endif
