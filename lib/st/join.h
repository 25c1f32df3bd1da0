/*
 * join.h - several tensors as one: stacked along a new axis or concatenated
 * along one they have.
 *
 * Tensors are opened one at a time, so any number of them will do.
 */
#ifndef LU_JOIN_H
#define LU_JOIN_H

#include "common/why.h"
#include "st/shape.h"
#include "st/st.h"

struct join {
    char **name; /* owned, from join_add */
    size_t n;
    long axis;
    int stack; /* 1: a new axis; 0: one they have */
    int flags; /* of st_open */

    struct shape shape; /* from join_shape: of the result */
    int at;             /* the axis, counted from the first */
};

/* One more tensor, by its name. 0 or -1: out of memory. */
int join_add(struct join *j, const char *name);

/* Look at all shapes; fails when they do not belong together. */
int join_shape(struct join *j, struct why *w);

int join_copy(const struct join *j, struct st *to, struct why *w);

#endif
