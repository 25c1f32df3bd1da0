/*
 * ref.c - the specification of the numeric loops: read this to know what a
 * step computes. Written for reading, not for speed.
 */
#include <math.h>
#include <string.h>

#include "kern.h"
#include "levels.h"

static void
ref_start(void)
{
}

static void
ref_gemm(int ta, int tb, int m, int n, int k, const float *a, int lda,
         const float *b, int ldb, float beta, float *c, int ldc)
{
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            float sum = 0;
            for (int l = 0; l < k; l++)
                sum += (ta ? a[(size_t)l * lda + i] : a[(size_t)i * lda + l]) *
                       (tb ? b[(size_t)j * ldb + l] : b[(size_t)l * ldb + j]);
            float *to = &c[(size_t)i * ldc + j];
            *to = (beta == 0 ? 0 : beta * *to) + sum;
        }
}

static void
ref_norm(float *y, float *mean, float *rstd, const float *x, const float *gamma,
         const float *beta, int n, int d)
{
    for (int i = 0; i < n; i++, x += d, y += d) {
        float sum = 0, var = 0;
        for (int j = 0; j < d; j++)
            sum += x[j];
        mean[i] = sum / d;
        for (int j = 0; j < d; j++)
            var += (x[j] - mean[i]) * (x[j] - mean[i]);
        rstd[i] = 1 / sqrtf(var / d + 1e-5f);
        for (int j = 0; j < d; j++)
            y[j] = (x[j] - mean[i]) * rstd[i] * gamma[j] + beta[j];
    }
}

/* With xhat = (x - mean) rstd and g = dy gamma:
 * dx = rstd (g - mean(g) - xhat mean(g xhat)). */
static void
ref_norm_back(float *dx, float *dgamma, float *dbeta, const float *dy,
              const float *x, const float *mean, const float *rstd,
              const float *gamma, int n, int d)
{
    for (int i = 0; i < n; i++, x += d, dx += d, dy += d) {
        float sum_g = 0, sum_gx = 0;
        for (int j = 0; j < d; j++) {
            float xhat = (x[j] - mean[i]) * rstd[i];
            sum_g += dy[j] * gamma[j];
            sum_gx += dy[j] * gamma[j] * xhat;
            dgamma[j] += dy[j] * xhat;
            dbeta[j] += dy[j];
        }
        for (int j = 0; j < d; j++) {
            float xhat = (x[j] - mean[i]) * rstd[i];
            dx[j] +=
                rstd[i] * (dy[j] * gamma[j] - sum_g / d - xhat * sum_gx / d);
        }
    }
}

static float
sigmoid(float x)
{
    return 1 / (1 + expf(-x));
}

/* gelu in its tanh form: x sigmoid(2c(x + 0.044715 x^3)), c = sqrt(2/pi). */
static const float gelu_a = 1.5957691216f, gelu_b = 0.0713548163f;

static float
curve(enum kern_act a, float x)
{
    switch (a) {
    case KERN_SWIGLU: return x * sigmoid(x);
    case KERN_RELU2: return x > 0 ? x * x : 0;
    default: return x * sigmoid(gelu_a * x + gelu_b * x * x * x);
    }
}

static float
slope(enum kern_act a, float x)
{
    float s;

    switch (a) {
    case KERN_SWIGLU: s = sigmoid(x); return s + x * s * (1 - s);
    case KERN_RELU2: return x > 0 ? 2 * x : 0;
    default:
        s = sigmoid(gelu_a * x + gelu_b * x * x * x);
        return s + x * s * (1 - s) * (gelu_a + 3 * gelu_b * x * x);
    }
}

static void
ref_act(float *s, const float *z, enum kern_act a, int n, int h)
{
    int in = kern_act_inputs(a);

    for (int i = 0; i < n; i++, s += h, z += (size_t)in * h)
        for (int j = 0; j < h; j++)
            s[j] = curve(a, z[j]) * (in == 2 ? z[h + j] : 1);
}

static void
ref_act_back(float *dz, const float *ds, const float *z, enum kern_act a, int n,
             int h)
{
    int in = kern_act_inputs(a);

    for (int i = 0; i < n; i++, ds += h) {
        for (int j = 0; j < h; j++) {
            dz[j] = ds[j] * slope(a, z[j]) * (in == 2 ? z[h + j] : 1);
            if (in == 2)
                dz[h + j] = ds[j] * curve(a, z[j]);
        }
        z += (size_t)in * h;
        dz += (size_t)in * h;
    }
}

static void
ref_hint(float *logits, float *gate, const struct kern_hint *hint,
         const uint32_t *at, const float *weight, int n, int v, int s)
{
    for (int i = 0; i < n * s; i++)
        gate[i] = 2 / (1 + expf(-gate[i]));
    for (int i = 0; i < n; i++)
        for (uint32_t j = at[i]; j < at[i + 1]; j++)
            logits[(size_t)i * v + hint[j].symbol] +=
                weight[hint[j].weight] * gate[(size_t)i * s + hint[j].source];
}

static void
ref_hint_back(float *dweight, float *dgate, const float *dlogits,
              const float *gate, const struct kern_hint *hint,
              const uint32_t *at, const float *weight, int n, int v, int s)
{
    memset(dgate, 0, sizeof *dgate * (size_t)n * (size_t)s);
    for (int i = 0; i < n; i++)
        for (uint32_t j = at[i]; j < at[i + 1]; j++) {
            float d = dlogits[(size_t)i * v + hint[j].symbol];
            size_t g = (size_t)i * s + hint[j].source;
            dweight[hint[j].weight] += d * gate[g];
            dgate[g] += d * weight[hint[j].weight];
        }
    for (int i = 0; i < n * s; i++)
        dgate[i] *= gate[i] * (1 - gate[i] / 2);
}

static void
ref_xent(float *logits, float *nats, unsigned char *right,
         const uint8_t *target, float scale, int n, int v)
{
    for (int i = 0; i < n; i++, logits += v) {
        int best = 0, t = target[i];
        for (int j = 1; j < v; j++)
            if (logits[j] >= logits[best])
                best = j;
        float max = logits[best], at = logits[t];
        float sum = logits[0] = expf(logits[0] - max);
        for (int j = 1; j < v; j++)
            sum += logits[j] = expf(logits[j] - max);
        for (int j = 0; j < v; j++)
            logits[j] *= scale / sum;
        logits[t] -= scale;
        nats[i] = logf(sum) - (at - max);
        right[i] = best == t;
    }
}

static void
ref_bias(float *x, const float *b, int n, int d)
{
    for (int i = 0; i < n; i++, x += d)
        for (int j = 0; j < d; j++)
            x[j] += b[j];
}

static void
ref_bias_back(float *db, const float *dx, int n, int d)
{
    for (int i = 0; i < n; i++, dx += d)
        for (int j = 0; j < d; j++)
            db[j] += dx[j];
}

static double
ref_sumsq(const float *x, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * x[i];
    return sum;
}

static void
ref_add(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] += x[i];
}

static void
ref_adamw(float *w, const float *g, float *m, float *v, size_t n,
          const struct kern_adamw *o)
{
    for (size_t i = 0; i < n; i++) {
        float gi = g[i] * o->scale;
        m[i] = o->beta1 * m[i] + (1 - o->beta1) * gi;
        v[i] = o->beta2 * v[i] + (1 - o->beta2) * gi * gi;
        w[i] -= o->lr * (m[i] * o->fix1 / (sqrtf(v[i] * o->fix2) + o->eps) +
                         o->decay * w[i]);
    }
}

static void
ref_sparse(float *table, float *acc, const uint32_t *row, const float *dy,
           int ld, float lr, float eps, int n, int d)
{
    for (int i = 0; i < n; i++, dy += ld) {
        float *w = table + (size_t)row[i] * d, sum = 0;
        for (int j = 0; j < d; j++)
            sum += dy[j] * dy[j];
        acc[row[i]] += sum / d;
        for (int j = 0; j < d; j++)
            w[j] -= lr * dy[j] / sqrtf(acc[row[i]] + eps);
    }
}

static void
ref_embed(float *x, const float *table, const uint8_t *byte, int n, int d)
{
    for (int i = 0; i < n; i++, x += d)
        memcpy(x, table + (size_t)byte[i] * d, sizeof *x * (size_t)d);
}

static void
ref_embed_back(float *dtable, const float *dx, const uint8_t *byte, int n,
               int d)
{
    for (int i = 0; i < n; i++, dx += d)
        for (int j = 0; j < d; j++)
            dtable[(size_t)byte[i] * d + j] += dx[j];
}

static void
ref_gather(float *to, int ld, const float *table, const uint32_t *row, int n,
           int d)
{
    for (int i = 0; i < n; i++, to += ld)
        memcpy(to, table + (size_t)row[i] * d, sizeof *to * (size_t)d);
}

static void
ref_total(double *nats_sum, size_t *right_sum, const float *nats,
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
ref_mix(float *y, float a, const float *x, float b, const float *z, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = a * x[i] + b * z[i];
}

static void
ref_sgd(float *w, const float *g, float *m, size_t n, float lr, float beta,
        float scale)
{
    for (size_t i = 0; i < n; i++) {
        m[i] = beta * m[i] + scale * g[i];
        w[i] -= lr * m[i];
    }
}

static void
ref_expire(float *acc, size_t n)
{
    for (size_t i = 0; i < n; i++)
        acc[i] = acc[i] > 0 ? -acc[i] : acc[i];
}

static void
ref_forget(float *table, float *acc, const uint32_t *row, int n, int d)
{
    for (int i = 0; i < n; i++) {
        size_t r = row[i];
        if (acc[r] >= 0)
            continue;
        acc[r] = 0;
        memset(table + r * (size_t)d, 0, sizeof *table * (size_t)d);
    }
}

const struct kern kern_ref = {
    .name = "ref",
    .start = ref_start,
    KERN_HOST_MEMORY,
    .gemm = ref_gemm,
    .norm = ref_norm,
    .norm_back = ref_norm_back,
    .act = ref_act,
    .act_back = ref_act_back,
    .hint = ref_hint,
    .hint_back = ref_hint_back,
    .xent = ref_xent,
    .bias = ref_bias,
    .bias_back = ref_bias_back,
    .embed = ref_embed,
    .embed_back = ref_embed_back,
    .gather = ref_gather,
    .count = count_plain,
    .tally = tally_plain,
    .total = ref_total,
    .sumsq = ref_sumsq,
    .add = ref_add,
    .mix = ref_mix,
    .sgd = ref_sgd,
    .adamw = ref_adamw,
    .sparse = ref_sparse,
    .expire = ref_expire,
    .forget = ref_forget,
};
