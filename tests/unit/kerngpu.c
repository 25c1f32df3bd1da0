/*
 * The device's kernels in the emulator, against kern_ref and, for sums, in
 * double: in every order of threads, with memory poisoned, and with each
 * barrier left out in turn, which must show.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "emu.h"
#include "kern.h"
#include "num/device.h"
#include "num/kerngpu.h"
#include "num/rng.h"

/* A sanitizer makes switching fibers slow: there, one order must do. */
#ifdef __SANITIZE_ADDRESS__
enum { ORDERS = 1 };
#else
enum { ORDERS = 3 };
#endif

enum { MOST = 140 * 320, PIECES = 32 };
static struct rng rng;
static const struct kern *k;
static void *pieces[PIECES];
static int npieces, bad, verbose;
static float a[MOST], b[MOST], x[MOST], y[MOST], z[MOST], p[MOST];

#define MUST(cond)                                                             \
    do {                                                                       \
        if (!(cond)) {                                                         \
            if (verbose)                                                       \
                printf("# %s:%d: %s\n", __FILE__, __LINE__, #cond);            \
            bad++;                                                             \
        }                                                                      \
    } while (0)

static void
fill(float *to, int n, float scale)
{
    for (int i = 0; i < n; i++)
        to[i] = scale * rng_normal(&rng);
}

/* A copy on the device, until clear(). */
static void *
up(const void *host, size_t bytes)
{
    void *to = k->alloc(bytes);

    k->put(to, host, bytes);
    pieces[npieces++] = to;
    return to;
}

static float *
upf(const float *host, int n)
{
    return up(host, sizeof *host * (size_t)n);
}

static void
clear(void)
{
    while (npieces > 0)
        k->free(pieces[--npieces]);
    MUST(k->error() == NULL);
}

/* The largest |got - want| relative to the largest |want|. */
static double
distance(const float *device, const float *want, int n)
{
    static float got[MOST];
    double worst = 0, most = 1e-20;

    k->get(got, device, sizeof *got * (size_t)n);
    for (int i = 0; i < n; i++) {
        double d = fabs((double)got[i] - want[i]);
        if (!(d <= worst))
            worst = d;
        most = fmax(most, fabs(want[i]));
    }
    return worst / most;
}

static void
gemm_double(int ta, int tb, int m, int n, int kk, float beta)
{
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            double sum = beta == 0 ? 0 : (double)x[i * n + j];
            for (int l = 0; l < kk; l++)
                sum += (double)(ta ? a[l * m + i] : a[i * kk + l]) *
                       (tb ? b[j * kk + l] : b[l * n + j]);
            y[i * n + j] = (float)sum;
        }
}

static void
gemm(const int *s, int how)
{
    int m = s[0], n = s[1], kk = s[2], ta = how & 1, tb = how >> 1 & 1;
    float beta = how & 4 ? 1 : 0, *c;

    fill(a, m * kk, 1);
    fill(b, n * kk, 1);
    fill(x, m * n, 1);
    gemm_double(ta, tb, m, n, kk, beta);
    if (beta == 0)
        x[0] = NAN;
    c = upf(x, m * n);
    k->gemm(ta, tb, m, n, kk, upf(a, m * kk), ta ? m : kk, upf(b, n * kk),
            tb ? kk : n, beta, c, n);
    MUST(distance(c, y, m * n) < 2e-6);
    clear();
}

static void
run_gemm(void)
{
    static const int size[][3] = {
        { 1, 1, 1 }, { 3, 5, 7 }, { 130, 36, 20 }, { 33, 65, 70 }
    };

    for (int tile = KERNGPU_LARGE; tile <= KERNGPU_SMALL; tile++) {
        kerngpu_tile((enum kerngpu_tile)tile);
        for (int i = 0; i < 4; i++)
            for (int how = 0; how < 8; how++)
                gemm(size[i], how);
    }
    kerngpu_tile(KERNGPU_BY_SHAPE);
}

static void
run_norm(int n, int d)
{
    float mean[8], rstd[8], dg[320], db[320];
    float *in, *gamma, *dmean, *drstd, *out, *ddg, *ddb;

    fill(a, n * d, 3);
    fill(b, d, 1);
    fill(y, d, 1);
    kern_ref.norm(x, mean, rstd, a, b, y, n, d);
    in = upf(a, n * d);
    gamma = upf(b, d);
    dmean = upf(y, n);
    drstd = upf(y, n);
    out = upf(a, n * d);
    k->norm(out, dmean, drstd, in, gamma, upf(y, d), n, d);
    MUST(distance(out, x, n * d) < 1e-5 && distance(dmean, mean, n) < 1e-5);
    MUST(distance(drstd, rstd, n) < 1e-5);
    fill(z, n * d, 1);
    fill(x, n * d, 1);
    for (int j = 0; j < d; j++)
        dg[j] = db[j] = (float)j / 10;
    out = upf(x, n * d);
    ddg = upf(dg, d);
    ddb = upf(db, d);
    kern_ref.norm_back(x, dg, db, z, a, mean, rstd, b, n, d);
    k->norm_back(out, ddg, ddb, upf(z, n * d), in, dmean, drstd, gamma, n, d);
    MUST(distance(out, x, n * d) < 1e-5);
    MUST(distance(ddg, dg, d) < 1e-5 && distance(ddb, db, d) < 1e-5);
    clear();
}

static void
run_act(void)
{
    enum { N = 3, H = 97 };

    for (int i = KERN_SWIGLU; i <= KERN_RELU2; i++) {
        enum kern_act act = (enum kern_act)i;
        int in = kern_act_inputs(act);
        float *dz, *out = upf(x, N * H), *dout = upf(x, N * H * in);
        fill(a, N * H * in, 4);
        a[0] = 100;
        a[1] = -100;
        kern_ref.act(x, a, act, N, H);
        dz = upf(a, N * H * in);
        k->act(out, dz, act, N, H);
        MUST(distance(out, x, N * H) < 1e-5);
        fill(b, N * H, 1);
        kern_ref.act_back(x, b, a, act, N, H);
        k->act_back(dout, upf(b, N * H), dz, act, N, H);
        MUST(distance(dout, x, N * H * in) < 1e-5);
        clear();
    }
}

static void
run_xent(int v)
{
    enum { N = 5 };
    float nats[N], *logits, *dnats;
    unsigned char right[N] = { 0 }, got[N], *dright;
    uint8_t target[N] = { 0, 99, 7, 9, 3 };
    double sum;
    size_t hits, all = 0;

    fill(x, N * v, 5);
    x[2 * v + 7] = x[2 * v + 3] = 60; /* a tie: the last one counts */
    for (int j = 0; j < v; j++)
        x[3 * v + j] = j == 9 ? -200 : 0;
    logits = upf(x, N * v);
    dnats = upf(x, N);
    dright = up(right, N);
    k->xent(logits, dnats, dright, up(target, N), 0.5f, N, v);
    kern_ref.xent(x, nats, right, target, 0.5f, N, v);
    k->get(got, dright, N);
    MUST(distance(logits, x, N * v) < 1e-5);
    MUST(distance(dnats, nats, N) < 1e-6);
    MUST(memcmp(got, right, N) == 0 && right[2] == 1);
    k->total(&sum, &hits, dnats, dright, N);
    for (int i = 0; i < N; i++)
        all += right[i];
    MUST(fabs(sum - (nats[0] + nats[1] + nats[2] + nats[3] + nats[4])) < 1e-3);
    MUST(hits == all);
    x[0] = NAN;
    k->put(logits, x, sizeof *x);
    k->xent(logits, dnats, dright, up(target, N), 1, 1, v);
    k->get(nats, dnats, sizeof *nats);
    MUST(isnan(nats[0]));
    clear();
}

static void
run_hints(void)
{
    enum { N = 7, V = 256, S = 5, HINTS = 60, WEIGHTS = 300 };
    struct kern_hint hint[N * HINTS];
    uint32_t at[N + 1] = { 0 };
    float *logits, *gate, *dgate, *dweight, *weight;
    void *dhint, *dat;

    for (int i = 0; i < N; i++) {
        at[i + 1] = at[i] + (i == 3 ? 0 : HINTS);
        for (uint32_t j = at[i]; j < at[i + 1]; j++)
            hint[j] = (struct kern_hint){ (uint16_t)rng_below(&rng, WEIGHTS),
                                          (uint8_t)rng_below(&rng, 9),
                                          (uint8_t)rng_below(&rng, S) };
    }
    fill(x, N * V, 1);
    fill(a, N * S, 1);
    fill(b, WEIGHTS, 1);
    logits = upf(x, N * V);
    gate = upf(a, N * S);
    weight = upf(b, WEIGHTS);
    dhint = up(hint, sizeof *hint * at[N]);
    dat = up(at, sizeof at);
    k->hint(logits, gate, dhint, dat, weight, N, V, S);
    kern_ref.hint(x, a, hint, at, b, N, V, S);
    MUST(distance(logits, x, N * V) < 1e-6 && distance(gate, a, N * S) < 1e-6);
    fill(y, WEIGHTS, 1);
    dweight = upf(y, WEIGHTS);
    dgate = upf(y, N * S);
    k->hint_back(dweight, dgate, logits, gate, dhint, dat, weight, N, V, S);
    kern_ref.hint_back(y, p, x, a, hint, at, b, N, V, S);
    MUST(distance(dweight, y, WEIGHTS) < 1e-6);
    MUST(distance(dgate, p, N * S) < 1e-5);
    clear();
}

static void
run_updates(void)
{
    enum { N = 1000 };
    struct kern_adamw o = { 0.01f, 0.9f, 0.99f, 1e-8f, 0.1f, 0.5f, 2, 3 };
    static float m[N], v[N];
    float *dw, *dg, *dm, *dv;
    double sum = 0;

    fill(a, N, 1);
    fill(x, N, 1);
    fill(m, N, 1);
    for (int i = 0; i < N; i++) {
        v[i] = (float)i / N;
        sum += (double)a[i] * a[i];
    }
    dw = upf(x, N);
    dg = upf(a, N);
    dm = upf(m, N);
    dv = upf(v, N);
    k->adamw(dw, dg, dm, dv, N, &o);
    kern_ref.adamw(x, a, m, v, N, &o);
    MUST(distance(dw, x, N) < 1e-6 && distance(dm, m, N) < 1e-6);
    MUST(distance(dv, v, N) < 1e-6);
    MUST(fabs(k->sumsq(dg, N) - sum) < 1e-9 * sum);
    k->add(dw, dg, N);
    kern_ref.add(x, a, N);
    k->mix(dw, 0.5f, dw, -2, dg, N);
    kern_ref.mix(x, 0.5f, x, -2, a, N);
    k->sgd(dw, dg, dm, N, 0.1f, 0.9f, 0.5f);
    kern_ref.sgd(x, a, m, N, 0.1f, 0.9f, 0.5f);
    k->bias(dw, dm, 10, 100);
    kern_ref.bias(x, m, 10, 100);
    k->bias_back(dw, dg, 10, 100);
    kern_ref.bias_back(x, a, 10, 100);
    MUST(distance(dw, x, N) < 1e-6 && distance(dm, m, N) < 1e-6);
    MUST(k->sumsq(upf(x, MOST), MOST) > 0);
    clear();
}

static void
run_sparse(int n, int d)
{
    enum { R = 10, N = 600 };
    int ld = d + 3;
    float acc[R], *table, *dacc;
    uint32_t row[N], *drow;

    fill(x, R * d, 1);
    fill(a, n * ld, 0.1f);
    for (int i = 0; i < n; i++) /* one that is met far apart, one often */
        row[i] = i == 0 || i == n - 1 ? R - 1
                 : i % 3              ? 0
                                      : (uint32_t)rng_below(&rng, R - 1);
    for (int i = 0; i < R; i++)
        acc[i] = (float)i / 100;
    table = upf(x, R * d);
    dacc = upf(acc, R);
    drow = up(row, sizeof *row * (size_t)n);
    kern_ref.sparse(x, acc, row, a, ld, 0.1f, 1e-8f, n, d);
    k->sparse(table, dacc, drow, upf(a, n * ld), ld, 0.1f, 1e-8f, n, d);
    MUST(distance(table, x, R * d) < 1e-5 && distance(dacc, acc, R) < 1e-5);
    kern_ref.expire(acc, R / 2);
    k->expire(dacc, R / 2);
    kern_ref.forget(x, acc, row, n / 2, d);
    k->forget(table, dacc, drow, n / 2, d);
    MUST(distance(table, x, R * d) < 1e-5 && distance(dacc, acc, R) < 1e-5);
    clear();
}

static void
run_rows(int n, int d)
{
    enum { N = 600 };
    uint8_t byte[N], *dbyte;
    uint32_t row[N];
    float *table, *out;

    fill(a, 256 * d, 1);
    fill(x, n * (d + 2), 1);
    for (int i = 0; i < n; i++) {
        byte[i] = (uint8_t)(i % 5 ? rng_below(&rng, 256) : 32);
        row[i] = (uint32_t)rng_below(&rng, 256);
    }
    table = upf(a, 256 * d);
    out = upf(x, n * (d + 2));
    dbyte = up(byte, (size_t)n);
    k->embed(out, table, dbyte, n, d);
    kern_ref.embed(x, a, byte, n, d);
    MUST(distance(out, x, n * (d + 2)) == 0);
    k->embed_back(table, out, dbyte, n, d);
    kern_ref.embed_back(a, x, byte, n, d);
    MUST(distance(table, a, 256 * d) < 1e-6);
    k->gather(out + 1, d + 2, table, up(row, sizeof *row * (size_t)n), n, d);
    kern_ref.gather(x + 1, d + 2, a, row, n, d);
    MUST(distance(out, x, n * (d + 2)) < 1e-6);
    clear();
}

static void
run_norms(void)
{
    run_norm(5, 37);
    run_norm(3, 300);
}

static void
run_xents(void)
{
    run_xent(256);
    run_xent(300);
}

static void
run_tables(void)
{
    run_sparse(530, 16);
    run_sparse(40, 300);
    run_rows(530, 12);
    run_rows(20, 130);
}

/* All kernels, or up to the first failure; those that are quick first. */
static void
run_all(int stop)
{
    static void (*const part[])(void) = { run_norms, run_xents,   run_hints,
                                          run_act,   run_updates, run_tables,
                                          run_gemm };

    rng_seed(&rng, 7);
    for (size_t i = 0; i < sizeof part / sizeof *part && !(stop && bad); i++)
        part[i]();
}

static void
test_orders(void)
{
    verbose = 1;
    for (int o = EMU_UP; o < ORDERS; o++) {
        emu_set_order((enum emu_order)o);
        run_all(0);
    }
    verbose = 0;
    CHECK(bad == 0);
    promise("kerngpu: every kernel is right, whatever order threads run in");
}

/* Left out, a barrier must break something in one of the orders. */
static void
test_barriers(void)
{
    int line = 0, found = 0, all = 0;

    while ((line = emu_skip_sync(line))) {
        emu_skip_sync(line);
        bad = 0;
        for (int o = EMU_UP; o <= EMU_MIXED && !bad; o++) {
            emu_set_order((enum emu_order)o);
            run_all(1);
        }
        if (!bad)
            printf("# nothing notices that line %d is gone\n", line);
        found += bad > 0;
        all++;
    }
    bad = 0;
    emu_set_order(EMU_UP);
    CHECK(all >= 21 && found == all);
    promise("kerngpu: no barrier can be left out unnoticed");
}

static void
one_waits(void **args)
{
    (void)args;
    if (emu_thread == 3)
        emu_sync(1);
}

static void
test_emulator(void)
{
    const struct emu_kernel odd = { "odd", one_waits };
    void *mem, *q, *none;

    CHECK(emu_launch((void *)&odd, 2, 1, 1, 8, 1, 1, 0, NULL, NULL, NULL) ==
          EMU_DIVERGED);
    CHECK(emu_launch((void *)&odd, 1, 1, 1, 3, 1, 1, 0, NULL, NULL, NULL) ==
          EMU_OK);
    CHECK(emu_alloc(&q, 8) == EMU_OK && *(float *)q > 3e38f);
    emu_free(q);
    CHECK(emu_find(&none, (void *)&odd, "k_none") == EMU_UNKNOWN);
    CHECK(k->alloc(SIZE_MAX / 2) == NULL && k->error() == NULL);
    mem = k->alloc(16);
    CHECK(mem && kerngpu_peak() >= 16);
    k->free(mem);
    promise("kerngpu: the emulator sees diverging threads and poisons memory");
}

/* With an operand: on the device of LU_DEVICE, as far as that can be. */
int
main(int argc, char *argv[])
{
    struct device d = { 0 };
    struct why w = { "" };
    int here = argc > 1;

    (void)argv;
    CHECK(device_open(&d, here ? -1 : DEVICE_EMU, &w) == 0 && !d.k->host);
    if (check_bad)
        printf("# %s\n", w.s);
    promise("kerngpu: the device opens");
    if (check_all_bad)
        return check_done();
    k = d.k;
    test_orders();
    if (!here && ORDERS == 3)
        test_barriers();
    if (!here)
        test_emulator();
    return check_done();
}
