#include "st/fit.h"

int
fit_shapes(const char *a, const struct shape *as, const char *b,
           const struct shape *bs, struct why *w)
{
    struct sbuf x = { 0 }, y = { 0 };

    if (shape_same(as, bs))
        return 0;
    shape_text(as, &x);
    shape_text(bs, &y);
    if (x.failed || y.failed)
        why_set(w, "%s and %s: shapes differ", a, b);
    else
        why_set(w, "%s %s and %s %s: shapes differ", a, x.s, b, y.s);
    sbuf_free(&x);
    sbuf_free(&y);
    return -1;
}

int
fit_axis(const char *name, int ndim, long axis, int *to, struct why *w)
{
    if (ndim == 0)
        return why_set(w, "%s: a scalar has no axis", name);
    if (axis < -ndim || axis >= ndim)
        return why_set(w, "%s: axis %ld is outside %d to %d", name, axis, -ndim,
                       ndim - 1);
    *to = (int)(axis < 0 ? axis + ndim : axis);
    return 0;
}

size_t
fit_inner(const struct shape *s, int axis)
{
    size_t n = 1;

    for (int d = axis + 1; d < s->ndim; d++)
        n *= s->dim[d];
    return n;
}

size_t
fit_along(size_t r, size_t inner, size_t n, size_t k)
{
    return (r / inner * n + k) * inner + r % inner;
}

int
fit_drop(struct shape *to, const struct shape *s, int axis, struct why *w)
{
    *to = (struct shape){ 0 };
    for (int d = 0; d < s->ndim; d++)
        if (d != axis)
            to->dim[to->ndim++] = s->dim[d];
    return shape_settle(to, w);
}

int
fit_add(struct shape *to, const struct shape *s, int axis, size_t n,
        struct why *w)
{
    if (s->ndim == SHAPE_MAX)
        return why_set(w, "more than %d dimensions", SHAPE_MAX);
    *to = (struct shape){ 0 };
    for (int d = 0; d <= s->ndim; d++) {
        if (d == axis)
            to->dim[to->ndim++] = n;
        if (d < s->ndim)
            to->dim[to->ndim++] = s->dim[d];
    }
    return shape_settle(to, w);
}
