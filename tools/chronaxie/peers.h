/* Peers: the same job done by the kernels and by plain C with threads, timed side by side. */
#ifndef CHRONAXIE_PEERS_H
#define CHRONAXIE_PEERS_H

#include <stdbool.h>
#include <stdint.h>

#include <chronaxie/chronaxie.h>

#define PEERS_ROUNDS 5 /* after one that is not counted */

/* A pair of times for one job on a number of processor cores. */
struct peers {
    uint32_t cores;
    bool has_kernels; /* the devices could be confined to that many cores */
    bool same; /* the digests of both results were equal */
    double threads_ms; /* medians; of one frame when drawing */
    double kernels_ms;
    uint64_t digest; /* of the kernels' result */
};

/* What is compared. */
struct peers_job {
    const chx_network *network;
    double simulated_ms;
    uint32_t n_frames;
    uint32_t size_px[2];
    chx_runtime *reference; /* any runtime; tells where a scene's camera stands */
};

/* Simulating alone, and a film: simulating and drawing frame by frame. Both functions time one job
 * on `cores` threads and, where runtime is not NULL, on its devices. They fill all but `cores`.
 * Errors: those of the library; MEMORY. */
chx_status peers_simulate(const struct peers_job *job, chx_runtime *runtime, struct peers *peers);
chx_status peers_draw(const struct peers_job *job, chx_runtime *runtime, struct peers *peers);

#endif
