/*
 * cpu.c - which loops run on this processor, and whose products.
 *
 * The loops are in the program once for each kind of processor (loops.h). The
 * environment's LU_CPU, one of base, avx2, avx512 and bf16, limits the choice:
 * so that one machine can test them all, or repeat what a lesser one computed.
 * Products of floats are OpenBLAS's when the build has it.
 */
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_OPENBLAS
#include <cblas.h>
#endif

#include "levels.h"

static void choose(void);

struct kern kern_cpu = { .name = "cpu",
                         .start = choose,
                         .count = count_plain,
                         .tally = tally_plain,
                         KERN_HOST_MEMORY };
static struct kern kern_bf16;

enum level { BASE, AVX2, AVX512, BF16 };

static enum level
allowed(void)
{
    static const char *const name[] = { "base", "avx2", "avx512" };
    const char *most = getenv("LU_CPU");

    for (int i = BASE; most && i < BF16; i++)
        if (strcmp(most, name[i]) == 0)
            return (enum level)i;
    return BF16;
}

static enum level
level(void)
{
    enum level most = allowed(), here = BASE;

#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        here = AVX2;
    if (here == AVX2 && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
        here = AVX512;
    if (here == AVX512 && __builtin_cpu_supports("avx512bf16"))
        here = BF16;
#endif
    return here < most ? here : most;
}

#ifdef HAVE_OPENBLAS
static void
blas_gemm(int ta, int tb, int m, int n, int k, const float *a, int lda,
          const float *b, int ldb, float beta, float *c, int ldc)
{
    cblas_sgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans,
                tb ? CblasTrans : CblasNoTrans, m, n, k, 1, a, lda, b, ldb,
                beta, c, ldc);
}
#endif

static void
choose(void)
{
    enum level use = level();

    kern_cpu = kern_base;
#ifdef __x86_64__
    if (use >= AVX2)
        kern_cpu = use == AVX2 ? kern_avx2 : kern_avx512;
#endif
    kern_cpu.start = choose;
    kern_cpu.count = count_plain;
    kern_cpu.tally = tally_plain;
#ifdef __x86_64__
    if (use >= AVX2) {
        kern_cpu.count = count_avx2;
        kern_cpu.tally = tally_avx2;
    }
#endif
#ifdef HAVE_OPENBLAS
    openblas_set_num_threads(1);
    kern_cpu.gemm = blas_gemm;
#endif
    kern_bf16 = kern_cpu;
    kern_bf16.bf16 = use == BF16;
#ifdef __x86_64__
    if (use == BF16)
        kern_bf16.gemm = gemm_bf16;
#endif
}

const struct kern *
kern_low(void)
{
    choose();
    return kern_bf16.bf16 ? &kern_bf16 : NULL;
}
