/*
 * rej.h - the diffs that did not fit, kept beside a tensor's elements.
 *
 * T/rej is a tensor of the same shape as T, so that all tools read it; an
 * element is the diff that the same element of T last refused. It is made
 * when the first diff is kept.
 */
#ifndef LU_REJ_H
#define LU_REJ_H

#include "st/st.h"

struct rej {
    const struct st *of;
    const char *dir; /* where T is; a new tensor has no name yet */
    struct st t;     /* closed until needed */
};

void rej_init(struct rej *r, const struct st *of, const char *dir);

/* Keep the diff that element i refused. */
int rej_keep(struct rej *r, size_t i, const void *diff, size_t len,
             struct why *w);

/* Element i took its diff: forget an older one. */
int rej_drop(struct rej *r, size_t i, struct why *w);
void rej_close(struct rej *r);

#endif
