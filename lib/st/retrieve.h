/*
 * retrieve.h - the rows of an experience that are most like some queries.
 *
 * A row takes part when its query is there and is not empty. Its score is
 * words_score of the two sets; equal scores are in the order of rows. One pass
 * over the experience answers any number of queries; where the experience has
 * an index (expindex.h), it answers the same without the pass, and is renewed
 * when it no longer fits.
 */
#ifndef LU_RETRIEVE_H
#define LU_RETRIEVE_H

#include <stddef.h>

#include "common/why.h"
#include "st/exptab.h"
#include "st/topk.h"
#include "st/words.h"

struct retrieve {
    enum words_method method;
    size_t k;
    int by_path;      /* ties as paths sort, 0 1 10 2, not as numbers do */
    double threshold; /* the least score of a row, -HUGE_VAL for any */
    /* Noise: a number of mean 0 and variance 1 each time; NULL for none. With
     * it every score gets one of N(m / 4, m / 4 + 0.01), m their mean. */
    double (*normal)(void *ctx);
    void *ctx;
    int scan;  /* leave an index alone */
    int check; /* compare every row with what an index knows of it */
};

/* One question and its answer. */
struct question {
    struct words set;
    struct topk top; /* from retrieve(); topk_free it */
    double *score;   /* private */
};

/* Answer n questions. *rows counts the rows that took part: with none there
 * is nothing to choose from. 0 or -1. */
int retrieve(struct exptab *e, const struct retrieve *how, struct question *q,
             size_t n, size_t *rows, struct why *w);

#endif
