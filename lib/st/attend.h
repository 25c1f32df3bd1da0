/*
 * attend.h - which tokens see which, and the texts they see.
 *
 * Tokens are a tensor [b, s]: b sequences of s. A mask is a tensor [b, s, s];
 * element b,i,j has coefficient 1 when token i sees token j, and 0 otherwise.
 */
#ifndef LU_ATTEND_H
#define LU_ATTEND_H

#include "common/why.h"
#include "st/shape.h"
#include "st/st.h"

struct attend {
    struct st *tokens;
    struct st *mask; /* NULL: causal, j <= i where token i is there */
    int view;        /* attend_slice: link, do not copy */
};

/* Do tokens and mask have shapes that belong together? *cube is [b, s, s]. */
int attend_check(const struct attend *a, struct shape *cube, struct why *w);

/* Each makes all elements of to. */
int attend_mask(const struct attend *a, struct st *to, struct why *w);
int attend_slice(const struct attend *a, struct st *to, struct why *w);

/* [b, s]: what a token sees, as frames or (concat) joined by newlines. */
int attend_merge(const struct attend *a, struct st *to, int concat,
                 struct why *w);

/* [b, s]: the numbers of the gradient grad [b, s, s] of attend_slice, taken
 * back to the tokens: the mean over all i of grad * mask, as coefficients of
 * empty texts. */
int attend_grad(const struct attend *a, struct st *to, struct st *grad,
                struct why *w);

#endif
