/*
 * ffn.hip - the numeric loops of kern.h as they run on a device.
 *
 * Arguments are named as in kern.h. Results do not depend on timing: sums run
 * in a fixed order, and what several positions add to has one thread that
 * walks the positions in order. Every kernel is in kernels.def, too.
 */
#include "gpu.h"

GPU_FN gpu_size
item(void)
{
    return (gpu_size)GPU_BLOCK_X * GPU_BLOCK + (gpu_size)GPU_THREAD;
}

/* Sum of v over the block, for every thread; part[GPU_BLOCK] is shared. The
 * first barrier keeps what an earlier sum left until all have read it. */
GPU_FN float
block_sum(float *part, float v)
{
    int t = GPU_THREAD;

    GPU_SYNC(); /* 1 */
    part[t] = v;
    GPU_SYNC(); /* 2 */
    for (int half = GPU_BLOCK / 2; half > 0; half /= 2) {
        if (t < half)
            part[t] += part[t + half];
        GPU_SYNC(); /* 3 */
    }
    return part[0];
}

/* --- one thread per number --- */

GPU_KERNEL
k_add(float *GPU_RESTRICT y, const float *GPU_RESTRICT x, gpu_size n)
{
    gpu_size i = item();

    if (i < n)
        y[i] += x[i];
}

GPU_KERNEL
k_mix(float *y, float a, const float *x, float b, const float *z, gpu_size n)
{
    gpu_size i = item();

    if (i < n)
        y[i] = a * x[i] + b * z[i];
}

GPU_KERNEL
k_sgd(float *GPU_RESTRICT w, const float *GPU_RESTRICT g, float *GPU_RESTRICT m,
      gpu_size n, float lr, float beta, float scale)
{
    gpu_size i = item();

    if (i < n) {
        m[i] = beta * m[i] + scale * g[i];
        w[i] -= lr * m[i];
    }
}

GPU_KERNEL
k_adamw(float *GPU_RESTRICT w, const float *GPU_RESTRICT g,
        float *GPU_RESTRICT m, float *GPU_RESTRICT v, gpu_size n, float lr,
        float beta1, float beta2, float eps, float decay, float scale,
        float fix1, float fix2)
{
    gpu_size i = item();

    if (i < n) {
        float gi = g[i] * scale;
        float mi = beta1 * m[i] + (1 - beta1) * gi;
        float vi = beta2 * v[i] + (1 - beta2) * gi * gi;
        m[i] = mi;
        v[i] = vi;
        w[i] -= lr * (mi * fix1 / (sqrtf(vi * fix2) + eps) + decay * w[i]);
    }
}

GPU_KERNEL
k_expire(float *acc, gpu_size n)
{
    gpu_size i = item();

    if (i < n && acc[i] > 0)
        acc[i] = -acc[i];
}

GPU_KERNEL
k_bias(float *GPU_RESTRICT x, const float *GPU_RESTRICT b, gpu_size n, int d)
{
    gpu_size i = item();

    if (i < n)
        x[i] += b[i % (gpu_size)d];
}

/* --- rows of tables --- */

GPU_KERNEL
k_embed(float *GPU_RESTRICT x, const float *GPU_RESTRICT table,
        const unsigned char *GPU_RESTRICT byte, gpu_size n, int d)
{
    gpu_size i = item();

    if (i < n)
        x[i] = table[(gpu_size)byte[i / d] * d + i % d];
}

/* A block row per byte value, GPU_BLOCK columns a block. */
GPU_KERNEL
k_embed_back(float *GPU_RESTRICT dtable, const float *GPU_RESTRICT dx,
             const unsigned char *GPU_RESTRICT byte, int n, int d)
{
    GPU_SHARED unsigned char part[GPU_BLOCK];
    int t = GPU_THREAD, j = GPU_BLOCK_X * GPU_BLOCK + t, mine = GPU_BLOCK_Y;
    float sum = 0;

    for (int from = 0; from < n; from += GPU_BLOCK) {
        int most = n - from < GPU_BLOCK ? n - from : GPU_BLOCK;
        GPU_SYNC(); /* 4 */
        if (t < most)
            part[t] = byte[from + t];
        GPU_SYNC(); /* 5 */
        for (int i = 0; i < most && j < d; i++)
            if (part[i] == mine)
                sum += dx[(gpu_size)(from + i) * d + j];
    }
    if (j < d)
        dtable[(gpu_size)mine * d + j] += sum;
}

GPU_KERNEL
k_gather(float *GPU_RESTRICT to, int ld, const float *GPU_RESTRICT table,
         const unsigned *GPU_RESTRICT row, gpu_size n, int d)
{
    gpu_size i = item();

    if (i < n)
        to[i / d * ld + i % d] = table[(gpu_size)row[i / d] * d + i % d];
}

/* A thread a position: of equal rows, any may be the one that clears. */
GPU_KERNEL
k_forget(float *GPU_RESTRICT table, float *GPU_RESTRICT acc,
         const unsigned *GPU_RESTRICT row, int n, int d)
{
    gpu_size i = item();

    if (i < (gpu_size)n && acc[row[i]] < 0) {
        for (int j = 0; j < d; j++)
            table[(gpu_size)row[i] * d + j] = 0;
        acc[row[i]] = 0;
    }
}

/* Chains of equal rows: next[i] is the position after i that has its row, or
 * n; first[i] is 1 where none before has it. */
GPU_KERNEL
k_chain(int *GPU_RESTRICT next, int *GPU_RESTRICT first,
        const unsigned *GPU_RESTRICT row, int n)
{
    GPU_SHARED unsigned part[GPU_BLOCK];
    int t = GPU_THREAD, i = GPU_BLOCK_X * GPU_BLOCK + t, after = n, head = 1;
    unsigned mine = i < n ? row[i] : 0;

    for (int from = 0; from < n; from += GPU_BLOCK) {
        int most = n - from < GPU_BLOCK ? n - from : GPU_BLOCK;
        GPU_SYNC(); /* 6 */
        if (t < most)
            part[t] = row[from + t];
        GPU_SYNC(); /* 7 */
        for (int j = 0; j < most; j++)
            if (part[j] == mine) {
                if (from + j < i)
                    head = 0;
                if (from + j > i && after == n)
                    after = from + j;
            }
    }
    if (i < n) {
        next[i] = after;
        first[i] = head;
    }
}

/* Groups of `lanes` threads, lanes <= d: each takes the chain that begins at
 * its position, if one does, and a thread every lanes-th column of it. */
GPU_KERNEL
k_sparse(float *GPU_RESTRICT table, float *GPU_RESTRICT acc,
         const int *GPU_RESTRICT next, const int *GPU_RESTRICT first,
         const unsigned *GPU_RESTRICT row, const float *GPU_RESTRICT dy, int ld,
         float lr, float eps, int n, int d, int lanes)
{
    int group = GPU_THREAD / lanes, lane = GPU_THREAD % lanes;
    int groups = GPU_BLOCK / lanes, i = GPU_BLOCK_X * groups + group;
    int works = group < groups && i < n && first[i < n ? i : 0];
    unsigned r = works ? row[i] : 0;
    float a = works ? acc[r] : 0;

    GPU_SYNC(); /* 8: all have read acc before one writes it */
    for (; works && i < n; i = next[i]) {
        const float *g = dy + (gpu_size)i * ld;
        float sum = 0;
        for (int j = 0; j < d; j++)
            sum += g[j] * g[j];
        a += sum / d;
        for (int j = lane; j < d; j += lanes)
            table[(gpu_size)r * d + j] -= lr * g[j] / sqrtf(a + eps);
    }
    if (works && lane == 0)
        acc[r] = a;
}

/* --- one block per row --- */

GPU_KERNEL
k_norm(float *GPU_RESTRICT y, float *GPU_RESTRICT mean,
       float *GPU_RESTRICT rstd, const float *GPU_RESTRICT x,
       const float *GPU_RESTRICT gamma, const float *GPU_RESTRICT beta, int d)
{
    GPU_SHARED float part[GPU_BLOCK];
    const float *in = x + (gpu_size)GPU_BLOCK_X * d;
    float *out = y + (gpu_size)GPU_BLOCK_X * d;
    float sum = 0, var = 0, mu, r;

    for (int j = GPU_THREAD; j < d; j += GPU_BLOCK)
        sum += in[j];
    mu = block_sum(part, sum) / d;
    for (int j = GPU_THREAD; j < d; j += GPU_BLOCK)
        var += (in[j] - mu) * (in[j] - mu);
    r = 1 / sqrtf(block_sum(part, var) / d + 1e-5f);
    for (int j = GPU_THREAD; j < d; j += GPU_BLOCK)
        out[j] = (in[j] - mu) * r * gamma[j] + beta[j];
    if (GPU_THREAD == 0) {
        mean[GPU_BLOCK_X] = mu;
        rstd[GPU_BLOCK_X] = r;
    }
}

GPU_KERNEL
k_norm_back(float *GPU_RESTRICT dx, const float *GPU_RESTRICT dy,
            const float *GPU_RESTRICT x, const float *GPU_RESTRICT mean,
            const float *GPU_RESTRICT rstd, const float *GPU_RESTRICT gamma,
            int d)
{
    GPU_SHARED float part[GPU_BLOCK];
    gpu_size at = (gpu_size)GPU_BLOCK_X * d;
    float mu = mean[GPU_BLOCK_X], r = rstd[GPU_BLOCK_X], g = 0, gx = 0;

    for (int j = GPU_THREAD; j < d; j += GPU_BLOCK) {
        float gj = dy[at + j] * gamma[j];
        g += gj;
        gx += gj * ((x[at + j] - mu) * r);
    }
    g = block_sum(part, g) / d;
    gx = block_sum(part, gx) / d;
    for (int j = GPU_THREAD; j < d; j += GPU_BLOCK)
        dx[at + j] +=
            r * (dy[at + j] * gamma[j] - g - (x[at + j] - mu) * r * gx);
}

GPU_KERNEL
k_xent(float *GPU_RESTRICT logits, float *GPU_RESTRICT nats,
       unsigned char *GPU_RESTRICT right,
       const unsigned char *GPU_RESTRICT target, float scale, int v)
{
    GPU_SHARED float part[GPU_BLOCK];
    GPU_SHARED int place[GPU_BLOCK];
    float *z = logits + (gpu_size)GPU_BLOCK_X * v;
    int t = GPU_THREAD, best = 0, hit = target[GPU_BLOCK_X];
    float most = -3.402823466e38f, at = z[hit], sum = 0;

    for (int j = t; j < v; j += GPU_BLOCK)
        if (z[j] >= most) {
            most = z[j];
            best = j;
        }
    part[t] = most;
    place[t] = best;
    GPU_SYNC(); /* 9: also, all have read z[hit] */
    for (int half = GPU_BLOCK / 2; half > 0; half /= 2) {
        if (t < half &&
            (part[t + half] > part[t] ||
             (part[t + half] == part[t] && place[t + half] > place[t]))) {
            part[t] = part[t + half];
            place[t] = place[t + half];
        }
        GPU_SYNC(); /* 10 */
    }
    most = part[0];
    best = place[0];
    for (int j = t; j < v; j += GPU_BLOCK)
        sum += z[j] = expf(z[j] - most);
    sum = block_sum(part, sum);
    for (int j = t; j < v; j += GPU_BLOCK)
        z[j] = z[j] * (scale / sum) - (j == hit ? scale : 0);
    if (t == 0) {
        nats[GPU_BLOCK_X] = logf(sum) - (at - most);
        right[GPU_BLOCK_X] = best == hit;
    }
}

/* A block takes a position, a thread the hints of a symbol. */
GPU_KERNEL
k_hint(float *GPU_RESTRICT logits, float *GPU_RESTRICT gate,
       const struct gpu_hint *GPU_RESTRICT hint,
       const unsigned *GPU_RESTRICT at, const float *GPU_RESTRICT weight, int v,
       int s)
{
    int i = GPU_BLOCK_X;
    float *z = logits + (gpu_size)i * v, *open = gate + (gpu_size)i * s;

    for (int j = GPU_THREAD; j < s; j += GPU_BLOCK)
        open[j] = 2 / (1 + expf(-open[j]));
    GPU_SYNC(); /* 11: the gates are open */
    for (int j = GPU_THREAD; j < v; j += GPU_BLOCK) {
        float sum = z[j];
        for (unsigned l = at[i]; l < at[i + 1]; l++)
            if (hint[l].symbol == j)
                sum += weight[hint[l].weight] * open[hint[l].source];
        z[j] = sum;
    }
}

/* The same for a source, and term[l] of each hint, for k_hint_weight. */
GPU_KERNEL
k_hint_back(float *GPU_RESTRICT term, float *GPU_RESTRICT dgate,
            const float *GPU_RESTRICT dlogits, const float *GPU_RESTRICT gate,
            const struct gpu_hint *GPU_RESTRICT hint,
            const unsigned *GPU_RESTRICT at, const float *GPU_RESTRICT weight,
            int v, int s)
{
    int i = GPU_BLOCK_X;
    const float *dz = dlogits + (gpu_size)i * v, *open = gate + (gpu_size)i * s;

    for (unsigned l = at[i] + (unsigned)GPU_THREAD; l < at[i + 1];
         l += GPU_BLOCK)
        term[l] = dz[hint[l].symbol] * open[hint[l].source];
    for (int j = GPU_THREAD; j < s; j += GPU_BLOCK) {
        float sum = 0;
        for (unsigned l = at[i]; l < at[i + 1]; l++)
            if (hint[l].source == j)
                sum += dz[hint[l].symbol] * weight[hint[l].weight];
        dgate[(gpu_size)i * s + j] = sum * open[j] * (1 - open[j] / 2);
    }
}

/* A thread a weight, those that no hint has included: it walks all n hints,
 * and leaves alone what it does not meet, which may not be there. */
GPU_KERNEL
k_hint_weight(float *GPU_RESTRICT dweight, const float *GPU_RESTRICT term,
              const struct gpu_hint *GPU_RESTRICT hint, unsigned n)
{
    GPU_SHARED float part[GPU_BLOCK];
    GPU_SHARED int whose[GPU_BLOCK];
    int t = GPU_THREAD, mine = GPU_BLOCK_X * GPU_BLOCK + t, met = 0;
    float sum = 0;

    for (unsigned from = 0; from < n; from += GPU_BLOCK) {
        int most = n - from < GPU_BLOCK ? (int)(n - from) : GPU_BLOCK;
        GPU_SYNC(); /* 12 */
        if (t < most) {
            part[t] = term[from + (unsigned)t];
            whose[t] = hint[from + (unsigned)t].weight;
        }
        GPU_SYNC(); /* 13 */
        for (int l = 0; l < most; l++)
            if (whose[l] == mine) {
                sum += part[l];
                met = 1;
            }
    }
    if (met)
        dweight[mine] += sum;
}

/* --- activations, numbered as enum kern_act --- */

/* gelu in its tanh form: x sigmoid(2c(x + 0.044715 x^3)), c = sqrt(2/pi). */
GPU_FN float
gate(int act, float x)
{
    float cubic =
        act == 1 || act == 2 ? x * (1.5957691216f + 0.0713548163f * x * x) : x;

    return 1 / (1 + expf(-cubic));
}

GPU_FN float
curve(int act, float x)
{
    return act == 3 ? (x > 0 ? x * x : 0) : x * gate(act, x);
}

GPU_FN float
slope(int act, float x)
{
    float s;

    if (act == 3)
        return x > 0 ? 2 * x : 0;
    s = gate(act, x);
    if (act == 0)
        return s + x * s * (1 - s);
    return s + x * s * (1 - s) * (1.5957691216f + 3 * 0.0713548163f * x * x);
}

GPU_KERNEL
k_act(float *GPU_RESTRICT s, const float *GPU_RESTRICT z, int act, int inputs,
      gpu_size n, int h)
{
    gpu_size i = item();

    if (i < n) {
        const float *in = z + i / h * inputs * h + i % h;
        s[i] = curve(act, in[0]) * (inputs == 2 ? in[h] : 1);
    }
}

GPU_KERNEL
k_act_back(float *GPU_RESTRICT dz, const float *GPU_RESTRICT ds,
           const float *GPU_RESTRICT z, int act, int inputs, gpu_size n, int h)
{
    gpu_size i = item();

    if (i < n) {
        gpu_size at = i / h * inputs * h + i % h;
        float x = z[at];
        dz[at] = ds[i] * slope(act, x) * (inputs == 2 ? z[at + h] : 1);
        if (inputs == 2)
            dz[at + h] = ds[i] * curve(act, x);
    }
}

/* --- sums down columns: a block takes COLS columns in LANES partial sums ---
 */

enum { COLS = 32, LANES = GPU_BLOCK / COLS };

/* The sum of the lanes' v, for the threads of lane 0. */
GPU_FN float
column_sum(float *part, float v)
{
    float sum = 0;

    GPU_SYNC(); /* 14 */
    part[GPU_THREAD] = v;
    GPU_SYNC(); /* 15 */
    for (int l = 0; l < LANES && GPU_THREAD < COLS; l++)
        sum += part[l * COLS + GPU_THREAD];
    return sum;
}

GPU_KERNEL
k_bias_back(float *GPU_RESTRICT db, const float *GPU_RESTRICT dx, int n, int d)
{
    GPU_SHARED float part[GPU_BLOCK];
    int lane = GPU_THREAD / COLS, j = GPU_BLOCK_X * COLS + GPU_THREAD % COLS;
    float sum = 0;

    for (int i = lane; i < n && j < d; i += LANES)
        sum += dx[(gpu_size)i * d + j];
    sum = column_sum(part, sum);
    if (lane == 0 && j < d)
        db[j] += sum;
}

GPU_KERNEL
k_norm_param(float *GPU_RESTRICT dgamma, float *GPU_RESTRICT dbeta,
             const float *GPU_RESTRICT dy, const float *GPU_RESTRICT x,
             const float *GPU_RESTRICT mean, const float *GPU_RESTRICT rstd,
             int n, int d)
{
    GPU_SHARED float part[GPU_BLOCK];
    int lane = GPU_THREAD / COLS, j = GPU_BLOCK_X * COLS + GPU_THREAD % COLS;
    float dg = 0, db = 0;

    for (int i = lane; i < n && j < d; i += LANES) {
        gpu_size at = (gpu_size)i * d + j;
        dg += dy[at] * ((x[at] - mean[i]) * rstd[i]);
        db += dy[at];
    }
    dg = column_sum(part, dg);
    db = column_sum(part, db);
    if (lane == 0 && j < d) {
        dgamma[j] += dg;
        dbeta[j] += db;
    }
}

/* part[block] = its share of the sum of squares. */
GPU_KERNEL
k_sumsq(double *GPU_RESTRICT part, const float *GPU_RESTRICT x, gpu_size n)
{
    GPU_SHARED double share[GPU_BLOCK];
    int t = GPU_THREAD;
    double sum = 0;

    for (gpu_size i = item(); i < n; i += (gpu_size)GPU_BLOCKS_X * GPU_BLOCK)
        sum += (double)x[i] * x[i];
    share[t] = sum;
    GPU_SYNC(); /* 16 */
    for (int half = GPU_BLOCK / 2; half > 0; half /= 2) {
        if (t < half)
            share[t] += share[t + half];
        GPU_SYNC(); /* 17 */
    }
    if (t == 0)
        part[GPU_BLOCK_X] = share[0];
}

/* --- products ---
 *
 * A block computes a tile of c, SIDE x SIDE (or SMALL x SMALL), in steps of
 * DEEP along k. Tiles of both operands lie in shared memory with k as their
 * slow index, so that a thread reads runs of four. A thread's 8 x 8 results
 * are four 4 x 4 pieces, 64 apart, which spreads reads over the banks.
 */
enum { SIDE = 128, SMALL = 32, DEEP = 8, WIDE = SIDE + 4 };

/* What four numbers of an operand a thread carries: line is its index along m
 * or n, step along k. along: consecutive numbers run along k. */
GPU_FN int
quad_line(int along)
{
    return along ? GPU_THREAD / 2 : GPU_THREAD % 32 * 4;
}

GPU_FN int
quad_step(int along)
{
    return along ? GPU_THREAD % 2 * 4 : GPU_THREAD / 32;
}

/* Fetch four numbers at (line, step) of p; zeros outside [lines, k]. Where all
 * four are inside and wide says that addresses are aligned: at once. */
GPU_FN gpu_float4
quad_get(const float *p, int ld, int along, int wide, int line, int lines,
         int step, int k)
{
    int inside = along ? k - step : lines - line;
    gpu_float4 v = { 0, 0, 0, 0 };

    p += along ? (gpu_size)line * ld + step : (gpu_size)step * ld + line;
    if (along ? line >= lines : step >= k)
        return v;
    if (wide && inside >= 4)
        return *(const gpu_float4 *)p;
    if (inside > 0)
        v.x = p[0];
    if (inside > 1)
        v.y = p[1];
    if (inside > 2)
        v.z = p[2];
    if (inside > 3)
        v.w = p[3];
    return v;
}

GPU_FN void
quad_put(float *tile, int along, gpu_float4 v)
{
    float *to = tile + quad_step(along) * WIDE + quad_line(along);

    if (!along) {
        *(gpu_float4 *)to = v;
        return;
    }
    to[0] = v.x;
    to[WIDE] = v.y;
    to[2 * WIDE] = v.z;
    to[3 * WIDE] = v.w;
}

GPU_FN void
eight(float *to, const float *tile, int at)
{
    gpu_float4 lo = *(const gpu_float4 *)(tile + at);
    gpu_float4 hi = *(const gpu_float4 *)(tile + at + SIDE / 2);

    to[0] = lo.x;
    to[1] = lo.y;
    to[2] = lo.z;
    to[3] = lo.w;
    to[4] = hi.x;
    to[5] = hi.y;
    to[6] = hi.z;
    to[7] = hi.w;
}

/* While one pair of tiles is multiplied the next one is fetched; the barrier
 * at the end of a step lets the other pair be overwritten. */
GPU_KERNEL
k_gemm(int ta, int tb, int m, int n, int k, const float *GPU_RESTRICT a,
       int lda, int wide_a, const float *GPU_RESTRICT b, int ldb, int wide_b,
       float beta, float *GPU_RESTRICT c, int ldc)
{
    GPU_SHARED gpu_float4 tiles[2 * 2 * DEEP * WIDE / 4];
    int tx = GPU_THREAD % 16 * 4, ty = GPU_THREAD / 16 * 4, now = 0;
    int row0 = GPU_BLOCK_Y * SIDE, col0 = GPU_BLOCK_X * SIDE;
    int row = row0 + quad_line(!ta), col = col0 + quad_line(tb);
    int step_a = quad_step(!ta), step_b = quad_step(tb);
    float *base = (float *)tiles, sum[8][8];
    gpu_float4 qa, qb;

    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 8; j++)
            sum[i][j] = 0;
    qa = quad_get(a, lda, !ta, wide_a, row, m, step_a, k);
    qb = quad_get(b, ldb, tb, wide_b, col, n, step_b, k);
    quad_put(base, !ta, qa);
    quad_put(base + DEEP * WIDE, tb, qb);
    GPU_SYNC(); /* 18 */
    for (int from = 0; from < k; from += DEEP) {
        const float *tile_a = base + now * 2 * DEEP * WIDE;
        const float *tile_b = tile_a + DEEP * WIDE;
        float *other = base + (1 - now) * 2 * DEEP * WIDE;
        int next = from + DEEP;
        if (next < k) {
            qa = quad_get(a, lda, !ta, wide_a, row, m, next + step_a, k);
            qb = quad_get(b, ldb, tb, wide_b, col, n, next + step_b, k);
        }
        for (int l = 0; l < DEEP; l++) {
            float x[8], y[8];
            eight(x, tile_a + l * WIDE, ty);
            eight(y, tile_b + l * WIDE, tx);
            for (int i = 0; i < 8; i++)
                for (int j = 0; j < 8; j++)
                    sum[i][j] += x[i] * y[j];
        }
        if (next < k) {
            quad_put(other, !ta, qa);
            quad_put(other + DEEP * WIDE, tb, qb);
        }
        GPU_SYNC(); /* 19 */
        now = 1 - now;
    }
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 8; j++) {
            int r = row0 + ty + (i < 4 ? i : SIDE / 2 + i - 4);
            int s = col0 + tx + (j < 4 ? j : SIDE / 2 + j - 4);
            float *to = c + (gpu_size)r * ldc + s;
            if (r < m && s < n)
                *to = beta == 0 ? sum[i][j] : sum[i][j] + beta * *to;
        }
}

/* The same in small tiles, for products whose c has few large ones. */
GPU_KERNEL
k_gemm_small(int ta, int tb, int m, int n, int k, const float *GPU_RESTRICT a,
             int lda, const float *GPU_RESTRICT b, int ldb, float beta,
             float *GPU_RESTRICT c, int ldc)
{
    GPU_SHARED float tile_a[SMALL][SMALL + 1], tile_b[SMALL][SMALL + 1];
    int x = GPU_THREAD % SMALL, y = GPU_THREAD / SMALL, s = GPU_BLOCK_X * SMALL;
    int r = GPU_BLOCK_Y * SMALL;
    float sum[4] = { 0, 0, 0, 0 };

    for (int from = 0; from < k; from += SMALL) {
        GPU_SYNC(); /* 20 */
        for (int i = y; i < SMALL; i += GPU_BLOCK / SMALL) {
            /* x runs along the operand's rows, whichever way they lie */
            int ai = ta ? x : i, al = from + (ta ? i : x);
            int bj = tb ? i : x, bl = from + (tb ? x : i);
            tile_a[al - from][ai] = r + ai < m && al < k
                                        ? a[ta ? (gpu_size)al * lda + r + ai
                                               : (gpu_size)(r + ai) * lda + al]
                                        : 0;
            tile_b[bl - from][bj] = s + bj < n && bl < k
                                        ? b[tb ? (gpu_size)(s + bj) * ldb + bl
                                               : (gpu_size)bl * ldb + s + bj]
                                        : 0;
        }
        GPU_SYNC(); /* 21 */
        for (int l = 0; l < SMALL; l++)
            for (int i = 0; i < 4; i++)
                sum[i] += tile_a[l][y * 4 + i] * tile_b[l][x];
    }
    for (int i = 0; i < 4; i++) {
        float *to = c + (gpu_size)(r + y * 4 + i) * ldc + s + x;
        if (r + y * 4 + i < m && s + x < n)
            *to = beta == 0 ? sum[i] : sum[i] + beta * *to;
    }
}
