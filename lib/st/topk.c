#include <stdlib.h>
#include <string.h>

#include "st/topk.h"

enum { DIGITS = 24 };

int
topk_init(struct topk *t, size_t k, size_t rows, const struct shape *paths)
{
    *t = (struct topk){ .k = k < rows ? k : rows, .paths = paths };
    t->hit = calloc(t->k + 1, sizeof *t->hit);
    return t->hit ? 0 : -1;
}

/* n in decimal, at the end of s. */
static const char *
decimal(size_t n, char s[DIGITS])
{
    char *p = &s[DIGITS - 1];

    *p = '\0';
    do
        *--p = (char)('0' + n % 10);
    while (n /= 10);
    return p;
}

/* 1 when row a comes before row b by the names of their directories. */
static int
path_before(const struct shape *s, size_t a, size_t b)
{
    size_t x[SHAPE_MAX], y[SHAPE_MAX];
    size_t last = s->dim[s->ndim - 1];
    char dx[DIGITS], dy[DIGITS];

    shape_coords(s, a * last, x);
    shape_coords(s, b * last, y);
    for (int d = 0; d < s->ndim; d++)
        if (x[d] != y[d])
            return strcmp(decimal(x[d], dx), decimal(y[d], dy)) < 0;
    return 0;
}

static int
better(const struct topk *t, const struct hit *a, const struct hit *b)
{
    if (a->score > b->score || a->score < b->score)
        return a->score > b->score;
    return t->paths ? path_before(t->paths, a->row, b->row) : a->row < b->row;
}

/* hit[0 .. n) is a heap with the worst on top; x sinks in from position i. */
static void
sink(struct topk *t, size_t i, size_t n, struct hit x)
{
    for (size_t c; (c = 2 * i + 1) < n; i = c) {
        if (c + 1 < n && better(t, &t->hit[c], &t->hit[c + 1]))
            c++;
        if (!better(t, &x, &t->hit[c]))
            break;
        t->hit[i] = t->hit[c];
    }
    t->hit[i] = x;
}

int
topk_wants(const struct topk *t, size_t row, double score)
{
    struct hit x = { row, score };

    return t->n < t->k || (t->k && better(t, &x, &t->hit[0]));
}

void
topk_offer(struct topk *t, size_t row, double score)
{
    struct hit x = { row, score };
    size_t i;

    if (t->n == t->k) {
        if (t->k && better(t, &x, &t->hit[0]))
            sink(t, 0, t->n, x);
        return;
    }
    for (i = t->n++; i && better(t, &t->hit[(i - 1) / 2], &x); i = (i - 1) / 2)
        t->hit[i] = t->hit[(i - 1) / 2];
    t->hit[i] = x;
}

void
topk_finish(struct topk *t)
{
    for (size_t n = t->n; n-- > 1;) {
        struct hit worst = t->hit[0];
        sink(t, 0, n, t->hit[n]);
        t->hit[n] = worst;
    }
}

void
topk_free(struct topk *t)
{
    free(t->hit);
    *t = (struct topk){ 0 };
}
