/*
 * merge.h - the elements along an axis as frames of one text, and back.
 */
#ifndef LU_MERGE_H
#define LU_MERGE_H

#include "common/why.h"
#include "st/st.h"

struct merge {
    int axis;  /* of the tensor with more dimensions */
    size_t n;  /* its length */
    int exact; /* 1: coefficients as they are, not rounded to bfloat16 */
};

/* Element r of to from those of from along m->axis. Absent ones and those
 * with coefficient 0 are left out; where none is left, so is r. */
int merge_put(const struct merge *m, struct st *to, size_t r, struct st *from,
              struct why *w);

/* The largest index of a frame in t, plus one, in *n. */
int merge_length(const struct st *t, size_t *n, struct why *w);

/* The frames of element r of from as elements of to. */
int merge_take(const struct merge *m, struct st *to, struct st *from, size_t r,
               struct why *w);

/*
 * The gradient of merging: from was made by merging orig and then improved.
 * Elements of to become diffs from those of orig to the frames of from, with
 * the frames' coefficients; absent where neither changed. The frames must be
 * those that merging writes.
 */
int merge_grad(const struct merge *m, struct st *to, struct st *from, size_t r,
               struct st *orig, struct why *w);

#endif
