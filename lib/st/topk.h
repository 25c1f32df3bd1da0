/*
 * topk.h - the k best of many rows, with ties in an exact order.
 */
#ifndef LU_TOPK_H
#define LU_TOPK_H

#include <stddef.h>

#include "st/shape.h"

struct hit {
    size_t row;
    double score;
};

struct topk {
    struct hit *hit; /* owned; the best first after topk_finish */
    size_t n, k;
    const struct shape *paths; /* ties as paths sort: 0, 1, 10, 2; NULL: as
                                  numbers do */
};

/* Ready for k rows at most of the tensor of this shape, whose rows are all
 * dimensions but the last. 0, or -1: out of memory. */
int topk_init(struct topk *t, size_t k, size_t rows, const struct shape *paths);

void topk_offer(struct topk *t, size_t row, double score);

/* 1 when topk_offer would take it. */
int topk_wants(const struct topk *t, size_t row, double score);

void topk_finish(struct topk *t);
void topk_free(struct topk *t);

#endif
