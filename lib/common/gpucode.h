/*
 * gpucode.h - a device's code, compiled at run time from source and kept.
 *
 * The compiler (hiprtc or nvrtc, opened at run time) runs in a child, because
 * some versions abort the process on an architecture that they do not know.
 * What it makes is kept in ${XDG_CACHE_HOME:-~/.cache}/learnutils under a name
 * that follows from the source, the architecture and the driver's version. A
 * file there that is damaged is made again; one that cannot be written is not
 * missed.
 */
#ifndef LU_GPUCODE_H
#define LU_GPUCODE_H

#include "common/sbuf.h"
#include "common/why.h"

struct gpucode {
    const char *kind;                 /* "hip" or "cuda" */
    const char *arch;                 /* gfx90a, sm_90 */
    int version;                      /* of the driver */
    const char *name, *source;        /* of the one file */
    const char *header_name, *header; /* that it includes */
};

/* The object into *to, from the cache or else compiled. LU_GPU_CODE names a
 * file that is taken instead: what hipcc --genco or nvcc -fatbin made. */
int gpucode_get(struct sbuf *to, const struct gpucode *c, struct why *w);

/* Always compile. Needs no device. */
int gpucode_compile(struct sbuf *to, const struct gpucode *c, struct why *w);

#endif
