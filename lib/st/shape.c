#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "st/shape.h"

int
shape_settle(struct shape *s, struct why *w)
{
    s->count = 1;
    for (int i = 0; i < s->ndim; i++) {
        if (s->dim[i] && s->count > SHAPE_MOST / s->dim[i])
            return why_set(w, "more than %zu elements", SHAPE_MOST);
        s->count *= s->dim[i];
    }
    return 0;
}

static const char *
skip_space(const char *p)
{
    return p + strspn(p, " \t\r\n");
}

int
shape_parse(struct shape *s, const char *text, struct why *w)
{
    const char *p = skip_space(text);
    char *end;

    *s = (struct shape){ 0 };
    if (*p++ != '[')
        goto bad;
    p = skip_space(p);
    while (*p != ']') {
        if (s->ndim == SHAPE_MAX)
            return why_set(w, "more than %d dimensions", SHAPE_MAX);
        if (*p < '0' || *p > '9' || (*p == '0' && p[1] >= '0' && p[1] <= '9'))
            goto bad;
        errno = 0;
        s->dim[s->ndim++] = strtoull(p, &end, 10);
        if (errno)
            goto bad;
        p = skip_space(end);
        if (*p == ',' && *skip_space(p + 1) != ']')
            p = skip_space(p + 1);
        else if (*p != ']')
            goto bad;
    }
    if (*skip_space(p + 1))
        goto bad;
    return shape_settle(s, w);
bad:
    return why_set(w, "not a list of dimensions such as [2, 3]");
}

void
shape_text(const struct shape *s, struct sbuf *b)
{
    sbuf_adds(b, "[");
    for (int i = 0; i < s->ndim; i++)
        sbuf_addf(b, "%s%zu", i ? ", " : "", s->dim[i]);
    sbuf_adds(b, "]");
}

int
shape_same(const struct shape *a, const struct shape *b)
{
    return a->ndim == b->ndim &&
           memcmp(a->dim, b->dim, (size_t)a->ndim * sizeof *a->dim) == 0;
}

void
shape_coords(const struct shape *s, size_t i, size_t *at)
{
    for (int d = s->ndim; d-- > 0; i /= s->dim[d])
        at[d] = i % s->dim[d];
}

size_t
shape_index(const struct shape *s, const size_t *at)
{
    size_t i = 0;

    for (int d = 0; d < s->ndim; d++)
        i = i * s->dim[d] + at[d];
    return i;
}

int
shape_parse_coords(const struct shape *s, const char *text, size_t *i,
                   struct why *w)
{
    size_t at[SHAPE_MAX];
    const char *p = text;
    char *end;

    for (int d = 0; d < s->ndim; d++) {
        long long v;
        const char *digit = p + (*p == '-');
        errno = 0;
        v = strtoll(p, &end, 10);
        if (*digit < '0' || *digit > '9' || errno || (*end && *end != ','))
            return why_set(w, "not coordinates such as 0,2");
        if (!s->dim[d])
            return why_set(w, "dimension %d is empty", d);
        if (v < 0)
            v += (long long)s->dim[d];
        if (v < 0 || (size_t)v >= s->dim[d])
            return why_set(w, "coordinate %d is outside 0 to %lld", d,
                           (long long)s->dim[d] - 1);
        at[d] = (size_t)v;
        if ((*end == ',') != (d + 1 < s->ndim))
            return why_set(w, "%d coordinates are needed", s->ndim);
        p = end + (*end == ',');
    }
    if (*p)
        return why_set(w, "%d coordinates are needed", s->ndim);
    *i = shape_index(s, at);
    return 0;
}

void
shape_coords_text(const struct shape *s, size_t i, struct sbuf *b)
{
    size_t at[SHAPE_MAX];

    shape_coords(s, i, at);
    for (int d = 0; d < s->ndim; d++)
        sbuf_addf(b, "%s%zu", d ? "," : "", at[d]);
}
