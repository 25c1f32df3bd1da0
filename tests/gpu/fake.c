/*
 * fake.c - a GPU that is not there: the calls of CUDA's and HIP's drivers,
 * compilers and BLAS libraries, over the emulator.
 *
 * FAKE_DEVICES	how many there are (1)
 * FAKE_FAIL	CALL:N: the Nth call of CALL fails
 * FAKE_LOG	a file that gets the name of each call, once a line
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu.h"

enum { NO_DEVICE = 100, FAILED = 719 };

static int
fake(const char *call, int result)
{
    static int calls;
    const char *log = getenv("FAKE_LOG"), *fail = getenv("FAKE_FAIL");
    size_t n = strlen(call);
    FILE *fp = log ? fopen(log, "a") : NULL;

    if (fp) {
        fprintf(fp, "%s\n", call);
        fclose(fp);
    }
    if (fail && strncmp(fail, call, n) == 0 && fail[n] == ':' &&
        ++calls == strtol(fail + n + 1, NULL, 10))
        return strstr(call, "Alloc") || strstr(call, "Malloc") ? EMU_MEMORY
                                                               : FAILED;
    return result;
}

/* name(parameters) does what emu does, under two names. */
#define BOTH(cuda, hip, parameters, work)                                      \
    int cuda parameters;                                                       \
    int hip parameters;                                                        \
    int cuda parameters                                                        \
    {                                                                          \
        int bad = fake(#cuda, 0);                                              \
        return bad ? bad : work;                                               \
    }                                                                          \
    int hip parameters                                                         \
    {                                                                          \
        int bad = fake(#hip, 0);                                               \
        return bad ? bad : work;                                               \
    }

static int
devices(int *n)
{
    const char *s = getenv("FAKE_DEVICES");

    *n = s ? (int)strtol(s, NULL, 10) : 1;
    return *n ? 0 : NO_DEVICE;
}

static int
set(int *to, int value)
{
    *to = value;
    return 0;
}

BOTH(cuInit, hipInit, (unsigned flags), (int)flags)
BOTH(cuDeviceGetCount, hipGetDeviceCount, (int *n), devices(n))
BOTH(cuDeviceGet, hipDeviceGet, (int *d, int i), set(d, i))
BOTH(cuDeviceGetName, hipDeviceGetName, (char *s, int n, int d),
     (snprintf(s, (size_t)n, "fake %d", d), 0))
BOTH(cuDriverGetVersion, hipRuntimeGetVersion, (int *v), set(v, 13000))
BOTH(cuMemAlloc_v2, hipMalloc, (void **p, size_t n), emu_alloc(p, n))
BOTH(cuMemFree_v2, hipFree, (void *p), emu_free(p))
BOTH(cuMemcpyHtoD_v2, hipMemcpyHtoD, (void *to, const void *from, size_t n),
     emu_copy(to, from, n))
BOTH(cuMemcpyDtoH_v2, hipMemcpyDtoH, (void *to, const void *from, size_t n),
     emu_copy(to, from, n))
BOTH(cuMemcpyDtoD_v2, hipMemcpyDtoD, (void *to, const void *from, size_t n),
     emu_copy(to, from, n))
BOTH(cuMemsetD8_v2, hipMemsetD8, (void *to, unsigned char v, size_t n),
     emu_fill(to, v, n))
BOTH(cuCtxSynchronize, hipDeviceSynchronize, (void), emu_synchronize())
BOTH(cuModuleLoadData, hipModuleLoadData, (void **m, const void *image),
     strcmp(image, "compiled") == 0 ? emu_load(m, image) : FAILED)
BOTH(cuModuleGetFunction, hipModuleGetFunction,
     (void **f, void *m, const char *name), emu_find(f, m, name))
BOTH(cuLaunchKernel, hipModuleLaunchKernel,
     (void *f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by,
      unsigned bz, unsigned shared, void *stream, void **args, void **extra),
     emu_launch(f, gx, gy, gz, bx, by, bz, shared, stream, args, extra))
BOTH(cuDevicePrimaryCtxRetain, hipUnused1, (void **c, int d), (*c = &c, d))
BOTH(cuCtxSetCurrent, hipSetDevice, (void *c), ((void)c, 0))
BOTH(cuDeviceGetAttribute, hipUnused2, (int *v, int what, int d),
     set(v, what == 75 ? 9 + d : 0))
BOTH(cuUnused1, hipGetDevicePropertiesR0600, (void *p, int d),
     (strcpy((char *)p + 1160, "gfx90a:xnack-"), d))
BOTH(nvrtcCreateProgram, hiprtcCreateProgram,
     (void **p, const char *source, const char *name, int n, const char **text,
      const char **header),
     (*p = &p, n == 1 && strstr(source, header[0]) && strstr(text[0], "GPU_") &&
                       strcmp(name, "ffn.hip") == 0
                   ? 0
                   : FAILED))
BOTH(nvrtcCompileProgram, hiprtcCompileProgram,
     (void *p, int n, const char **option),
     p &&n == 1 && strstr(option[0],
                          strstr(option[0], "sm_") ? "sm_90" : "gfx90a:xnack-")
         ? 0
         : FAILED)
BOTH(nvrtcGetProgramLogSize, hiprtcGetProgramLogSize, (void *p, size_t *n),
     (*n = p ? 40 : 0, 0))
BOTH(nvrtcGetProgramLog, hiprtcGetProgramLog, (void *p, char *s),
     (snprintf(s, p ? 40 : 1, "a remark\nx: error: it is fake\nmore"), 0))
BOTH(nvrtcGetCUBINSize, hiprtcGetCodeSize, (void *p, size_t *n),
     (*n = p ? 9 : 0, 0))
BOTH(nvrtcGetCUBIN, hiprtcGetCode, (void *p, char *s),
     (memcpy(s, "compiled", p ? 9 : 0), 0))
BOTH(cublasCreate_v2, hipblasCreate, (void **p), (*p = &p, 0))
BOTH(cublasSetMathMode, hipblasUnused, (void *p, int mode), !p || mode != 3)

/* Column-major: c[m,n] = op(a)[m,k] op(b)[k,n] + beta c. */
static int
sgemm(int ta, int tb, int m, int n, int k, const float *a, int lda,
      const float *b, int ldb, float beta, float *c, int ldc)
{
    for (int j = 0; j < n; j++)
        for (int i = 0; i < m; i++) {
            float sum = beta == 0 ? 0 : beta * c[j * ldc + i];
            for (int l = 0; l < k; l++)
                sum += a[ta ? i * lda + l : l * lda + i] *
                       b[tb ? l * ldb + j : j * ldb + l];
            c[j * ldc + i] = sum;
        }
    return 0;
}

BOTH(cublasSgemm_v2, hipblasSgemm,
     (void *p, int ta, int tb, int m, int n, int k, const float *alpha,
      const float *a, int lda, const float *b, int ldb, const float *beta,
      float *c, int ldc),
     p &&*alpha == 1 ? sgemm(ta == 1 || ta == 112, tb == 1 || tb == 112, m, n,
                             k, a, lda, b, ldb, *beta, c, ldc)
                     : FAILED)

int cuGetErrorName(int error, const char **s);
const char *hipGetErrorName(int error);

const char *
hipGetErrorName(int error)
{
    return error == NO_DEVICE    ? "FAKE_NO_DEVICE"
           : error == EMU_MEMORY ? "FAKE_MEMORY"
                                 : "FAKE_FAILED";
}

int
cuGetErrorName(int error, const char **s)
{
    *s = hipGetErrorName(error);
    return 0;
}
