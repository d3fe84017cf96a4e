/*
 * Functions compiled for several vector units, the best of which is chosen when the program starts.
 * It changes no result: the build forbids fusing multiplications with additions.
 */
#ifndef CHX_BASE_PROCESSOR_H
#define CHX_BASE_PROCESSOR_H

/* Sanitizers are not ready yet when the choice is made. */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define CHX__FOR_EACH_PROCESSOR __attribute__((target_clones("avx2", "default")))
#else
#define CHX__FOR_EACH_PROCESSOR
#endif

#endif
