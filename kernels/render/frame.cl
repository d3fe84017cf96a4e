/*
 * All kernels of a picture in one program. A compiler takes long to get started, so that one
 * program of two files is ready sooner than two programs: the first picture waits for it.
 */
#include "draw.cl"
#include "resolve.cl"
