/* kern_cpu against kern_ref, operation by operation, on awkward sizes, with the
 * loops of every level that this processor has. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "kern.h"
#include "levels.h"
#include "num/rng.h"

enum { MOST = 530 * 380 };
static struct rng rng;
static float a[MOST], b[MOST], x[MOST], y[MOST], z[MOST], p[MOST], q[MOST];

static void
fill(float *to, int n, float scale)
{
    for (int i = 0; i < n; i++)
        to[i] = scale * rng_normal(&rng);
}

/* The largest |got - want| relative to the largest |want|. */
static double
distance(const float *got, const float *want, int n)
{
    double worst = 0, most = 1e-20;

    for (int i = 0; i < n; i++) {
        double d = fabs((double)got[i] - want[i]);
        if (!(d <= worst))
            worst = d;
        most = fmax(most, fabs(want[i]));
    }
    return worst / most;
}

static void
test_gemm(void)
{
    static const int size[][3] = { { 1, 1, 1 }, { 3, 5, 7 }, { 65, 33, 70 } };

    for (int c = 0; c < 3 * 8; c++) {
        const int *s = size[c / 8];
        int m = s[0], n = s[1], k = s[2], ta = c & 1, tb = c >> 1 & 1;
        float beta = c & 4 ? 1 : 0;
        fill(a, m * k, 1);
        fill(b, k * n, 1);
        fill(x, m * n, 1);
        memcpy(y, x, sizeof y);
        if (beta == 0)
            y[0] = NAN; /* beta 0 must overwrite whatever is there */
        memcpy(z, y, sizeof z);
        kern_ref.gemm(ta, tb, m, n, k, a, ta ? m : k, b, tb ? k : n, beta, x,
                      n);
        kern_cpu.gemm(ta, tb, m, n, k, a, ta ? m : k, b, tb ? k : n, beta, y,
                      n);
        CHECK(distance(y, x, m * n) < 1e-5);
        memcpy(y, z, sizeof y);
        kern_base.gemm(ta, tb, m, n, k, a, ta ? m : k, b, tb ? k : n, beta, y,
                       n);
        CHECK(distance(y, x, m * n) < 1e-5);
    }
    promise("kern: gemm agrees for every transposition, with and without +=");
}

static void
fill_whole(float *to, int n)
{
    for (int i = 0; i < n; i++)
        to[i] = (float)rng_below(&rng, 17) - 8;
}

/* Small whole numbers lose nothing as bfloat16: what differs is misplaced. */
static void
test_low(void)
{
    static const int size[][3] = {
        { 1, 1, 1 },     { 9, 17, 3 },     { 70, 65, 34 },
        { 7, 530, 370 }, { 530, 37, 259 }, { 15, 31, 47 },
    };
    const struct kern *low = kern_low();

    for (int c = 0; low && c < 6 * 8; c++) {
        const int *s = size[c / 8];
        int m = s[0], n = s[1], k = s[2], ta = c & 1, tb = c >> 1 & 1;
        float beta = c & 4 ? 0.5f : 0;
        fill_whole(a, m * k);
        fill_whole(b, k * n);
        fill_whole(x, MOST);
        memcpy(y, x, sizeof y);
        if (beta == 0)
            y[0] = NAN;
        kern_ref.gemm(ta, tb, m, n, k, a, ta ? m : k, b, tb ? k : n, beta, x,
                      n + 3);
        low->gemm(ta, tb, m, n, k, a, ta ? m : k, b, tb ? k : n, beta, y,
                  n + 3);
        CHECK(memcmp(x, y, sizeof x) == 0);
    }
    if (low) {
        fill(a, 100, 1);
        low->gemm(0, 1, 1, 1, 100, a, 100, a, 100, 0, y, 1);
        kern_ref.gemm(0, 1, 1, 1, 100, a, 100, a, 100, 0, x, 1);
        CHECK_NEAR(y[0], x[0], 1.0 / 256, 0);
        CHECK(low->bf16 && !kern_cpu.bf16);
        a[3] = NAN;
        low->gemm(0, 1, 1, 1, 100, a, 100, a, 100, 0, y, 1);
        CHECK(isnan(y[0]));
    }
    promise(low ? "kern: bf16 products have every factor in its place"
                : "kern: bf16 products # SKIP no instruction for them");
}

static void
test_norm(void)
{
    enum { N = 5, D = 37 };
    float mean[2][N], rstd[2][N], dg[2][D], db[2][D];

    fill(a, N * D, 3);
    fill(b, D, 1);
    fill(p, D, 1);
    kern_ref.norm(x, mean[0], rstd[0], a, b, p, N, D);
    kern_cpu.norm(y, mean[1], rstd[1], a, b, p, N, D);
    CHECK(distance(y, x, N * D) < 1e-5);
    CHECK(distance(mean[1], mean[0], N) < 1e-5);
    CHECK(distance(rstd[1], rstd[0], N) < 1e-5);
    fill(q, N * D, 1);
    fill(x, N * D, 1);
    memcpy(y, x, sizeof y);
    for (int j = 0; j < D; j++)
        dg[0][j] = dg[1][j] = db[0][j] = db[1][j] = (float)j;
    kern_ref.norm_back(x, dg[0], db[0], q, a, mean[0], rstd[0], b, N, D);
    kern_cpu.norm_back(y, dg[1], db[1], q, a, mean[0], rstd[0], b, N, D);
    CHECK(distance(y, x, N * D) < 1e-5);
    CHECK(distance(dg[1], dg[0], D) < 1e-5 && distance(db[1], db[0], D) < 1e-5);
    promise("kern: norm and its gradient agree and add up");
}

static void
test_act(void)
{
    enum { N = 3, H = 43 };

    for (int k = KERN_SWIGLU; k <= KERN_RELU2; k++) {
        enum kern_act act = (enum kern_act)k;
        int in = kern_act_inputs(act);
        fill(a, N * H * in, 4);
        a[0] = 100;
        a[1] = -100;
        kern_ref.act(x, a, act, N, H);
        kern_cpu.act(y, a, act, N, H);
        CHECK(distance(y, x, N * H) < 1e-5);
        fill(b, N * H, 1);
        kern_ref.act_back(x, b, a, act, N, H);
        kern_cpu.act_back(y, b, a, act, N, H);
        CHECK(distance(y, x, N * H * in) < 1e-5);
    }
    promise("kern: every activation and its gradient agree");
}

/* The formulas of kern.h in double; hints of position 0 repeat, position 1 has
 * none. */
static void
test_hints(void)
{
    enum { N = 9, V = 256, S = 5, W = 40, MANY = 300 };
    struct kern_hint hint[MANY];
    uint32_t at[N + 1] = { 0, 40, 40 };
    double want[N * V], g[N * S], dw[W], dg[N * S];

    for (int i = 3; i <= N; i++)
        at[i] = at[i - 1] + (uint32_t)rng_below(&rng, 30);
    for (int i = 0; i < MANY; i++)
        hint[i] = (struct kern_hint){ (uint16_t)rng_below(&rng, W),
                                      (uint8_t)rng_below(&rng, i < 40 ? 3 : V),
                                      (uint8_t)rng_below(&rng, S) };
    hint[at[N] - 1].symbol = 255;
    fill(a, W, 1);     /* weights */
    fill(b, N * S, 3); /* gates before */
    b[0] = 200;        /* wide open */
    b[1] = -200;       /* shut */
    fill(x, N * V, 2); /* logits */
    fill(p, N * V, 1); /* their gradient */
    fill(z, W, 1);     /* of the weights: adds up */
    for (int i = 0; i < N * V; i++)
        want[i] = x[i];
    for (int i = 0; i < W; i++)
        dw[i] = z[i];
    memset(dg, 0, sizeof dg);
    for (int i = 0; i < N * S; i++)
        g[i] = 2 / (1 + exp(-(double)b[i]));
    for (int i = 0; i < N; i++)
        for (uint32_t j = at[i]; j < at[i + 1]; j++) {
            const struct kern_hint *h = &hint[j];
            double d = p[i * V + h->symbol], *gate = &g[i * S + h->source];
            want[i * V + h->symbol] += a[h->weight] * *gate;
            dw[h->weight] += d * *gate;
            dg[i * S + h->source] += d * a[h->weight] * *gate * (1 - *gate / 2);
        }
    for (int k = 0; k < 2; k++) {
        const struct kern *kern = k ? &kern_cpu : &kern_ref;
        memcpy(y, x, sizeof *y * N * V);
        memcpy(q, b, sizeof *q * N * S);
        kern->hint(y, q, hint, at, a, N, V, S);
        for (int i = 0; i < N * V; i++)
            CHECK_NEAR(y[i], want[i], 1e-5, 1e-5);
        for (int i = 0; i < N * S; i++)
            CHECK_NEAR(q[i], g[i], 1e-5, 1e-30);
        CHECK(memcmp(y + V, x + V, sizeof *y * V) == 0);
        memcpy(y, z, sizeof *y * W);
        fill(y + W, N * S, 1); /* dgate is overwritten */
        kern->hint_back(y, y + W, p, q, hint, at, a, N, V, S);
        for (int i = 0; i < W; i++)
            CHECK_NEAR(y[i], dw[i], 1e-5, 1e-5);
        for (int i = 0; i < N * S; i++)
            CHECK_NEAR(y[W + i], dg[i], 1e-4, 1e-5);
    }
    promise("kern: hints and their gradients are those of the formulas");
}

/* Few symbols at first, so that counts reach 255, then more than fit. */
static void
test_count(void)
{
    uint8_t record[2][16];
    struct rng own;
    int wrong = 0;

    rng_seed(&own, 1);
    for (uint32_t symbols = 1; symbols < 14; symbols++) {
        for (int i = 0; i < 16; i++)
            record[0][i] = record[1][i] = i < 2 ? 77 : 0;
        for (int i = 0; i < 3000; i++) {
            uint8_t symbol = (uint8_t)(rng_below(&own, symbols) * 251);
            kern_ref.count(record[0], symbol);
            kern_cpu.count(record[1], symbol);
            wrong += memcmp(record[0], record[1], sizeof record[0]) != 0;
            wrong += record[0][2] != symbol;
        }
    }
    CHECK(wrong == 0);
    promise("count: as ref, from none to seven symbols and to 255");
}

/* Records as they come, and as no one would make them. */
static void
test_tally(void)
{
    enum { N = 50, LD = 3, ROUNDS = 200 };
    static uint8_t record[N][16];
    struct kern_hint hint[2][7 * N + 1];
    uint32_t row[2][N * LD], n[2];
    int weight[N], wrong = 0;

    for (int i = 0; i < N; i++)
        weight[i] = i * KERN_KINDS;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < N; i++)
            for (int k = 0, some = (int)rng_below(&rng, 8); k < 16; k++)
                record[i][k] =
                    (uint8_t)(k >= 9 + some ? 0
                              : k < 9
                                  ? rng_below(&rng, 256)
                                  : 1 + rng_below(&rng, round % 2 ? 6 : 255));
        if (round == 0)
            memset(record[N / 2], 255, sizeof *record);
        memset(row, 0, sizeof row);
        n[0] = kern_ref.tally(hint[0], row[0], LD, record, weight, N);
        n[1] = kern_cpu.tally(hint[1], row[1], LD, record, weight, N);
        wrong += n[0] != n[1] ||
                 memcmp(hint[0], hint[1], n[0] * sizeof **hint) != 0 ||
                 memcmp(row[0], row[1], sizeof *row) != 0;
    }
    CHECK(wrong == 0 && n[0] > 0);
    for (int i = 0; i < N * 16; i++) /* holes in the lists: anything in range */
        record[i / 16][i % 16] =
            (uint8_t)(rng_below(&rng, 3) * rng_below(&rng, 128));
    n[1] = kern_cpu.tally(hint[1], row[1], LD, record, weight, N);
    CHECK(n[1] <= 7 * N);
    for (uint32_t i = 0; i < n[1]; i++)
        CHECK(hint[1][i].source < N &&
              hint[1][i].weight / KERN_KINDS == hint[1][i].source);
    for (int i = 0; i < N; i++)
        CHECK(row[1][i * LD] < 1 << 13);
    promise("kern: tallies agree, and are in range whatever the record");
}

static void
test_xent(void)
{
    enum { N = 5, V = 256 };
    float nats[2][N];
    unsigned char right[2][N];
    uint8_t target[N] = { 0, 255, 7, 9, 5 };

    fill(x, N * V, 5);
    x[2 * V + 7] = x[2 * V + 3] = 60; /* a tie: the last one counts */
    x[0] = x[200] = 50;               /* and the first does not */
    for (int j = 0; j < V; j++) {
        x[3 * V + j] = j == 9 ? -200 : 0; /* far below the others */
        x[4 * V + j] = j == 5 ? -1 : -2 - (float)j;
    }
    memcpy(y, x, sizeof y);
    kern_ref.xent(x, nats[0], right[0], target, 0.5f, N, V);
    kern_cpu.xent(y, nats[1], right[1], target, 0.5f, N, V);
    CHECK(distance(y, x, N * V) < 1e-5);
    CHECK(distance(nats[1], nats[0], N) < 1e-5);
    CHECK(memcmp(right[0], right[1], N) == 0 && right[1][2] == 1);
    CHECK(right[1][0] == 0 && right[1][4] == 1);
    CHECK_NEAR(nats[1][3], 200 + log(255), 1e-5, 0);
    y[0] = NAN;
    kern_cpu.xent(y, nats[1], right[1], target, 1, 1, V);
    CHECK(isnan(nats[1][0]));
    promise("kern: cross-entropy agrees, breaks ties alike, keeps a NaN");
}

static void
test_updates(void)
{
    enum { N = 1000 };
    struct kern_adamw o = { 0.01f, 0.9f, 0.99f, 1e-8f, 0.1f, 0.5f, 2, 3 };
    float m[2][N], v[2][N];

    fill(a, N, 1);
    fill(x, N, 1);
    memcpy(y, x, sizeof y);
    fill(m[0], N, 1);
    memcpy(m[1], m[0], sizeof m[0]);
    for (int i = 0; i < N; i++)
        v[0][i] = v[1][i] = (float)i / N;
    kern_ref.adamw(x, a, m[0], v[0], N, &o);
    kern_cpu.adamw(y, a, m[1], v[1], N, &o);
    CHECK(distance(y, x, N) < 1e-5 && distance(m[1], m[0], N) < 1e-5 &&
          distance(v[1], v[0], N) < 1e-5);
    fill(q, 9000, 1);
    CHECK_NEAR(kern_cpu.sumsq(q, 9000), kern_ref.sumsq(q, 9000), 1e-5, 0);
    kern_ref.add(x, a, N);
    kern_cpu.add(y, a, N);
    kern_ref.mix(x, 0.5f, x, -2, a, N);
    kern_cpu.mix(y, 0.5f, y, -2, a, N);
    kern_ref.sgd(x, a, m[0], N, 0.1f, 0.9f, 0.5f);
    kern_cpu.sgd(y, a, m[1], N, 0.1f, 0.9f, 0.5f);
    CHECK(distance(y, x, N) < 1e-5 && distance(m[1], m[0], N) < 1e-5);
    kern_ref.bias(x, b, 10, 100);
    kern_cpu.bias(y, b, 10, 100);
    CHECK(distance(y, x, N) < 1e-5);
    kern_ref.bias_back(x, a, 10, 100);
    kern_cpu.bias_back(y, a, 10, 100);
    CHECK(distance(y, x, N) < 1e-5);
    promise("kern: adamw, sums and biases agree");
}

static void
test_sparse(void)
{
    enum { R = 10, N = 100, LD = 20 };
    static const int width[] = { 5, 8, 12, 16, 20 };
    float acc[2][R];
    uint32_t row[N];

    for (int c = 0; c < 5; c++) {
        int d = width[c];
        fill(x, N * LD, 1);
        memcpy(y, x, sizeof y);
        fill(a, N * LD, 0.1f);
        for (int i = 0; i < N; i++)
            row[i] = (uint32_t)rng_below(&rng, R);
        for (int i = 0; i < R; i++)
            acc[0][i] = acc[1][i] = 0;
        kern_ref.sparse(x, acc[0], row, a, LD, 0.1f, 1e-8f, N, d);
        kern_cpu.sparse(y, acc[1], row, a, LD, 0.1f, 1e-8f, N, d);
        CHECK(distance(y, x, N * LD) < 1e-5);
        CHECK(distance(acc[1], acc[0], R) < 1e-5 && acc[1][0] > 0);
        kern_ref.gather(x, LD, a, row, N, d);
        kern_cpu.gather(y, LD, a, row, N, d);
        CHECK(distance(y, x, N * LD) < 1e-5 && y[LD] == a[row[1] * (size_t)d]);
    }
    promise("kern: rows of any width are read and updated alike");
}

static void
test_rows(void)
{
    enum { R = 10, D = 7, N = 60, LD = 9 };
    float acc[2][R];
    uint8_t byte[N];
    uint32_t row[N];

    fill(a, 256 * D, 1);
    fill(x, N * LD, 1);
    memcpy(y, x, sizeof y);
    for (int i = 0; i < N; i++) {
        byte[i] = (uint8_t)rng_below(&rng, 256);
        row[i] = (uint32_t)rng_below(&rng, R - 1);
    }
    kern_ref.embed(x, a, byte, N, D);
    kern_cpu.embed(y, a, byte, N, D);
    CHECK(memcmp(x, y, sizeof x) == 0 && x[D] == a[byte[1] * D]);
    kern_ref.gather(x, LD, a, row, N, D);
    kern_cpu.gather(y, LD, a, row, N, D);
    CHECK(memcmp(x, y, sizeof x) == 0 && x[LD] == a[row[1] * D]);
    byte[0] = byte[1]; /* one that is met twice */
    kern_ref.embed_back(x, a, byte, N, D);
    kern_cpu.embed_back(y, a, byte, N, D);
    CHECK(distance(y, x, 256 * D) < 1e-6);
    fill(acc[0], R, 1);
    acc[0][row[0]] = 2;
    memcpy(acc[1], acc[0], sizeof acc[0]);
    kern_ref.expire(acc[0], R - 2); /* the last two are of today */
    kern_cpu.expire(acc[1], R - 2);
    kern_ref.forget(x, acc[0], row, N, D);
    kern_cpu.forget(y, acc[1], row, N, D);
    CHECK(memcmp(x, y, sizeof x) == 0);
    CHECK(memcmp(acc[0], acc[1], sizeof acc[0]) == 0 && acc[0][row[0]] == 0);
    promise("kern: rows go out, come back and are forgotten alike");
}

static void
test_memory(void)
{
    float *mem = kern_cpu.alloc(100 * sizeof *mem), back[100];

    CHECK(mem && (uintptr_t)mem % 64 == 0 && mem[0] == 0 && mem[99] == 0);
    fill(a, 100, 1);
    kern_cpu.put(mem, a, sizeof back);
    kern_cpu.copy(mem + 50, mem, 50 * sizeof *mem);
    kern_cpu.zero(mem, 10 * sizeof *mem);
    kern_cpu.get(back, mem, sizeof back);
    CHECK(back[0] == 0 && back[10] == a[10] && back[50] == a[0]);
    CHECK(kern_cpu.alloc(SIZE_MAX) == NULL && kern_cpu.error() == NULL);
    kern_cpu.free(mem);
    kern_cpu.free(NULL);
    promise("kern: memory is zeroed and aligned; too much is refused");
}

static void
test_level(const char *level)
{
    setenv("LU_CPU", level, 1);
    kern_cpu.start();
    if (!strstr(kern_cpu.name, level)) {
        printf("# this processor has no %s\n", level);
        return;
    }
    printf("# %s\n", kern_cpu.name);
    CHECK(kern_low() == NULL);
    test_gemm();
    test_norm();
    test_act();
    test_hints();
    test_count();
    test_tally();
    test_xent();
    test_updates();
    test_sparse();
    test_rows();
    test_memory();
}

int
main(void)
{
    rng_seed(&rng, 7);
    test_level("base");
    test_level("avx2");
    test_level("avx512");
    setenv("LU_CPU", "bf16", 1);
    kern_cpu.start();
    test_low();
    return check_done();
}
