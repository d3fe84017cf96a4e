// The public headers as a C++ program uses them: compiled, not run.
#include <chronaxie/chronaxie.h>

struct weights {
    double of[40];
};

chx_status
add(chx_graph *graph, chx_program *program, chx_buffer *x, chx_buffer *y)
{
    weights w = {};
    const chx_arg args[] = {CHX_READ(x),
                            CHX_READ_WRITE(y),
                            CHX_BUFFER_RANGE(y, CHX_ACCESS_WRITE, 0, 16),
                            CHX_INT(-1),
                            CHX_UINT(1),
                            CHX_ULONG(1),
                            CHX_FLOAT(2.0f),
                            CHX_DOUBLE(2.0),
                            CHX_STRUCT(w),
                            CHX_LOCAL(64),
                            CHX_END};
    chx_kernel_task task = {};
    task.program = program;
    task.kernel = "weigh";
    task.global[0] = 64;
    task.args = args;
    return chx_graph_kernel(graph, &task);
}
