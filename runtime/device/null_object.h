/* What the null back-end's handles point at. */
#ifndef CHX_DEVICE_NULL_OBJECT_H
#define CHX_DEVICE_NULL_OBJECT_H

#include <pthread.h>

#include "device/null.h"
#include "device/null_provenance.h"

typedef enum chx__null_kind {
    CHX__NULL_CONTEXT = 1,
    CHX__NULL_QUEUE,
    CHX__NULL_MEMORY,
    CHX__NULL_PROGRAM,
    CHX__NULL_KERNEL,
    CHX__NULL_COMMAND, /* events */
} chx__null_kind;

/* Objects are freed with their machine only, so that a use after the release is told and not
 * guessed. */
typedef struct chx__null_object {
    chx__null *machine;
    chx__null_kind kind;
    uint32_t n_references; /* 0: released */
    struct chx__null_object *next; /* all of the machine */
} chx__null_object;

typedef struct chx__null_context {
    chx__null_object object;
    uint32_t platform;
} chx__null_context;

typedef struct chx__null_memory {
    chx__null_object object;
    uint32_t platform;
    unsigned char *bytes; /* NULL: too many, and their provenance stands for them */
    chx__provenance provenance;
    size_t size_bytes;
    bool is_shared; /* the bytes are the caller's */
    const chx__null_device *device; /* that used it last: its own; NULL before */
} chx__null_memory;

#define CHX__NULL_MAX_PARAMETERS 64u
#define CHX__NULL_MAX_VALUE 256u /* bytes of an argument */

/* A kernel as a program text declares it. */
typedef struct chx__null_declaration {
    char name[64];
    const chx__null_kernel *kernel;
    uint32_t n_parameters;
    chx__parameter_kind parameters[CHX__NULL_MAX_PARAMETERS];
    bool is_const[CHX__NULL_MAX_PARAMETERS];
    char types[CHX__NULL_MAX_PARAMETERS][32];
    size_t declared_group[3];
} chx__null_declaration;

typedef struct chx__null_program {
    chx__null_object object;
    chx__null_declaration *declarations;
    uint32_t n_declarations;
} chx__null_program;

typedef struct chx__null_argument {
    bool is_set;
    chx__null_memory *memory;
    size_t size_bytes;
    unsigned char value[CHX__NULL_MAX_VALUE];
} chx__null_argument;

typedef struct chx__null_kernel_object {
    chx__null_object object;
    const chx__null_declaration *declaration;
    chx__null_argument arguments[CHX__NULL_MAX_PARAMETERS];
} chx__null_kernel_object;

typedef struct chx__null_command chx__null_command;

typedef struct chx__null_queue {
    chx__null_object object;
    chx__null_object *context;
    const chx__null_device *device;
    chx__null_command *first, *last; /* that have not ended */
    uint64_t free_ns; /* end of the last that has */
    struct chx__null_queue *next_queue;
} chx__null_queue;

/* A command and its event. */
struct chx__null_command {
    chx__null_object object;
    chx__null_queue *queue;
    chx__null_command *next; /* in the queue */
    chx__null_command **waits;
    uint32_t n_waits;
    uint64_t number;
    bool is_flushed;
    bool fails, hangs;
    uint32_t n_late; /* see chx__null_params */
    cl_int status;
    uint64_t start_ns, finish_ns;
    const chx__null_kernel *kernel; /* launches */
    const chx__null_declaration *declaration;
    chx__null_argument *arguments;
    uint32_t n_arguments;
    chx__launch launch;
    chx__null_memory *from, *to; /* copies; NULL: host memory */
    const void *source; /* writes */
    void *target; /* reads */
    size_t offset_bytes, size_bytes;
    double copy_ns;
    void(CL_CALLBACK *done)(cl_event, cl_int, void *);
    void *done_data;
};

struct chx__null {
    chx__null_params params;
    /* A leaf of the lock order; guards everything below and every object. Completion callbacks are
     * called without it. */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_cond_t armed;
    pthread_t worker;
    bool has_worker, is_closing;
    chx__null_object *objects;
    chx__null_queue *queues;
    uint64_t random;
    uint64_t now_ns;
    uint64_t idle_ns; /* when all that had been enqueued last had ended */
    uint64_t *busy_ns; /* until when each device computes */
    uint32_t n_flying;
    chx__null_faults faults;
    uint64_t refusals; /* a generator, for those at a rate */
    chx__null_counts counts;
    const chx__null_device *stalled; /* NULL: none */
    uint32_t n_violations;
    char violation[160];
};

/* Of programs that plans have of their own; a list as in chx__null_params. */
extern const chx__null_kernel chx__null_reduce_kernels[];

/* An object with one reference; NULL without memory. Under the lock. */
void *chx__null_new(chx__null *machine, chx__null_kind kind, size_t size);

/* Whether the object is of the kind and not released; a violation when not. Under the lock. */
bool chx__null_check(chx__null *machine, const void *object, chx__null_kind kind,
                     const char *doing);

void chx__null_violate(chx__null *machine, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The next number of a generator. */
uint64_t chx__null_draw(uint64_t *state);

/* Counts a call that can fail; the code with which it is refused, usual unless the faults say
 * another, or CL_SUCCESS. Under the lock. */
cl_int chx__null_refuse(chx__null *machine, cl_int usual);

/* The same for calls whose number depends on how threads meet, which a rate alone refuses. */
cl_int chx__null_refuse_at_rate(chx__null *machine);

/* Comes back when calls of the kind are not made to block on the platform, any more. Under the
 * lock, which it gives up meanwhile. */
void chx__null_pass(chx__null *machine, chx__null_call_kind kind, uint32_t platform);

/* Does what the command is for; false without memory. Under the lock. */
bool chx__null_compute(const chx__null_command *command);

/* Ends one command that can end; false when none can. Under the lock, which it gives up for the
 * callback. */
bool chx__null_step(chx__null *machine);

/* Appends a command to its queue. Takes its waits. Under the lock. */
cl_int chx__null_enqueue(chx__null_command *command, const chx__wait_list *waits, cl_event *event);

/* Reads the kernels that a text declares. Errors: BUILD, MEMORY. */
chx_status chx__null_declare(const chx__target *target, const chx__null_kernel *kernels,
                             chx__null_declaration **declarations, uint32_t *n);

#endif
