/*
 * loops.h - the numeric loops, compiled once for each kind of processor.
 *
 * Plain C that a compiler turns into vector code: no calls inside, several
 * partial sums where an order of addition would forbid it. The including file
 * says which instructions may be used, and names the result: LOOPS.
 */
#include <math.h>
#include <string.h>

#include "kern.h"

static void
cpu_start(void)
{
}

static float
at(const float *a, int ld, int transposed, int i, int j)
{
    return transposed ? a[(size_t)j * ld + i] : a[(size_t)i * ld + j];
}

/* Without a BLAS: a block of op(b) is copied so that the inner loop runs
 * along rows of both b and c, and stays in cache. */
static void
cpu_gemm(int ta, int tb, int m, int n, int k, const float *a, int lda,
         const float *b, int ldb, float beta, float *c, int ldc)
{
    enum { KB = 64, NB = 256 };
    float block[KB][NB];

    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++)
            c[(size_t)i * ldc + j] *= beta == 0 ? 0 : beta;
    for (int i = 0; beta == 0 && i < m; i++)
        memset(c + (size_t)i * ldc, 0, sizeof *c * (size_t)n);
    for (int l0 = 0; l0 < k; l0 += KB)
        for (int j0 = 0; j0 < n; j0 += NB) {
            int kb = k - l0 < KB ? k - l0 : KB;
            int nb = n - j0 < NB ? n - j0 : NB;
            for (int l = 0; l < kb; l++)
                for (int j = 0; j < nb; j++)
                    block[l][j] = at(b, ldb, tb, l0 + l, j0 + j);
            for (int i = 0; i < m; i++) {
                float *row = c + (size_t)i * ldc + j0;
                for (int l = 0; l < kb; l++) {
                    float x = at(a, lda, ta, i, l0 + l);
                    for (int j = 0; j < nb; j++)
                        row[j] += x * block[l][j];
                }
            }
        }
}
/*
 * e^x with a relative error below 3e-7, without a call. x = n ln2 + r with
 * |r| <= ln2/2; e^r by its Taylor polynomial; 2^n by building the exponent.
 * Adding 1.5 * 2^23 leaves n, rounded, in the low bits. Limits are put on the
 * exponent, a whole number, because compilers make jumps of limits on x. Below
 * -88 it is 0; a NaN stays one, and an infinite x becomes one.
 */
static inline float
fast_exp(float x)
{
    union {
        float f;
        uint32_t u;
        int32_t i;
    } shifted, two_n;

    shifted.f = x * 1.44269504f + 12582912.0f;
    float n = shifted.f - 12582912.0f;
    float r = x - n * 0.693359375f + n * 2.12194440e-4f;
    float p = 1.9841270e-4f;
    p = p * r + 1.3888889e-3f;
    p = p * r + 8.3333333e-3f;
    p = p * r + 4.1666667e-2f;
    p = p * r + 1.6666667e-1f;
    p = p * r + 0.5f;
    p = p * r + 1;
    p = p * r + 1;
    two_n.u = shifted.u - 0x4b400000u + 127;
    two_n.i = two_n.i < 0 ? 0 : two_n.i;
    two_n.i = two_n.i > 254 ? 254 : two_n.i;
    two_n.u <<= 23;
    return p * two_n.f;
}

static inline float
sigmoid(float x)
{
    return 1 / (1 + fast_exp(-x));
}

/* "omp simd reduction" lets a sum run in vector registers in any order; without
 * it the order of a float sum is fixed. No threads come of it. */
static void
cpu_norm(float *restrict y, float *mean, float *rstd, const float *restrict x,
         const float *restrict gamma, const float *restrict beta, int n, int d)
{
    for (int i = 0; i < n; i++, x += d, y += d) {
        float sum = 0, var = 0;
#pragma omp simd reduction(+ : sum)
        for (int j = 0; j < d; j++)
            sum += x[j];
        float mu = sum / (float)d;
#pragma omp simd reduction(+ : var)
        for (int j = 0; j < d; j++)
            var += (x[j] - mu) * (x[j] - mu);
        float r = 1 / sqrtf(var / (float)d + 1e-5f);
        for (int j = 0; j < d; j++)
            y[j] = (x[j] - mu) * r * gamma[j] + beta[j];
        mean[i] = mu;
        rstd[i] = r;
    }
}

static void
cpu_norm_back(float *restrict dx, float *restrict dgamma, float *restrict dbeta,
              const float *restrict dy, const float *restrict x,
              const float *mean, const float *rstd, const float *restrict gamma,
              int n, int d)
{
    for (int i = 0; i < n; i++, x += d, dx += d, dy += d) {
        float mu = mean[i], r = rstd[i], sum_g = 0, sum_gx = 0;
#pragma omp simd reduction(+ : sum_g, sum_gx)
        for (int j = 0; j < d; j++) {
            float g = dy[j] * gamma[j];
            sum_g += g;
            sum_gx += g * (x[j] - mu);
        }
        sum_g /= (float)d;
        sum_gx *= r / (float)d;
        for (int j = 0; j < d; j++) {
            float xhat = (x[j] - mu) * r;
            dx[j] += r * (dy[j] * gamma[j] - sum_g - xhat * sum_gx);
            dgamma[j] += dy[j] * xhat;
            dbeta[j] += dy[j];
        }
    }
}

/* gelu in its tanh form: x sigmoid(2c(x + 0.044715 x^3)), c = sqrt(2/pi). */
static const float gelu_a = 1.5957691216f, gelu_b = 0.0713548163f;

static inline float
gelu_gate(float x)
{
    return sigmoid(x * (gelu_a + gelu_b * x * x));
}

static inline float
gelu_slope(float x, float s)
{
    return s + x * s * (1 - s) * (gelu_a + 3 * gelu_b * x * x);
}

static void
cpu_act(float *restrict s, const float *restrict z, enum kern_act a, int n,
        int h)
{
    for (int i = 0; i < n; i++, s += h, z += (size_t)kern_act_inputs(a) * h) {
        const float *restrict u = z + h;
        switch (a) {
        case KERN_SWIGLU:
            for (int j = 0; j < h; j++)
                s[j] = z[j] * sigmoid(z[j]) * u[j];
            break;
        case KERN_GEGLU:
            for (int j = 0; j < h; j++)
                s[j] = z[j] * gelu_gate(z[j]) * u[j];
            break;
        case KERN_GELU:
            for (int j = 0; j < h; j++)
                s[j] = z[j] * gelu_gate(z[j]);
            break;
        case KERN_RELU2:
            for (int j = 0; j < h; j++)
                s[j] = (z[j] > 0 ? z[j] : 0) * z[j];
            break;
        }
    }
}

static void
cpu_act_back(float *restrict dz, const float *restrict ds,
             const float *restrict z, enum kern_act a, int n, int h)
{
    size_t step = (size_t)kern_act_inputs(a) * h;

    for (int i = 0; i < n; i++, ds += h, z += step, dz += step) {
        const float *restrict u = z + h;
        float *restrict du = dz + h;
        switch (a) {
        case KERN_SWIGLU:
            for (int j = 0; j < h; j++) {
                float g = sigmoid(z[j]), f = z[j] * g;
                dz[j] = ds[j] * u[j] * (g + f * (1 - g));
                du[j] = ds[j] * f;
            }
            break;
        case KERN_GEGLU:
            for (int j = 0; j < h; j++) {
                float g = gelu_gate(z[j]);
                dz[j] = ds[j] * u[j] * gelu_slope(z[j], g);
                du[j] = ds[j] * z[j] * g;
            }
            break;
        case KERN_GELU:
            for (int j = 0; j < h; j++)
                dz[j] = ds[j] * gelu_slope(z[j], gelu_gate(z[j]));
            break;
        case KERN_RELU2:
            for (int j = 0; j < h; j++)
                dz[j] = ds[j] * 2 * (z[j] > 0 ? z[j] : 0);
            break;
        }
    }
}

static void
cpu_hint(float *restrict logits, float *restrict gate,
         const struct kern_hint *hint, const uint32_t *at,
         const float *restrict weight, int n, int v, int s)
{
    for (int i = 0; i < n * s; i++)
        gate[i] = 2 * sigmoid(gate[i]);
    for (int i = 0; i < n; i++, logits += v, gate += s)
        for (uint32_t j = at[i]; j < at[i + 1]; j++)
            logits[hint[j].symbol] +=
                weight[hint[j].weight] * gate[hint[j].source];
}

static void
cpu_hint_back(float *restrict dweight, float *restrict dgate,
              const float *restrict dlogits, const float *restrict gate,
              const struct kern_hint *hint, const uint32_t *at,
              const float *restrict weight, int n, int v, int s)
{
    for (int i = 0; i < n; i++, dlogits += v, gate += s, dgate += s) {
        for (int j = 0; j < s; j++)
            dgate[j] = 0;
        for (uint32_t j = at[i]; j < at[i + 1]; j++) {
            float d = dlogits[hint[j].symbol];
            dweight[hint[j].weight] += d * gate[hint[j].source];
            dgate[hint[j].source] += d * weight[hint[j].weight];
        }
        for (int j = 0; j < s; j++)
            dgate[j] *= gate[j] * (1 - gate[j] / 2);
    }
}

/* Floats as whole numbers in the same order, and back. A loop over numbers
 * that may be NaN is not made of vectors, one over whole numbers is. */
static inline int32_t
in_order(int32_t bits)
{
    return bits < 0 ? bits ^ 0x7fffffff : bits;
}

static inline float
largest(const float *x, int n)
{
    union {
        float f;
        int32_t i;
    } u;
    int32_t max = INT32_MIN;

    for (int j = 0; j < n; j++) {
        u.f = x[j];
        max = in_order(u.i) > max ? in_order(u.i) : max;
    }
    u.i = in_order(max);
    return u.f;
}

static void
cpu_xent(float *restrict logits, float *nats, unsigned char *right,
         const uint8_t *target, float scale, int n, int v)
{
    for (int i = 0; i < n; i++, logits += v) {
        int t = target[i], later = 0;
        float max, hit = logits[t], sum = 0;
        max = largest(logits, v);
        for (int j = t + 1; hit == max && j < v; j++)
            later |= logits[j] == max;
#pragma omp simd reduction(+ : sum)
        for (int j = 0; j < v; j++) {
            logits[j] = fast_exp(logits[j] - max);
            sum += logits[j];
        }
        float by = scale / sum;
        for (int j = 0; j < v; j++)
            logits[j] *= by;
        logits[t] -= scale;
        nats[i] = logf(sum) - (hit - max);
        right[i] = hit == max && !later;
    }
}

static void
cpu_bias(float *restrict x, const float *restrict b, int n, int d)
{
    for (int i = 0; i < n; i++, x += d)
        for (int j = 0; j < d; j++)
            x[j] += b[j];
}

static void
cpu_bias_back(float *restrict db, const float *restrict dx, int n, int d)
{
    for (int i = 0; i < n; i++, dx += d)
        for (int j = 0; j < d; j++)
            db[j] += dx[j];
}

static double
cpu_sumsq(const float *x, size_t n)
{
    enum { RUN = 1024 };
    double total = 0;
    size_t i = 0;

    /* Four sums, so that one does not wait for the one before. */
    for (; i + 4 * RUN <= n; i += 4 * RUN, x += 4 * RUN) {
        float a = 0, b = 0, c = 0, d = 0;
#pragma omp simd reduction(+ : a, b, c, d)
        for (int j = 0; j < RUN; j++) {
            a += x[j] * x[j];
            b += x[j + RUN] * x[j + RUN];
            c += x[j + 2 * RUN] * x[j + 2 * RUN];
            d += x[j + 3 * RUN] * x[j + 3 * RUN];
        }
        total += (double)a + b + c + d;
    }
#pragma omp simd reduction(+ : total)
    for (size_t j = 0; j < n - i; j++)
        total += (double)x[j] * x[j];
    return total;
}

static void
cpu_add(float *restrict y, const float *restrict x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] += x[i];
}

static void
cpu_adamw(float *restrict w, const float *restrict g, float *restrict m,
          float *restrict v, size_t n, const struct kern_adamw *o)
{
    const struct kern_adamw k = *o;
    const float keep = 1 - k.lr * k.decay, step = k.lr * k.fix1;

    for (size_t i = 0; i < n; i++) {
        float gi = g[i] * k.scale;
        m[i] = k.beta1 * m[i] + (1 - k.beta1) * gi;
        v[i] = k.beta2 * v[i] + (1 - k.beta2) * gi * gi;
        w[i] = keep * w[i] - step * m[i] / (sqrtf(v[i] * k.fix2) + k.eps);
    }
}

/* Rows are far apart in memory that no cache holds: ask for as many at a time
 * as are on their way from there. */
enum { AHEAD = 32 };

static inline void
ask_for(const float *table, const float *acc, const uint32_t *row, int i, int n,
        int d)
{
    if (i >= n)
        return;
    __builtin_prefetch(table + (size_t)row[i] * d);
    if (16 % d) /* it may lie on two cache lines */
        __builtin_prefetch(table + (size_t)row[i] * d + d - 1);
    if (acc)
        __builtin_prefetch(acc + row[i], 1);
}

/* The loops over rows are compiled for the usual widths, as a row is too short
 * for a loop whose length is not known. */
#define BY_WIDTH(d, call_with)                                                 \
    do {                                                                       \
        if ((d) == 8)                                                          \
            call_with(8);                                                      \
        else if ((d) == 12)                                                    \
            call_with(12);                                                     \
        else if ((d) == 16)                                                    \
            call_with(16);                                                     \
        else                                                                   \
            call_with(d);                                                      \
    } while (0)

static inline __attribute__((always_inline)) void
update_rows(float *restrict table, float *restrict acc, const uint32_t *row,
            const float *restrict dy, int ld, float lr, float eps, int n, int d)
{
    for (int i = -AHEAD; i < 0; i++)
        ask_for(table, acc, row, i + AHEAD, n, d);
    for (int i = 0; i < n; i++, dy += ld) {
        float *restrict w = table + (size_t)row[i] * d, sum = 0;
        ask_for(table, acc, row, i + AHEAD, n, d);
#pragma omp simd reduction(+ : sum)
        for (int j = 0; j < d; j++)
            sum += dy[j] * dy[j];
        float a = acc[row[i]] += sum / (float)d;
        float by = lr / sqrtf(a + eps);
        for (int j = 0; j < d; j++)
            w[j] -= by * dy[j];
    }
}

static void
cpu_sparse(float *restrict table, float *restrict acc, const uint32_t *row,
           const float *restrict dy, int ld, float lr, float eps, int n, int d)
{
#define UPDATE(width) update_rows(table, acc, row, dy, ld, lr, eps, n, width)
    BY_WIDTH(d, UPDATE);
}

/* A call of memcpy costs more than a short row. */
static inline void
copy_row(float *restrict to, const float *restrict from, int d)
{
    int j = 0;

    for (; j + 8 <= d; j += 8)
        memcpy(to + j, from + j, 8 * sizeof *to);
    if (j < d)
        memcpy(to + j, from + j, sizeof *to * (size_t)(d - j));
}

static void
cpu_embed(float *restrict x, const float *restrict table, const uint8_t *byte,
          int n, int d)
{
    for (int i = 0; i < n; i++, x += d)
        copy_row(x, table + (size_t)byte[i] * d, d);
}

static void
cpu_embed_back(float *restrict dtable, const float *restrict dx,
               const uint8_t *byte, int n, int d)
{
    for (int i = 0; i < n; i++, dx += d)
        for (int j = 0; j < d; j++)
            dtable[(size_t)byte[i] * d + j] += dx[j];
}

static inline __attribute__((always_inline)) void
gather_rows(float *restrict to, int ld, const float *restrict table,
            const uint32_t *row, int n, int d)
{
    for (int i = -AHEAD; i < 0; i++)
        ask_for(table, NULL, row, i + AHEAD, n, d);
    for (int i = 0; i < n; i++, to += ld) {
        ask_for(table, NULL, row, i + AHEAD, n, d);
        copy_row(to, table + (size_t)row[i] * d, d);
    }
}

static void
cpu_gather(float *restrict to, int ld, const float *restrict table,
           const uint32_t *row, int n, int d)
{
#define GATHER(width) gather_rows(to, ld, table, row, n, width)
    BY_WIDTH(d, GATHER);
}

static void
cpu_total(double *nats_sum, size_t *right_sum, const float *nats,
          const unsigned char *right, int n)
{
    *nats_sum = 0;
    *right_sum = 0;
    for (int i = 0; i < n; i++) {
        *nats_sum += nats[i];
        *right_sum += right[i];
    }
}

static void
cpu_mix(float *y, float a, const float *x, float b, const float *z, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = a * x[i] + b * z[i];
}

static void
cpu_sgd(float *restrict w, const float *restrict g, float *restrict m, size_t n,
        float lr, float beta, float scale)
{
    for (size_t i = 0; i < n; i++) {
        m[i] = beta * m[i] + scale * g[i];
        w[i] -= lr * m[i];
    }
}

static void
cpu_expire(float *acc, size_t n)
{
    for (size_t i = 0; i < n; i++)
        acc[i] = acc[i] > 0 ? -acc[i] : acc[i];
}

static void
cpu_forget(float *restrict table, float *restrict acc, const uint32_t *row,
           int n, int d)
{
    for (int i = 0; i < n; i++) {
        size_t r = row[i];
        if (acc[r] >= 0)
            continue;
        acc[r] = 0;
        memset(table + r * (size_t)d, 0, sizeof *table * (size_t)d);
    }
}

const struct kern LOOPS = {
    .name = LOOPS_NAME,
    .start = cpu_start,
    KERN_HOST_MEMORY,
    .gemm = cpu_gemm,
    .norm = cpu_norm,
    .norm_back = cpu_norm_back,
    .act = cpu_act,
    .act_back = cpu_act_back,
    .hint = cpu_hint,
    .hint_back = cpu_hint_back,
    .xent = cpu_xent,
    .bias = cpu_bias,
    .bias_back = cpu_bias_back,
    .embed = cpu_embed,
    .embed_back = cpu_embed_back,
    .gather = cpu_gather,
    .total = cpu_total,
    .sumsq = cpu_sumsq,
    .add = cpu_add,
    .mix = cpu_mix,
    .sgd = cpu_sgd,
    .adamw = cpu_adamw,
    .sparse = cpu_sparse,
    .expire = cpu_expire,
    .forget = cpu_forget,
};
