/*
 * gpudriver.h - a GPU's driver, opened at run time.
 *
 * HIP's module interface and CUDA's driver interface have the same calls with
 * the same arguments under other names, so one table serves both. Nothing of
 * either is needed to build. Calls return 0 or an error that text() names;
 * work is queued in order on one stream, and get and sync wait for it.
 */
#ifndef LU_GPUDRIVER_H
#define LU_GPUDRIVER_H

#include <stddef.h>

#include "common/why.h"

struct gpudriver {
    const char *kind; /* "hip", "cuda" or what else fills in the calls */
    char name[128];   /* of the device */
    char arch[64];    /* what a compiler calls it: gfx90a, sm_90 */
    int version;      /* of the driver */
    int (*alloc)(void **p, size_t n);
    int (*free)(void *p);
    int (*put)(void *to, const void *host, size_t n);
    int (*get)(void *host, const void *from, size_t n);
    int (*copy)(void *to, const void *from, size_t n);
    int (*fill)(void *to, unsigned char value, size_t n);
    int (*sync)(void);
    int (*load)(void **module, const void *image);
    int (*find)(void **kernel, void *module, const char *name);
    int (*launch)(void *kernel, unsigned gx, unsigned gy, unsigned gz,
                  unsigned bx, unsigned by, unsigned bz, unsigned shared,
                  void *stream, void **args, void **extra);
    const char *(*text)(int error);
};

/* Open the first device of "hip" or "cuda" for the calling thread; which one
 * is first, HIP_VISIBLE_DEVICES and CUDA_VISIBLE_DEVICES decide. Fails when
 * there is no library, no device, or a library without one of the calls. The
 * driver stays open until the process ends; do not fork and use it. */
int gpudriver_open(struct gpudriver *g, const char *kind, struct why *w);

/* dlopen the first of a NULL-terminated list that is there, or NULL. */
void *gpudriver_library(const char *const *names);

/* Store the address of a function of a library in *to, a pointer to one. */
int gpudriver_symbol(void *library, const char *name, void *to);

#endif
