/*
 * gpublas.h - matrix products of the device's vendor: cuBLAS or hipBLAS, where
 * one is installed; opened at run time.
 */
#ifndef LU_GPUBLAS_H
#define LU_GPUBLAS_H

#include "common/why.h"

struct gpublas {
    const char *name; /* "cublas" or "hipblas" */
    void *handle;
    int no, yes; /* what its arguments call "transpose" */
    int (*sgemm)(void *, int, int, int, int, int, const float *, const float *,
                 int, const float *, int, const float *, float *, int);
};

/* Open the one for a driver of kind "hip" or "cuda". tf32 asks for products of
 * operands rounded to 10 bits of mantissa, which only cuBLAS has. */
int gpublas_open(struct gpublas *b, const char *kind, int tf32, struct why *w);

/* As gemm of kern.h; 0 or an error code. */
int gpublas_gemm(const struct gpublas *p, int ta, int tb, int m, int n, int k,
                 const float *a, int lda, const float *b, int ldb, float beta,
                 float *c, int ldc);

#endif
