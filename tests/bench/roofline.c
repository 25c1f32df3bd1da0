/*
 * roofline CKPT [STEPS] - where the time of a training step goes, for the model
 * in CKPT; the text comes on stdin.
 *
 * All times are of the processor, of one thread, so a busy machine changes
 * little. Every matrix product of a step is timed, and right after the same
 * shapes are given to cblas_sgemm alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/fsx.h"
#include "num/ffnfile.h"

enum { SHAPES = 1000 };

static struct shape {
    int ta, tb, m, n, k;
    float beta;
} shape[SHAPES];
static int shapes, recording;
static double in_products, flops;
static void (*inner)(int, int, int, int, int, const float *, int, const float *,
                     int, float, float *, int);

static double
cpu_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void
timed(int ta, int tb, int m, int n, int k, const float *a, int lda,
      const float *b, int ldb, float beta, float *c, int ldc)
{
    double start = cpu_now();

    inner(ta, tb, m, n, k, a, lda, b, ldb, beta, c, ldc);
    in_products += cpu_now() - start;
    flops += 2.0 * m * n * k;
    if (recording && shapes < SHAPES)
        shape[shapes++] = (struct shape){ ta, tb, m, n, k, beta };
}

/* The recorded shapes, once, by sgemm: seconds. */
static double
alone(float *a, float *b, float *c)
{
    double start = cpu_now();

    for (int i = 0; i < shapes; i++) {
        const struct shape *s = &shape[i];
        kern_cpu.gemm(s->ta, s->tb, s->m, s->n, s->k, a, s->ta ? s->m : s->k, b,
                      s->tb ? s->k : s->n, s->beta, c, s->n);
    }
    return cpu_now() - start;
}

struct result {
    double step, products, alone, flops; /* of one step */
    double busiest; /* the first member's, of a step shared by two */
};

/* Times of a step of `batch` positions by `members`; of members > 1 only the
 * caller's share of it. */
static double
run(struct result *r, const char *path, const struct sbuf *text, long batch,
    int members, enum ffn_precision p, int steps)
{
    struct train_config rule = { .lr = 1e-4,
                                 .table_lr = 0.01,
                                 .beta1 = 0.9,
                                 .beta2 = 0.99,
                                 .eps = 1e-8,
                                 .clip = 1,
                                 .batch = batch };
    static float a[1 << 22], b[1 << 22], c[1 << 22];
    struct why w = { "" };
    struct ffnfile file;
    struct ffn f;
    struct bytes data;
    struct train t;
    struct team *team = team_open(members, &w);
    struct kern k;
    double total = 0, blas = 0;

    if (!team || ffnfile_load(&f, &file, path, &w) < 0 ||
        ffn_products(&f, p, &w) < 0 ||
        bytes_open(&data, (const uint8_t *)text->s, text->len,
                   (size_t)f.c.context, 128, (int)(batch / 128), 0, 1, &w) < 0)
        goto fail;
    k = *f.k;
    inner = k.gemm;
    if (members == 1)
        k.gemm = timed;
    f.k = &k;
    if (train_open(&t, &f, &data, team, &rule, &w) < 0)
        goto fail;
    shapes = 0;
    for (int i = 0; i < 1 << 22; i++)
        a[i] = b[i] = c[i] = (float)(i % 17 - 8);
    for (int i = 0; i < steps; i++) {
        double start = cpu_now();
        recording = i == 0;
        if (i == 1)
            in_products = flops = total = 0;
        if (train_step(&t, 1, &w) < 0)
            goto fail;
        total += cpu_now() - start;
        if (r && i % 4 == 3)
            blas += alone(a, b, c);
    }
    if (r)
        *r = (struct result){ .products = in_products / (steps - 1),
                              .alone = blas / (steps / 4),
                              .flops = flops / (steps - 1) };
    train_close(&t);
    ffnfile_close(&file);
    ffn_close(&f);
    bytes_close(&data);
    team_close(team);
    return total / (steps - 1);
fail:
    fprintf(stderr, "roofline: %s\n", w.s);
    exit(2);
}

int
main(int argc, char **argv)
{
    static const char *const name[] = { "auto", "fp32", "bf16" };
    int steps = argc > 2 ? atoi(argv[2]) : 60;
    struct sbuf text = { 0 };
    struct why w;

    if (argc < 2 || fsx_read("-", &text, (size_t)1 << 32, &w) < 0)
        return 2;
    for (int p = FFN_FP32; p <= FFN_BF16; p++) {
        struct result r;
        if (p == FFN_BF16 && !kern_low())
            break;
        r.step = run(&r, argv[1], &text, 512, 1, (enum ffn_precision)p, steps);
        r.busiest =
            run(NULL, argv[1], &text, 1024, 2, (enum ffn_precision)p, steps);
        printf("%s\t%.0f\t%.1f\t%.1f\t%.0f\t%.0f\t%.2f\n", name[p],
               512 / r.step, 1e-9 * r.flops / r.products,
               1e-9 * r.flops / r.alone, 100 * r.alone / r.products,
               100 * (1 - r.products / r.step), 2 * r.step / r.busiest);
    }
    return 0;
}
