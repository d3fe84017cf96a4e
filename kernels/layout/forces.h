/*
 * What host and device agree on about the forces of a layout.
 */
#ifndef CHX_KERNELS_FORCES_H
#define CHX_KERNELS_FORCES_H

#define CHX_BUCKET 16 /* places of a bucket: numbers in a vector */
#define CHX_STRETCH 512 /* links whose pull one work-item sums up */
#define CHX_FORCES_GROUP 16 /* work-items */
#define CHX_NOBODY 0xffffffffu /* in a place that is free */

#endif
