#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "st/slice.h"

static const char *
skip_space(const char *p)
{
    return p + strspn(p, " \t\n");
}

/* A whole number at *p, which moves past it and the space around it. */
static int
number(const char **p, long long *n)
{
    char *end;

    errno = 0;
    *n = strtoll(*p, &end, 10);
    if (end == *p || errno)
        return -1;
    *p = skip_space(end);
    return 0;
}

/* The same, as a coordinate of dimension d. */
static int
coordinate(const char **p, const struct shape *from, int d, long long *n,
           struct why *w)
{
    long long dim = (long long)from->dim[d], given;

    if (number(p, &given) < 0)
        return why_set(w, "not a number, a range or a list at '%.20s'", *p);
    *n = given < 0 ? given + dim : given;
    if (*n < 0 || *n >= dim)
        return why_set(w, "index %lld is out of range for dimension %d of %lld",
                       given, d, dim);
    return 0;
}

static size_t *
at_least(size_t *list, size_t n)
{
    return n & (n - 1) && n ? list
                            : realloc(list, (n ? 2 * n : 1) * sizeof *list);
}

/* "[1,1,0]"; *n is its length. */
static int
list(const char **p, const struct shape *from, int d, struct slice_pick *pick,
     size_t *n, struct why *w)
{
    long long at;
    size_t *more;

    if (!(pick->list = malloc(sizeof *pick->list)))
        return why_set(w, "out of memory");
    *n = 0;
    *p = skip_space(*p + 1);
    while (**p != ']') {
        if (coordinate(p, from, d, &at, w) < 0)
            return -1;
        if (!(more = at_least(pick->list, *n)))
            return why_set(w, "out of memory");
        pick->list = more;
        pick->list[(*n)++] = (size_t)at;
        if (**p == ',')
            *p = skip_space(*p + 1);
        else if (**p != ']')
            return why_set(w, "a list such as [1,1,0] has no end");
    }
    *p = skip_space(*p + 1);
    return 0;
}

/* Python's rule for one end of a range: from the end, then cut off. */
static long long
clamp(long long n, long long dim, int back)
{
    if (n < 0)
        n += dim;
    if (n < -back)
        return -back;
    return n > dim - back ? dim - back : n;
}

/* "start:stop:step", each of them optional; *n is how many there are. */
static int
range(const char **p, long long dim, struct slice_pick *pick, size_t *n,
      struct why *w)
{
    long long end[3] = { 0, 0, 1 };
    int given[3] = { 0 }, k = 0, back;

    for (;; k++) {
        if (**p != ':' && **p != ',' && **p) {
            if (number(p, &end[k]) < 0)
                return why_set(w, "not a range such as 0:3 at '%.20s'", *p);
            given[k] = 1;
        }
        if (**p != ':' || k == 2)
            break;
        *p = skip_space(*p + 1);
    }
    if (end[2] == 0)
        return why_set(w, "the step of a range is 0");
    back = end[2] < 0;
    end[0] = given[0] ? clamp(end[0], dim, back) : back ? dim - 1 : 0;
    end[1] = given[1] ? clamp(end[1], dim, back) : back ? -1 : dim;
    pick->start = end[0];
    /* A step past either end is as good as one just past it. */
    pick->step = end[2] > dim ? dim + 1 : end[2] < -dim ? -dim - 1 : end[2];
    if (back)
        *n = end[0] > end[1] ? (size_t)((end[0] - end[1] - 1) / -pick->step + 1)
                             : 0;
    else
        *n = end[1] > end[0] ? (size_t)((end[1] - end[0] - 1) / pick->step + 1)
                             : 0;
    return 0;
}

/* How many items there are outside brackets, "..." not counted. */
static int
count_items(const char *text, int *dots)
{
    int n = 0, depth = 0;

    *dots = 0;
    if (!*skip_space(text))
        return 0;
    for (const char *p = text; *p; p++) {
        depth += (*p == '[') - (*p == ']');
        n += *p == ',' && depth == 0;
        if (strncmp(p, "...", 3) == 0) {
            ++*dots;
            p += 2;
        }
    }
    return n + 1 - *dots;
}

/* One item at *p for dimension d. */
static int
item(struct slice *s, const char **p, int d, struct why *w)
{
    struct slice_pick *pick = &s->pick[d];
    long long dim = (long long)s->from.dim[d];
    size_t n = 0;

    if (**p == '[') {
        if (list(p, &s->from, d, pick, &n, w) < 0)
            return -1;
    } else if (strcspn(*p, ":") < strcspn(*p, ",")) {
        if (range(p, dim, pick, &n, w) < 0)
            return -1;
    } else {
        if (coordinate(p, &s->from, d, &pick->start, w) < 0)
            return -1;
        pick->gone = 1;
    }
    if (!pick->gone)
        s->shape.dim[s->shape.ndim++] = n;
    return 0;
}

static void
whole(struct slice *s, int d)
{
    s->pick[d].step = 1;
    s->shape.dim[s->shape.ndim++] = s->from.dim[d];
}

static int
parse(struct slice *s, const char *text, struct why *w)
{
    const char *p = skip_space(text);
    int dots, items = count_items(text, &dots), d = 0;
    int missing = s->from.ndim - items;

    if (dots > 1)
        return why_set(w, "more than one ...");
    if (missing < 0)
        return why_set(w, "%d indices for %d dimensions", items, s->from.ndim);
    while (*p) {
        if (strncmp(p, "...", 3) == 0) {
            for (; missing; missing--)
                whole(s, d++);
            p = skip_space(p + 3);
        } else if (item(s, &p, d++, w) < 0) {
            return -1;
        }
        if (*p && (*p != ',' || !*(p = skip_space(p + 1))))
            return why_set(w, "not an index at '%.20s'", p);
    }
    while (d < s->from.ndim)
        whole(s, d++);
    return shape_settle(&s->shape, w);
}

int
slice_parse(struct slice *s, const struct shape *from, const char *text,
            struct why *w)
{
    struct why inner;

    *s = (struct slice){ .from = *from };
    if (parse(s, text, &inner) < 0)
        return why_set(w, "%.60s: %.180s", text, inner.s);
    return 0;
}

size_t
slice_source(const struct slice *s, size_t i)
{
    size_t at[SHAPE_MAX], from[SHAPE_MAX];
    int k = 0;

    shape_coords(&s->shape, i, at);
    for (int d = 0; d < s->from.ndim; d++) {
        const struct slice_pick *p = &s->pick[d];
        long long n = p->gone ? 0 : (long long)at[k++];

        from[d] = p->list ? p->list[n] : (size_t)(p->start + n * p->step);
    }
    return shape_index(&s->from, from);
}

void
slice_free(struct slice *s)
{
    for (int d = 0; d < SHAPE_MAX; d++) {
        free(s->pick[d].list);
        s->pick[d].list = NULL;
    }
}
