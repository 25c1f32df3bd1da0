/*
 * products - matrix products on the device of LU_DEVICE by LU_GEMM: their
 * speed on squares and on the shapes of a step, as lines of
 *
 *	shape TAB TFLOP/s TAB share of reading and writing each number once
 *
 * The latter's floor takes the bandwidth that a large copy reaches.
 */
#include <err.h>
#include <math.h>
#include <stdio.h>

#include "common/deadline.h"
#include "num/device.h"

enum { ROUNDS = 8 };

static double
copy_rate(const struct kern *k, size_t bytes)
{
    char *from = k->alloc(bytes), *to = k->alloc(bytes);
    double best = INFINITY;

    if (!from || !to)
        errx(2, "out of memory");
    for (int i = 0; i < ROUNDS; i++) {
        double start = deadline_now();
        k->copy(to, from, bytes);
        k->error();
        best = fmin(best, deadline_now() - start);
    }
    k->free(from);
    k->free(to);
    return 2 * (double)bytes / best;
}

static void
measure(const struct kern *k, int tb, int m, int n, int d, double rate)
{
    size_t a = (size_t)m * d, b = (size_t)n * d, c = (size_t)m * n;
    float *x = k->alloc((a + b + c) * sizeof *x);
    double best = INFINITY, floor_;

    if (!x)
        errx(2, "out of memory");
    for (int i = 0; i < ROUNDS; i++) {
        double start = deadline_now();
        k->gemm(0, tb, m, n, d, x, d, x + a, tb ? d : n, 0, x + a + b, n);
        if (k->error())
            errx(2, "%s", k->error());
        best = fmin(best, deadline_now() - start);
    }
    floor_ = (double)(a + b + c) * sizeof *x / rate;
    printf("%dx%dx%d\t%.2f\t%.2f\n", m, n, d, 2e-12 * m * n * d / best,
           floor_ / best);
    k->free(x);
}

int
main(void)
{
    struct device d;
    struct why w;
    double rate;
    int side;

    if (device_open(&d, -1, &w) < 0)
        errx(2, "%s", w.s);
    side = d.k->side * 4;
    rate = copy_rate(d.k, (size_t)d.k->side * (size_t)d.k->side * 64);
    printf("# %s, copies %.0f GB/s\n", d.about, rate / 1e9);
    for (int n = d.k->side / 2; n <= side; n *= 2)
        measure(d.k, 1, n, n, n, rate);
    measure(d.k, 1, 1024, 8192, 1024, rate); /* up, --size xl */
    measure(d.k, 0, 1024, 4096, 1024, rate); /* back through down */
    return 0;
}
