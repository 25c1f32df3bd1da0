#include <stdlib.h>
#include <string.h>

#include "st/cell.h"
#include "st/fit.h"
#include "st/join.h"

int
join_add(struct join *j, const char *name)
{
    char **more = realloc(j->name, (j->n + 1) * sizeof *more);

    if (!more)
        return -1;
    j->name = more;
    return (more[j->n++] = strdup(name)) ? 0 : -1;
}

static int
shape_of(const struct join *j, size_t k, struct shape *s, struct why *w)
{
    struct st t;

    if (st_open(&t, j->name[k], j->flags, w) < 0)
        return -1;
    *s = t.shape;
    st_close(&t);
    return 0;
}

int
join_shape(struct join *j, struct why *w)
{
    struct shape first, s;
    size_t length = 0;

    if (!j->n)
        return why_set(w, "no tensors to join");
    if (shape_of(j, 0, &first, w) < 0 ||
        fit_axis(j->name[0], first.ndim + j->stack, j->axis, &j->at, w) < 0)
        return -1;
    for (size_t k = 0; k < j->n; k++) {
        struct shape alike;

        if (shape_of(j, k, &s, w) < 0)
            return -1;
        alike = s;
        if (!j->stack && s.ndim == first.ndim) {
            length += s.dim[j->at];
            alike.dim[j->at] = first.dim[j->at];
        }
        if (!shape_same(&first, &alike))
            return fit_shapes(j->name[0], &first, j->name[k], &s, w);
    }
    if (j->stack)
        return fit_add(&j->shape, &first, j->at, j->n, w);
    j->shape = first;
    j->shape.dim[j->at] = length;
    return shape_settle(&j->shape, w);
}

int
join_copy(const struct join *j, struct st *to, struct why *w)
{
    size_t offset = 0,
           whole = fit_inner(&j->shape, j->at) * j->shape.dim[j->at];

    for (size_t k = 0; k < j->n; k++) {
        struct st from;
        size_t part;
        int bad = 0;

        if (st_open(&from, j->name[k], j->flags, w) < 0)
            return -1;
        part = fit_inner(&j->shape, j->at) *
               (j->stack ? 1 : from.shape.dim[j->at]);
        for (size_t i = 0; !bad && i < from.shape.count; i++)
            bad = cell_copy(to, i / part * whole + offset + i % part, &from, i,
                            w) < 0;
        st_close(&from);
        if (bad)
            return -1;
        offset += part;
    }
    return 0;
}
