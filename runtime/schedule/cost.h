/* What things cost: measured durations per kernel, device and size, and estimates before the first.
 *
 * Robust: the estimate is the median of the last nine samples, the first of a key and band, which
 * may pay for compilation, is dropped, and a sample four times as long as the estimate counts only
 * when the one before was too; so slow samples move nothing unless they last. */
#ifndef CHX_SCHEDULE_COST_H
#define CHX_SCHEDULE_COST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <chronaxie/status.h>

typedef struct chx__costs chx__costs;

/* What a duration belongs to. */
typedef struct chx__cost_key {
    uint64_t kernel; /* digest of program, options and kernel name */
    uint64_t device; /* digest of device and driver, and which of those alike */
    uint64_t size; /* work-items or bytes; sizes within a power of two share samples, scaled */
} chx__cost_key;

chx_status chx__costs_create(chx__costs **costs);
void chx__costs_destroy(chx__costs **costs);

/* Adds a measured duration. Any thread. Returns true when the estimate for the key appeared or
 * moved by more than a quarter, so that plans made before may no longer be best. */
bool chx__costs_add(chx__costs *costs, const chx__cost_key *key, double duration_ns);

/* The estimate: the median of the key's recent samples, scaled to size within its band. False when
 * the key has none. Any thread. */
bool chx__costs_find(const chx__costs *costs, const chx__cost_key *key, double *duration_ns);

/* The same, but for samples from long before others of sizes around it were taken: of the pieces
 * that a task was once cut into, for which chx__costs_find_near() then knows more. Any thread. */
bool chx__costs_find_lately(const chx__costs *costs, const chx__cost_key *key, double *duration_ns);

/* Estimate for a size whose band has no samples, by a line through those of the bands around it, of
 * which old ones do not count beside new ones. False when these have none either. A first launch of
 * that size may still be slow, as it may compile. Any thread. */
bool chx__costs_find_near(const chx__costs *costs, const chx__cost_key *key, double *duration_ns);

/* Estimate for a device that has not run the kernel, from one that has: any sample of kernel and
 * size on another device. reference receives that device. False when there is none. */
bool chx__costs_find_elsewhere(const chx__costs *costs, const chx__cost_key *key,
                               uint64_t *reference, double *duration_ns);

/* A measured duration over the estimate for its key, or 1 where it is not apart from the samples:
 * beyond all but one of them by a quarter. False when there are too few to tell. Any thread. */
bool chx__costs_compare(const chx__costs *costs, const chx__cost_key *key, double duration_ns,
                        double *ratio);

/* From now on the kernel takes so many times as long on the device as was measured, at all sizes.
 * Any thread. */
void chx__costs_scale(chx__costs *costs, uint64_t kernel, uint64_t device, double factor);

#define CHX__COST_NAME 48
#define CHX__COST_RECENT 9 /* samples that an estimate is of */

/* What is known of one kernel on one device at sizes within a power of two. Without padding, as it
 * is kept in files. */
typedef struct chx__cost_model {
    chx__cost_key key; /* its size is in the middle */
    double median_ns; /* at that size */
    double spread_ns; /* from the lower to the upper quartile */
    uint64_t n_samples; /* ever */
    char name[CHX__COST_NAME];
    uint64_t median_size; /* of the sample that is the median; 0: unknown */
    double bytes_per_unit; /* read and written; 0: unknown */
    /* In the long run, the oldest first: medians of samples by so many, in ns per unit of size. */
    uint64_t n_lasting;
    double lasting[CHX__COST_RECENT];
} chx__cost_model;

/* A size that the model was measured at, and what it takes there. */
double chx__cost_model_size(const chx__cost_model *model);
double chx__cost_model_ns(const chx__cost_model *model);

/* Names the key's model, where it has samples; cut off when it is long. bytes: what the launch
 * reads and writes. Any thread. */
void chx__costs_name(chx__costs *costs, const chx__cost_key *key, const char *name, uint64_t bytes);

/* Copies the models that have names, at most so many, in no order. Returns how many there are. Any
 * thread. */
size_t chx__costs_list(const chx__costs *costs, chx__cost_model *models, size_t most);

/* Begins with what was known before: it counts as one sample, which new ones soon outnumber. Does
 * nothing where there are samples. Any thread. */
void chx__costs_recall(chx__costs *costs, const chx__cost_model *model);

#endif
