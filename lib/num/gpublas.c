#include <string.h>

#include "common/gpudriver.h"
#include "num/gpublas.h"

int
gpublas_open(struct gpublas *b, const char *kind, int tf32, struct why *w)
{
    static const char *const hip[] = { "libhipblas.so.3", "libhipblas.so.2",
                                       "libhipblas.so.1", "libhipblas.so.0",
                                       "libhipblas.so",   NULL };
    static const char *const cuda[] = { "libcublas.so.13",
                                        "libcublas.so.12",
                                        "libcublas.so.11",
                                        "libcublas.so",
                                        "/usr/local/cuda/lib64/libcublas.so",
                                        NULL };
    enum { TF32 = 3 }; /* CUBLAS_TF32_TENSOR_OP_MATH */
    int is_cuda = strcmp(kind, "cuda") == 0, bad;
    int (*create)(void **), (*mode)(void *, int);
    void *lib = gpudriver_library(is_cuda ? cuda : hip);

    *b = is_cuda ? (struct gpublas){ .name = "cublas", .no = 0, .yes = 1 }
                 : (struct gpublas){ .name = "hipblas", .no = 111, .yes = 112 };
    if (!lib)
        return why_set(w, "no library lib%s on this machine", b->name);
    if (gpudriver_symbol(lib, is_cuda ? "cublasCreate_v2" : "hipblasCreate",
                         &create) < 0 ||
        gpudriver_symbol(lib, is_cuda ? "cublasSgemm_v2" : "hipblasSgemm",
                         &b->sgemm) < 0)
        return why_set(w, "lib%s lacks a call", b->name);
    if ((bad = create(&b->handle)))
        return why_set(w, "lib%s does not start: error %d", b->name, bad);
    if (tf32 &&
        (!is_cuda || gpudriver_symbol(lib, "cublasSetMathMode", &mode) < 0 ||
         mode(b->handle, TF32)))
        return why_set(w, "lib%s has no tf32", b->name);
    return 0;
}

/* Both are column-major, where our c is its transpose: c' = op(b)' op(a)'. */
int
gpublas_gemm(const struct gpublas *p, int ta, int tb, int m, int n, int k,
             const float *a, int lda, const float *b, int ldb, float beta,
             float *c, int ldc)
{
    const float one = 1;

    return p->sgemm(p->handle, tb ? p->yes : p->no, ta ? p->yes : p->no, n, m,
                    k, &one, b, ldb, a, lda, &beta, c, ldc);
}
