/* peak.c - what the processors could do: the measure of mfu_percent. */
#include <math.h>

#include "common/deadline.h"
#include "num/train.h"

enum { PEAK_ROUNDS = 60 };

struct peak {
    const struct kern *k;
    float *block; /* three squares a member */
};

static void
square_product(void *ctx, int index, int members)
{
    const struct peak *p = ctx;
    const int n = p->k->side;
    float *a = p->block + (size_t)index * 3 * (size_t)n * (size_t)n;

    (void)members;
    p->k->gemm(0, 1, n, n, n, a, n, a + n * n, n, 0, a + 2 * n * n, n);
    p->k->error(); /* a device may not have done it yet */
}

double
train_peak(struct team *team, const struct kern *k)
{
    size_t square = (size_t)k->side * (size_t)k->side;
    struct peak p = { k, k->alloc(3 * square * (size_t)team_size(team) *
                                  sizeof *p.block) };
    double best = INFINITY, side = k->side;

    for (int i = 0; p.block && i < PEAK_ROUNDS; i++) {
        double from = deadline_now();
        team_run(team, square_product, &p);
        best = fmin(best, deadline_now() - from);
    }
    k->free(p.block);
    return 2 * side * side * side * team_size(team) / best;
}
