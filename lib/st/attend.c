#include <stdlib.h>

#include "st/attend.h"
#include "st/cell.h"
#include "st/fit.h"
#include "st/frame.h"

int
attend_check(const struct attend *a, struct shape *cube, struct why *w)
{
    const struct shape *s = &a->tokens->shape;
    struct sbuf text = { 0 };

    if (s->ndim != 2) {
        shape_text(s, &text);
        why_set(w, "%s: %s: tokens have the shape [batch, length]",
                a->tokens->name, text.failed ? "" : text.s);
        sbuf_free(&text);
        return -1;
    }
    *cube =
        (struct shape){ .ndim = 3, .dim = { s->dim[0], s->dim[1], s->dim[1] } };
    if (shape_settle(cube, w) < 0)
        return -1;
    return a->mask
               ? fit_shapes(a->mask->name, &a->mask->shape, "a mask", cube, w)
               : 0;
}

/* Does token i of sequence b see token j? 1, 0 or -1. */
static int
sees(const struct attend *a, size_t b, size_t i, size_t j, struct why *w)
{
    size_t n = a->tokens->shape.dim[1], at = b * n + i;
    struct sbuf name = { 0 };
    double coeff;

    if (!a->mask && j > i)
        return 0;
    if (!a->mask)
        return st_get_coeff(a->tokens, at, &coeff, w) < 0 ? -1 : coeff != 0;
    at = at * n + j;
    if (st_get_coeff(a->mask, at, &coeff, w) < 0)
        return -1;
    if (coeff == 0 || coeff == 1)
        return coeff == 1;
    st_name(a->mask, at, &name);
    why_set(w, "%s: coefficient %.9g: a mask is made of 0 and 1",
            name.failed ? a->mask->name : name.s, coeff);
    sbuf_free(&name);
    return -1;
}

/* Call fn for each pair that sees, in order. */
static int
each_pair(const struct attend *a, struct st *to,
          int (*fn)(const struct attend *, struct st *, size_t, size_t,
                    struct why *),
          struct why *w)
{
    const size_t *dim = a->tokens->shape.dim;
    int yes;

    for (size_t b = 0; b < dim[0]; b++)
        for (size_t i = 0; i < dim[1]; i++)
            for (size_t j = 0; j < dim[1]; j++) {
                size_t at = b * dim[1] + i;
                if ((yes = sees(a, b, i, j, w)) < 0 ||
                    (yes && fn(a, to, at * dim[1] + j, b * dim[1] + j, w) < 0))
                    return -1;
            }
    return 0;
}

static int
put_one(const struct attend *a, struct st *to, size_t at, size_t token,
        struct why *w)
{
    (void)a, (void)token;
    return st_write(to, at, "1", 1, 1, w);
}

int
attend_mask(const struct attend *a, struct st *to, struct why *w)
{
    return each_pair(a, to, put_one, w);
}

static int
put_token(const struct attend *a, struct st *to, size_t at, size_t token,
          struct why *w)
{
    struct st_cell c;

    if ((a->view ? cell_link : cell_copy)(to, at, a->tokens, token, w) < 0 ||
        st_stat(to, at, &c, w) < 0)
        return -1;
    /* The coefficient is the mask's, not the token's. */
    return c.size >= 0 && c.coeff != 1 ? st_set_coeff(to, at, 1, w) : 0;
}

int
attend_slice(const struct attend *a, struct st *to, struct why *w)
{
    return each_pair(a, to, put_token, w);
}

/* The texts of sequence b; there[] tells which there are. */
static int
read_row(struct st *t, size_t b, struct sbuf *text, char *there, struct why *w)
{
    size_t n = t->shape.dim[1];
    int r = 0;

    for (size_t j = 0; r >= 0 && j < n; j++) {
        sbuf_clear(&text[j]);
        r = st_read(t, b * n + j, &text[j], w);
        there[j] = r > 0;
    }
    return r < 0 ? -1 : 0;
}

/* What token i of sequence b sees, in *all; returns how many, or -1. */
static long
gather(const struct attend *a, size_t b, size_t i, const struct sbuf *text,
       const char *there, int concat, struct sbuf *all, struct why *w)
{
    long seen = 0;
    int yes;

    for (size_t j = 0; j < a->tokens->shape.dim[1]; j++) {
        if ((yes = sees(a, b, i, j, w)) < 0)
            return -1;
        if (!yes || !there[j])
            continue;
        if (concat && seen)
            sbuf_adds(all, "\n");
        if (concat)
            sbuf_add(all, text[j].s ? text[j].s : "", text[j].len);
        else
            frame_add(all, j, 1, text[j].s ? text[j].s : "", text[j].len);
        seen++;
    }
    return all->failed ? why_set(w, "out of memory") : seen;
}

static int
merge_row(const struct attend *a, struct st *to, size_t b,
          const struct sbuf *text, const char *there, int concat, struct why *w)
{
    size_t n = a->tokens->shape.dim[1];
    struct sbuf all = { 0 };
    long seen = 0;

    for (size_t i = 0; seen >= 0 && i < n; i++) {
        sbuf_clear(&all);
        seen = gather(a, b, i, text, there, concat, &all, w);
        if (seen > 0 && st_write(to, b * n + i, all.s ? all.s : "", all.len,
                                 concat ? 1 : frame_bf16((double)seen), w) < 0)
            seen = -1;
    }
    sbuf_free(&all);
    return seen < 0 ? -1 : 0;
}

int
attend_merge(const struct attend *a, struct st *to, int concat, struct why *w)
{
    size_t n = a->tokens->shape.dim[1];
    struct sbuf *text = calloc(n + 1, sizeof *text);
    char *there = calloc(n + 1, 1);
    int bad = !text || !there;

    if (bad)
        why_set(w, "out of memory");
    for (size_t b = 0; !bad && b < a->tokens->shape.dim[0]; b++)
        bad = read_row(a->tokens, b, text, there, w) < 0 ||
              merge_row(a, to, b, text, there, concat, w) < 0;
    for (size_t j = 0; text && j < n; j++)
        sbuf_free(&text[j]);
    free(text);
    free(there);
    return bad ? -1 : 0;
}

int
attend_grad(const struct attend *a, struct st *to, struct st *grad,
            struct why *w)
{
    size_t n = a->tokens->shape.dim[1];

    for (size_t at = 0; at < a->tokens->shape.count; at++) {
        size_t b = at / n, j = at % n;
        double sum = 0, x;

        for (size_t i = 0; i < n; i++) {
            int yes = sees(a, b, i, j, w);
            if (yes < 0 ||
                (yes && st_get_coeff(grad, (b * n + i) * n + j, &x, w) < 0))
                return -1;
            sum += yes ? x : 0;
        }
        if (sum != 0 && st_write(to, at, "", 0, sum / (double)n, w) < 0)
            return -1;
    }
    return 0;
}
