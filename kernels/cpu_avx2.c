/* cpu_avx2.c - the loops for x86-64 with 256-bit vectors. */
#include "kern.h"
#ifdef __x86_64__
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))),              \
                             apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif
#define LOOPS      kern_avx2
#define LOOPS_NAME "cpu avx2"
#include "loops.h"
#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
