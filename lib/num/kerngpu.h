/*
 * kerngpu.h - kern.h on a device: every operation launches kernels of ffn.hip
 * through a driver, which is a GPU's or the emulator's.
 *
 * There is one in a process, for the thread that opened it.
 */
#ifndef LU_KERNGPU_H
#define LU_KERNGPU_H

#include "common/gpudriver.h"
#include "common/why.h"
#include "kern.h"
#include "num/gpublas.h"

/* Load the image of ffn.hip. blas may be NULL: then our own products. Both
 * must live as long as the process; driver and image are copied from. */
const struct kern *kerngpu_open(const struct gpudriver *driver,
                                const void *image, const struct gpublas *blas,
                                struct why *w);

/* The most bytes of model memory at any time. */
size_t kerngpu_peak(void);

/* Which of our own products to use, for tests: by shape, or always one. */
enum kerngpu_tile { KERNGPU_BY_SHAPE, KERNGPU_LARGE, KERNGPU_SMALL };
void kerngpu_tile(enum kerngpu_tile t);

#endif
