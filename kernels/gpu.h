/*
 * gpu.h - the dialect of *.hip: one source for hipcc, hiprtc, nvcc, nvrtc and,
 * as C11, for gcc and clang with the emulator of emu.h.
 *
 * The common part of C and C++: no templates, no <<<>>>, no shuffles, no float
 * atomics. Blocks have GPU_BLOCK threads in one dimension, at most 32 KB of
 * shared memory in static arrays, and every thread of a block reaches every
 * GPU_SYNC. Sizes that may pass 2^31 are gpu_size.
 */
#ifndef LU_GPU_DIALECT_H
#define LU_GPU_DIALECT_H

enum { GPU_BLOCK = 256 };
typedef unsigned long long gpu_size;

/* As struct kern_hint, which this file cannot include. */
struct gpu_hint {
    unsigned short weight;
    unsigned char symbol, source;
};

#if defined(__HIP__) || defined(__CUDACC__)

#if defined(__HIP__) && !defined(__HIPCC_RTC__)
#include <hip/hip_runtime.h>
#endif
#define GPU_KERNEL   extern "C" __global__ void __launch_bounds__(GPU_BLOCK)
#define GPU_FN       static __device__ inline
#define GPU_SHARED   __shared__
#define GPU_RESTRICT __restrict__
#define GPU_SYNC()   __syncthreads()
#define GPU_THREAD   ((int)threadIdx.x)
#define GPU_BLOCK_X  ((int)blockIdx.x)
#define GPU_BLOCK_Y  ((int)blockIdx.y)
#define GPU_BLOCKS_X ((int)gridDim.x)
typedef float4 gpu_float4;

#else

#include <math.h>

#include "emu.h"
#define GPU_KERNEL   void
#define GPU_FN       static inline
#define GPU_SHARED   static __attribute__((section("gpushared")))
#define GPU_RESTRICT restrict
#define GPU_SYNC()   emu_sync(__LINE__)
#define GPU_THREAD   (emu_thread)
#define GPU_BLOCK_X  (emu_block_x)
#define GPU_BLOCK_Y  (emu_block_y)
#define GPU_BLOCKS_X (emu_blocks_x)
/* Aligned, so that a sanitizer sees an address that a device would refuse. */
typedef struct {
    float x, y, z, w;
} __attribute__((may_alias, aligned(16))) gpu_float4;

#endif
#endif
