/*
 * levels.h - what cpu.c chooses from. Each is in the program where the compiler
 * can make it, and may be called where the processor can run it.
 */
#ifndef LU_LEVELS_H
#define LU_LEVELS_H

#include "kern.h"

/* The loops, without products by a BLAS. */
extern const struct kern kern_base, kern_avx2, kern_avx512;

/* gemm of kern.h with both factors rounded to bfloat16, summed in float. */
void gemm_bf16(int ta, int tb, int m, int n, int k, const float *a, int lda,
               const float *b, int ldb, float beta, float *c, int ldc);

/* count and tally of kern.h, in plain C and for AVX2. */
void count_plain(void *record, uint8_t symbol);
void count_avx2(void *record, uint8_t symbol);
uint32_t tally_plain(struct kern_hint *hint, uint32_t *row, size_t ld,
                     const void *record, const int *weight, int n);
uint32_t tally_avx2(struct kern_hint *hint, uint32_t *row, size_t ld,
                    const void *record, const int *weight, int n);

#endif
