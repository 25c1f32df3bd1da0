/* cpu_avx512.c - the loops for x86-64 with 512-bit vectors. */
#include "kern.h"
#ifdef __x86_64__
#ifdef __clang__
#pragma clang attribute push(                                                  \
    __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl"))),    \
    apply_to = function)
#else
#pragma GCC target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")
#pragma GCC target("prefer-vector-width=512")
#endif
#define LOOPS      kern_avx512
#define LOOPS_NAME "cpu avx512"
#include "loops.h"
#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
