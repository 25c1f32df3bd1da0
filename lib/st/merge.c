#include <string.h>

#include "common/run.h"
#include "st/diff.h"
#include "st/fit.h"
#include "st/frame.h"
#include "st/merge.h"

static size_t
along(const struct merge *m, const struct st *t, size_t r, size_t k)
{
    return fit_along(r, fit_inner(&t->shape, m->axis), m->n, k);
}

/* "NAME[1,0]: reason". */
static int
cell_why(const struct st *t, size_t i, const char *reason, struct why *w)
{
    struct sbuf name = { 0 };

    st_name(t, i, &name);
    why_set(w, "%s: %.150s", name.failed ? t->name : name.s, reason);
    sbuf_free(&name);
    return -1;
}

static double
rounded(const struct merge *m, double x)
{
    return m->exact ? x : frame_bf16(x);
}

/* Element i's text and coefficient when merging takes it: 1, 0 or -1. */
static int
taken(const struct merge *m, struct st *t, size_t i, struct sbuf *text,
      double *coeff, struct why *w)
{
    int r;

    sbuf_clear(text);
    if ((r = st_read(t, i, text, w)) <= 0)
        return r;
    if (st_get_coeff(t, i, coeff, w) < 0)
        return -1;
    *coeff = rounded(m, *coeff);
    return *coeff != 0;
}

int
merge_put(const struct merge *m, struct st *to, size_t r, struct st *from,
          struct why *w)
{
    struct sbuf text = { 0 }, all = { 0 };
    double sum = 0, coeff;
    int got = 0;

    for (size_t k = 0; got >= 0 && k < m->n; k++) {
        got = taken(m, from, along(m, from, r, k), &text, &coeff, w);
        if (got > 0) {
            frame_add(&all, k, coeff, text.s ? text.s : "", text.len);
            sum += coeff;
        }
    }
    if (got >= 0 && run_interrupted())
        got = why_set(w, "%s: interrupted", to->name);
    if (got >= 0 && (text.failed || all.failed))
        got = cell_why(to, r, "out of memory", w);
    if (got >= 0 && all.len)
        got = st_write(to, r, all.s, all.len, rounded(m, sum), w);
    sbuf_free(&text);
    sbuf_free(&all);
    return got < 0 ? -1 : 0;
}

/* The frames of element r; an absent one has none. */
static int
frames_of(const struct st *t, size_t r, struct frames *f, struct why *w)
{
    struct sbuf text = { 0 };
    struct why inner;
    int got = st_read(t, r, &text, w);

    *f = (struct frames){ 0 };
    if (got > 0 && frames_parse(f, text.s ? text.s : "", text.len, &inner) < 0)
        got = cell_why(t, r, inner.s, w);
    if (got > 0 && !f->n && text.len && strspn(text.s, " \t\r\n") < text.len)
        got = cell_why(t, r, "not a merged text: it has no frames", w);
    if (got >= 0 && run_interrupted())
        got = cell_why(t, r, "interrupted", w);
    sbuf_free(&text);
    return got < 0 ? -1 : 0;
}

int
merge_length(const struct st *t, size_t *n, struct why *w)
{
    struct frames f;

    *n = 0;
    for (size_t r = 0; r < t->shape.count; r++) {
        if (frames_of(t, r, &f, w) < 0)
            return -1;
        for (size_t i = 0; i < f.n; i++)
            if (f.v[i].index >= *n)
                *n = f.v[i].index + 1;
        frames_free(&f);
    }
    return 0;
}

/* Is frame i of element r where a frame can be, and the first one there? */
static int
check(const struct merge *m, const struct st *t, size_t r,
      const struct frames *f, size_t i, struct why *w)
{
    struct sbuf s = { 0 };
    size_t same = 0;

    while (f->v[same].index != f->v[i].index)
        same++;
    if (same == i && f->v[i].index < m->n)
        return 0;
    if (same < i)
        sbuf_addf(&s, "index %zu comes twice", f->v[i].index);
    else
        sbuf_addf(&s, "index %zu is outside an axis of %zu", f->v[i].index,
                  m->n);
    cell_why(t, r, s.failed ? "out of memory" : s.s, w);
    sbuf_free(&s);
    return -1;
}

int
merge_take(const struct merge *m, struct st *to, struct st *from, size_t r,
           struct why *w)
{
    struct frames f;
    int bad = frames_of(from, r, &f, w);

    for (size_t i = 0; !bad && i < f.n; i++) {
        const struct frame *v = &f.v[i];

        bad = check(m, from, r, &f, i, w) < 0 ||
              st_write(to, along(m, to, r, v->index), v->text, v->len, v->coeff,
                       w) < 0;
    }
    frames_free(&f);
    return bad ? -1 : 0;
}

/* How the frame f and element i of orig differ, as element i of to. */
static int
put_change(const struct merge *m, struct st *to, size_t i, struct st *orig,
           const struct frame *f, struct why *w)
{
    struct sbuf old = { 0 }, diff = { 0 };
    double coeff = 0;
    int got = taken(m, orig, i, &old, &coeff, w), r = -1;

    if (got >= 0)
        r = diff_text(&diff, old.s ? old.s : "", old.len, f->text, f->len,
                      NULL);
    if (got >= 0 && r < 0)
        cell_why(to, i, "out of memory", w);
    /* Only the coefficient was changed: an empty diff carries it. */
    if (r > 0 || (r == 0 && f->coeff != coeff))
        r = st_write(to, i, diff.s ? diff.s : "", diff.len, f->coeff, w);
    sbuf_free(&old);
    sbuf_free(&diff);
    return r < 0 ? -1 : 0;
}

int
merge_grad(const struct merge *m, struct st *to, struct st *from, size_t r,
           struct st *orig, struct why *w)
{
    struct sbuf text = { 0 };
    struct frames f;
    size_t next = 0;
    double coeff;
    int got = frames_of(from, r, &f, w);

    for (size_t k = 0; got >= 0 && k < m->n; k++) {
        size_t i = along(m, orig, r, k);

        if ((got = taken(m, orig, i, &text, &coeff, w)) <= 0)
            continue;
        if (next == f.n || f.v[next].index != k)
            got = cell_why(orig, i, "its frame is missing or not in its place",
                           w);
        else
            got = put_change(m, to, i, orig, &f.v[next++], w);
    }
    if (got >= 0 && next < f.n)
        got = cell_why(from, r, "has frames that merging did not make", w);
    sbuf_free(&text);
    frames_free(&f);
    return got < 0 ? -1 : 0;
}
