#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gpu.h"
#include "kernels.h"
#include "num/kerngpu.h"

enum { SQUARES = 512 /* blocks of k_sumsq */, SIDE = 128, SMALL = 32 };

/* A piece of model memory. */
struct piece {
    void *p;
    size_t n;
    struct piece *next;
};

static struct {
    struct gpudriver driver;
    const struct gpublas *blas;
    void *kernel[KERNELS];
    enum kerngpu_tile tile;
    struct piece *pieces;
    size_t now, peak;
    double *squares; /* [SQUARES] on the device */
    void *scratch;   /* of one operation, on the device */
    size_t scratch_n;
    char bad[160]; /* the first thing to go wrong */
} gpu;

/* After an error nothing more is done. Returns 1 when all is well. */
static int
fine(int error, const char *what)
{
    if (error && !*gpu.bad)
        snprintf(gpu.bad, sizeof gpu.bad, "%s: %s: %s", gpu.driver.kind, what,
                 gpu.driver.text(error));
    return !*gpu.bad;
}

static void
launch(enum kernel k, const char *name, size_t gx, size_t gy, void **args)
{
    if (*gpu.bad || gx == 0 || gy == 0)
        return;
    if (gx > INT_MAX || gy > USHRT_MAX) {
        snprintf(gpu.bad, sizeof gpu.bad, "%s: too large for the device", name);
        return;
    }
    fine(gpu.driver.launch(gpu.kernel[k], (unsigned)gx, (unsigned)gy, 1,
                           GPU_BLOCK, 1, 1, 0, NULL, args, NULL),
         name);
}

/* go_k_add(gx, gy, ...) launches k_add on gx * gy blocks. */
#define PARAMETER(i, T) T p##i
#define ADDRESS(i, T)   (void *)&p##i
#define KERNEL(name, ...)                                                      \
    static void go_##name(size_t gx, size_t gy, EACH(PARAMETER, __VA_ARGS__))  \
    {                                                                          \
        void *args[] = { EACH(ADDRESS, __VA_ARGS__) };                         \
        launch(N_##name, #name, gx, gy, args);                                 \
    }
#include "kernels.def"
#undef KERNEL

/* Blocks that n threads need, or n groups of `each`. */
static size_t
blocks(size_t n, size_t each)
{
    return (n + each - 1) / each;
}

static size_t
flat(size_t n)
{
    return blocks(n, GPU_BLOCK);
}

static void
gpu_start(void)
{
}

static void
gpu_zero(void *to, size_t bytes)
{
    if (!*gpu.bad && bytes)
        fine(gpu.driver.fill(to, 0, bytes), "zero");
}

/* A failure here is the caller's to tell, and leaves nothing behind. */
static void *
gpu_alloc(size_t bytes)
{
    struct piece *m = malloc(sizeof *m);

    if (!m || gpu.driver.alloc(&m->p, bytes ? bytes : 1)) {
        free(m);
        return NULL;
    }
    m->n = bytes;
    m->next = gpu.pieces;
    gpu.pieces = m;
    gpu.now += bytes;
    gpu.peak = gpu.now > gpu.peak ? gpu.now : gpu.peak;
    gpu_zero(m->p, bytes);
    return m->p;
}

static void
gpu_free(void *p)
{
    for (struct piece **at = &gpu.pieces; p && *at; at = &(*at)->next) {
        struct piece *m = *at;
        if (m->p != p)
            continue;
        *at = m->next;
        gpu.now -= m->n;
        fine(gpu.driver.free(p), "free");
        free(m);
        return;
    }
}

static void
gpu_put(void *to, const void *host, size_t bytes)
{
    if (!*gpu.bad && bytes)
        fine(gpu.driver.put(to, host, bytes), "put");
}

static void
gpu_get(void *host, const void *from, size_t bytes)
{
    if (*gpu.bad || (bytes && !fine(gpu.driver.get(host, from, bytes), "get")))
        memset(host, 0, bytes);
}

static void
gpu_copy(void *to, const void *from, size_t bytes)
{
    if (!*gpu.bad && bytes)
        fine(gpu.driver.copy(to, from, bytes), "copy");
}

static const char *
gpu_error(void)
{
    if (!*gpu.bad)
        fine(gpu.driver.sync(), "sync");
    return *gpu.bad ? gpu.bad : NULL;
}

/* Numbers may be read four at a time. */
static int
wide(const float *p, int ld)
{
    return (uintptr_t)p % 16 == 0 && ld % 4 == 0;
}

static void
gpu_gemm(int ta, int tb, int m, int n, int k, const float *a, int lda,
         const float *b, int ldb, float beta, float *c, int ldc)
{
    const size_t enough = 64; /* large tiles to keep a device busy */
    size_t across = blocks((size_t)n, SIDE), down = blocks((size_t)m, SIDE);
    int large = gpu.tile == KERNGPU_BY_SHAPE ? across * down >= enough
                                             : gpu.tile == KERNGPU_LARGE;

    if (gpu.blas && !*gpu.bad) {
        int bad = gpublas_gemm(gpu.blas, ta, tb, m, n, k, a, lda, b, ldb, beta,
                               c, ldc);
        if (bad)
            snprintf(gpu.bad, sizeof gpu.bad, "%s: error %d", gpu.blas->name,
                     bad);
    } else if (large) {
        go_k_gemm(across, down, ta, tb, m, n, k, a, lda, wide(a, lda), b, ldb,
                  wide(b, ldb), beta, c, ldc);
    } else {
        go_k_gemm_small(blocks((size_t)n, SMALL), blocks((size_t)m, SMALL), ta,
                        tb, m, n, k, a, lda, b, ldb, beta, c, ldc);
    }
}

static void
gpu_norm(float *y, float *mean, float *rstd, const float *x, const float *gamma,
         const float *beta, int n, int d)
{
    go_k_norm((size_t)n, 1, y, mean, rstd, x, gamma, beta, d);
}

static void
gpu_norm_back(float *dx, float *dgamma, float *dbeta, const float *dy,
              const float *x, const float *mean, const float *rstd,
              const float *gamma, int n, int d)
{
    go_k_norm_back((size_t)n, 1, dx, dy, x, mean, rstd, gamma, d);
    go_k_norm_param(blocks((size_t)d, 32), 1, dgamma, dbeta, dy, x, mean, rstd,
                    n, d);
}

static void
gpu_act(float *s, const float *z, enum kern_act a, int n, int h)
{
    size_t all = (size_t)n * (size_t)h;

    go_k_act(flat(all), 1, s, z, (int)a, kern_act_inputs(a), all, h);
}

static void
gpu_act_back(float *dz, const float *ds, const float *z, enum kern_act a, int n,
             int h)
{
    size_t all = (size_t)n * (size_t)h;

    go_k_act_back(flat(all), 1, dz, ds, z, (int)a, kern_act_inputs(a), all, h);
}

static void
gpu_xent(float *logits, float *nats, unsigned char *right,
         const uint8_t *target, float scale, int n, int v)
{
    go_k_xent((size_t)n, 1, logits, nats, right, target, scale, v);
}

static void
gpu_bias(float *x, const float *b, int n, int d)
{
    size_t all = (size_t)n * (size_t)d;

    go_k_bias(flat(all), 1, x, b, all, d);
}

static void
gpu_bias_back(float *db, const float *dx, int n, int d)
{
    go_k_bias_back(blocks((size_t)d, 32), 1, db, dx, n, d);
}

static void
gpu_embed(float *x, const float *table, const uint8_t *byte, int n, int d)
{
    size_t all = (size_t)n * (size_t)d;

    go_k_embed(flat(all), 1, x, table, byte, all, d);
}

static void
gpu_embed_back(float *dtable, const float *dx, const uint8_t *byte, int n,
               int d)
{
    go_k_embed_back(flat((size_t)d), 256, dtable, dx, byte, n, d);
}

static void
gpu_gather(float *to, int ld, const float *table, const uint32_t *row, int n,
           int d)
{
    size_t all = (size_t)n * (size_t)d;

    go_k_gather(flat(all), 1, to, ld, table, row, all, d);
}

/* In the order of the positions, and in double, as on the host. */
static void
gpu_total(double *nats_sum, size_t *right_sum, const float *nats,
          const unsigned char *right, int n)
{
    enum { PART = 2048 };
    float x[PART];
    unsigned char hit[PART];

    *nats_sum = 0;
    *right_sum = 0;
    for (int from = 0; from < n; from += PART) {
        int most = n - from < PART ? n - from : PART;
        gpu_get(x, nats + from, sizeof *x * (size_t)most);
        gpu_get(hit, right + from, (size_t)most);
        for (int i = 0; i < most; i++) {
            *nats_sum += x[i];
            *right_sum += hit[i];
        }
    }
}

static double
gpu_sumsq(const float *x, size_t n)
{
    double part[SQUARES], sum = 0;
    size_t most = flat(n) < SQUARES ? flat(n) : SQUARES;

    go_k_sumsq(most, 1, gpu.squares, x, n);
    gpu_get(part, gpu.squares, most * sizeof *part);
    for (size_t i = 0; i < most; i++)
        sum += part[i];
    return sum;
}

static void
gpu_add(float *y, const float *x, size_t n)
{
    go_k_add(flat(n), 1, y, x, n);
}

static void
gpu_mix(float *y, float a, const float *x, float b, const float *z, size_t n)
{
    go_k_mix(flat(n), 1, y, a, x, b, z, n);
}

static void
gpu_sgd(float *w, const float *g, float *m, size_t n, float lr, float beta,
        float scale)
{
    go_k_sgd(flat(n), 1, w, g, m, n, lr, beta, scale);
}

static void
gpu_adamw(float *w, const float *g, float *m, float *v, size_t n,
          const struct kern_adamw *o)
{
    go_k_adamw(flat(n), 1, w, g, m, v, n, o->lr, o->beta1, o->beta2, o->eps,
               o->decay, o->scale, o->fix1, o->fix2);
}

/* Room for n bytes: allocated when more is needed than ever before, which is
 * in the first steps of a run. */
static void *
scratch(size_t n)
{
    if (n <= gpu.scratch_n || *gpu.bad)
        return gpu.scratch;
    gpu_free(gpu.scratch);
    gpu.scratch_n = n + n / 4;
    if (!(gpu.scratch = gpu_alloc(gpu.scratch_n))) {
        snprintf(gpu.bad, sizeof gpu.bad, "out of memory on the device");
        gpu.scratch_n = 0;
    }
    return gpu.scratch;
}

_Static_assert(sizeof(struct gpu_hint) == sizeof(struct kern_hint),
               "hints are carried as they are");

static void
gpu_hint(float *logits, float *gate, const struct kern_hint *hint,
         const uint32_t *at, const float *weight, int n, int v, int s)
{
    go_k_hint((size_t)n, 1, logits, gate, (const void *)hint, at, weight, v, s);
}

static void
gpu_hint_back(float *dweight, float *dgate, const float *dlogits,
              const float *gate, const struct kern_hint *hint,
              const uint32_t *at, const float *weight, int n, int v, int s)
{
    size_t weights = (size_t)UINT16_MAX + 1;
    uint32_t all = 0;
    float *term;

    gpu_get(&all, at + n, sizeof all);
    term = scratch(all * sizeof *term);
    go_k_hint_back((size_t)n, 1, term, dgate, dlogits, gate, (const void *)hint,
                   at, weight, v, s);
    go_k_hint_weight(flat(weights), 1, dweight, term, (const void *)hint, all);
}

static void
gpu_sparse(float *table, float *acc, const uint32_t *row, const float *dy,
           int ld, float lr, float eps, int n, int d)
{
    int lanes = d < GPU_BLOCK ? d : GPU_BLOCK;

    int *next = scratch(2 * (size_t)n * sizeof *next), *first = next + n;

    go_k_chain(flat((size_t)n), 1, next, first, row, n);
    go_k_sparse(blocks((size_t)n, (size_t)(GPU_BLOCK / lanes)), 1, table, acc,
                next, first, row, dy, ld, lr, eps, n, d, lanes);
}

static void
gpu_expire(float *acc, size_t n)
{
    go_k_expire(flat(n), 1, acc, n);
}

static void
gpu_forget(float *table, float *acc, const uint32_t *row, int n, int d)
{
    go_k_forget(flat((size_t)n), 1, table, acc, row, n, d);
}

static struct kern kern_gpu = {
    .start = gpu_start,
    .host = 0,
    .alloc = gpu_alloc,
    .free = gpu_free,
    .put = gpu_put,
    .get = gpu_get,
    .copy = gpu_copy,
    .zero = gpu_zero,
    .error = gpu_error,
    .gemm = gpu_gemm,
    .norm = gpu_norm,
    .norm_back = gpu_norm_back,
    .act = gpu_act,
    .act_back = gpu_act_back,
    .hint = gpu_hint,
    .hint_back = gpu_hint_back,
    .xent = gpu_xent,
    .bias = gpu_bias,
    .bias_back = gpu_bias_back,
    .embed = gpu_embed,
    .embed_back = gpu_embed_back,
    .gather = gpu_gather,
    .total = gpu_total,
    .sumsq = gpu_sumsq,
    .add = gpu_add,
    .mix = gpu_mix,
    .sgd = gpu_sgd,
    .adamw = gpu_adamw,
    .sparse = gpu_sparse,
    .expire = gpu_expire,
    .forget = gpu_forget,
};

const struct kern *
kerngpu_open(const struct gpudriver *driver, const void *image,
             const struct gpublas *blas, struct why *w)
{
#define KERNEL(name, ...) #name,
    static const char *const names[] = {
#include "kernels.def"
    };
#undef KERNEL
    void *module;
    int bad;

    memset(&gpu, 0, sizeof gpu);
    gpu.driver = *driver;
    gpu.blas = blas;
    if ((bad = driver->load(&module, image))) {
        why_set(w, "%s: the code does not load: %s", driver->kind,
                driver->text(bad));
        return NULL;
    }
    for (int i = 0; i < KERNELS; i++)
        if ((bad = driver->find(&gpu.kernel[i], module, names[i]))) {
            why_set(w, "%s: no kernel %s: %s", driver->kind, names[i],
                    driver->text(bad));
            return NULL;
        }
    kern_gpu.name = driver->kind;
    kern_gpu.side = strcmp(driver->kind, "emu") == 0 ? 32 : 2048;
    if (!(gpu.squares = gpu_alloc(SQUARES * sizeof *gpu.squares))) {
        why_set(w, "%s: out of memory", driver->kind);
        return NULL;
    }
    return &kern_gpu;
}

size_t
kerngpu_peak(void)
{
    return gpu.peak;
}

void
kerngpu_tile(enum kerngpu_tile t)
{
    gpu.tile = t;
}
