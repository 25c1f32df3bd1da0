/*
 * fit.h - do shapes and axes belong together, and the words when they do not.
 */
#ifndef LU_FIT_H
#define LU_FIT_H

#include <stddef.h>

#include "common/why.h"
#include "st/shape.h"

/* "a [2] and b [3]: shapes differ" unless they are equal. */
int fit_shapes(const char *a, const struct shape *as, const char *b,
               const struct shape *bs, struct why *w);

/* An axis of ndim, -ndim to ndim - 1, as 0 to ndim - 1 in *to. */
int fit_axis(const char *name, int ndim, long axis, int *to, struct why *w);

/*
 * Along an axis: a tensor and the same without the axis. "inner" is how many
 * elements lie between neighbours on the axis; n is how long it is. Element r
 * of the smaller one stands for the elements fit_along(r, inner, n, 0 to n - 1)
 * of the larger.
 */
size_t fit_inner(const struct shape *s, int axis);
size_t fit_along(size_t r, size_t inner, size_t n, size_t k);

/* s without the axis; s with an axis of n more, before axis. */
int fit_drop(struct shape *to, const struct shape *s, int axis, struct why *w);
int fit_add(struct shape *to, const struct shape *s, int axis, size_t n,
            struct why *w);

#endif
