/*
 * st-sgd - take a step along a gradient of texts
 *
 * An experience is a tensor of rows of query, key and value. A row learns
 * both or nothing: its key and its value take their diffs together.
 */
#include <err.h>
#include <math.h>
#include <stdio.h>

#include "common/exitcode.h"
#include "common/opt.h"
#include "common/out.h"
#include "st/amend.h"
#include "st/edit.h"
#include "st/keywords.h"
#include "st/pair.h"

enum { QUERY, KEY, VALUE, WIDTH };

static int batch, bf16, dry, follow, json, no_header, verbose, zero;
static double lr = 0.01;
static long fuzz = PATCH_FUZZ;
static const char *query;
static const struct opt opts[] = {
    { 'b', "bf16", OPT_FLAG, &bf16, NULL, "round coefficients to bfloat16" },
    { 'F', "fuzz", OPT_INT, &fuzz, "n",
      "lines of context that may be wrong at either end of a hunk (1)", 0,
      1000 },
    { 'f', "follow", OPT_FLAG, &follow, NULL,
      "read through links that leave the store" },
    { 'j', "json", OPT_FLAG, &json, NULL, "write JSON lines, not TSV" },
    { 'l', "lr", OPT_NUM, &lr, "x", "learning rate of coefficients (0.01)", 0,
      HUGE_VAL },
    { 'N', "no-header", OPT_FLAG, &no_header, NULL, "no header line" },
    { 'n', "dry-run", OPT_FLAG, &dry, NULL, "write nothing, only count" },
    { 'Q', "query", OPT_STR, &query, "file",
      "a table of new keywords for the rows that learn" },
    { 'v', "verbose", OPT_FLAG, &verbose, NULL,
      "say on stderr what became of each diff" },
    { 'z', "zero", OPT_FLAG, &zero, NULL,
      "only reset the gradient, to TODO with coefficient 0" },
    { 0, "batch", OPT_FLAG, &batch, NULL,
      "write through to the disk only at the end" },
    { 0 },
};
static const int exits[] = { X_YES, X_NO, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-bfjNnvz] [-F n] [-l x] [-Q file] [--batch] experience "
             "[gradient]",
    .what = "take a step along a gradient of texts",
    .opts = opts,
    .exits = exits,
    .examples = "  st-sgd --lr 0.1 exp exp/grad\n"
                "  st-sgd --zero exp\n",
};

static _Noreturn void
fail(const struct why *w)
{
    errx(X_FAIL, "%s", w->s);
}

static double
rounded(double x)
{
    return bf16 ? edit_bf16(x) : x;
}

/*
 * p = (1 - lr) p + lr g for element i. An absent element has no coefficient,
 * and one that is there keeps the one it has rather than get 0, which would
 * make it unread.
 */
static void
step_coeff(struct pair *p, size_t i)
{
    struct st_cell c;
    double x, g;
    struct why w;

    if (st_stat(&p->a, i, &c, &w) < 0 || st_get_coeff(&p->b, i, &g, &w) < 0)
        fail(&w);
    if (c.size < 0 || dry)
        return;
    x = rounded(rounded(rounded(1 - lr) * c.coeff) + rounded(lr * g));
    if (x != 0 && x != c.coeff && st_set_coeff(&p->a, i, x, &w) < 0)
        fail(&w);
}

static void
report(struct out *o, const struct st *t, const struct amended *a)
{
    struct sbuf at = { 0 };

    shape_coords_text(&t->shape, a->i, &at);
    out_str(o, at.s ? at.s : "");
    out_str(o, patch_status_name(a->p.status));
    out_str(o, a->p.reason.s[0] ? a->p.reason.s : NULL);
    sbuf_free(&at);
}

/* A partner was rejected: leave this one as it is. */
static void
hold(struct amended *a)
{
    if (a->p.status != PATCH_APPLIED && a->p.status != PATCH_FUZZED)
        return;
    a->p.status = PATCH_SKIPPED;
    why_set(&a->p.reason, "the other half of the row was rejected");
}

/* Patch key and value of the row that begins at element i; whether it
 * learned. */
static int
step_texts(struct amend *m, size_t i, struct out *o, struct amended half[2])
{
    struct why w;

    for (int k = 0; k < 2; k++)
        if (amend_try(m, i + KEY + (size_t)k, &half[k], &w) < 0)
            fail(&w);
    if (half[0].p.status == PATCH_REJECTED ||
        half[1].p.status == PATCH_REJECTED) {
        hold(&half[0]);
        hold(&half[1]);
    }
    for (int k = 0; k < 2; k++) {
        if (amend_commit(m, &half[k], &w) < 0)
            fail(&w);
        if (verbose)
            report(o, m->to, &half[k]);
    }
    return half[0].p.status != PATCH_REJECTED &&
           half[1].p.status != PATCH_REJECTED;
}

static void
set_query(struct st *t, size_t i, const struct keywords *words)
{
    struct sbuf text = { 0 };
    double coeff;
    struct why w;

    if (!keywords_of(words, i / WIDTH, &text) || dry)
        return;
    if (text.failed)
        errx(X_FAIL, "%s: out of memory", query);
    if (st_get_coeff(t, i, &coeff, &w) < 0 ||
        st_write(t, i, text.s, text.len, coeff != 0 ? coeff : 1, &w) < 0)
        fail(&w);
    sbuf_free(&text);
}

/* Does any element of the row have a gradient? */
static int
has_gradient(struct st *grad, size_t i)
{
    struct why w;
    double g;

    for (size_t k = 0; k < WIDTH; k++) {
        if (st_get_coeff(grad, i + k, &g, &w) < 0)
            fail(&w);
        if (g != 0)
            return 1;
    }
    return 0;
}

static void
step(struct pair *p, struct amend *m, const struct keywords *words)
{
    static const char *const cols[] = { "coords", "status", "reason", NULL };
    struct out o = { .fp = stderr,
                     .form = json ? OUT_JSON : OUT_TSV,
                     .cols = cols,
                     .no_header = no_header };
    struct amended half[2] = { { 0 }, { 0 } };
    struct why w;

    for (size_t i = 0; i < p->a.shape.count; i += WIDTH) {
        for (size_t k = 0; k < WIDTH && !dry; k++)
            if (st_lock(&p->a, i + k, &w) < 0)
                fail(&w);
        if (has_gradient(&p->b, i) && step_texts(m, i, &o, half))
            set_query(&p->a, i, words);
        for (size_t k = 0; k < WIDTH; k++) {
            step_coeff(p, i + k);
            if (!dry)
                st_unlock(&p->a, i + k);
        }
    }
    amended_free(&half[0]);
    amended_free(&half[1]);
}

/* Coefficients first: a reader must not take TODO for a gradient. */
static void
reset(struct st *grad)
{
    struct why w;

    grad->flags |= ST_NOSYNC;
    for (size_t i = 0; i < grad->shape.count; i++) {
        if (st_lock(grad, i, &w) < 0 || st_set_coeff(grad, i, 0, &w) < 0 ||
            st_write(grad, i, "TODO", 4, 0, &w) < 0)
            fail(&w);
        st_unlock(grad, i);
    }
    if (st_sync(grad, &w) < 0)
        fail(&w);
}

/* Open both tensors; the gradient is experience/grad when it is not named. */
static void
open_both(struct pair *p, char **name, int n)
{
    struct sbuf grad = { 0 };
    int read = follow ? ST_FOLLOW : 0, write = dry ? read : read | ST_WRITE;
    struct why w;

    sbuf_addf(&grad, "%s/grad", name[0]);
    if (pair_open(p, name[0], zero ? read : write, n > 1 ? name[1] : grad.s,
                  zero ? write : read, &w) < 0)
        fail(&w);
    if (!p->a.shape.ndim || p->a.shape.dim[p->a.shape.ndim - 1] != WIDTH) {
        struct sbuf have = { 0 };
        shape_text(&p->a.shape, &have);
        errx(X_FAIL, "%s: shape %s: not rows of query, key and value", name[0],
             have.s);
    }
    sbuf_free(&grad);
}

int
main(int argc, char *argv[])
{
    int first = opt_parse(argc, argv, &tool), n = argc - first;
    struct out o = { .fp = stdout, .form = OUT_TSV, .cols = amend_cols };
    struct keywords words = { 0 };
    struct amend m;
    struct pair p;
    struct why w;

    if (n < 1 || n > 2 || (zero && (query || dry)))
        opt_usage();
    open_both(&p, argv + first, n);
    if (zero) {
        reset(&p.b);
        pair_close(&p);
        return X_YES;
    }
    if (query && keywords_read(&words, query, &p.a.shape, &w) < 0)
        fail(&w);
    amend_init(&m, &p.a, &p.b, &p.a, argv[first]);
    m.fuzz = (int)fuzz;
    m.dry = dry;
    p.a.flags |= batch ? ST_NOSYNC : ST_LATER;
    step(&p, &m, &words);
    amend_close(&m);
    if (!dry && st_sync(&p.a, &w) < 0)
        fail(&w);
    pair_close(&p);
    keywords_free(&words);
    o.form = json ? OUT_JSON : OUT_TSV;
    o.no_header = no_header;
    amend_print(&m, &o);
    out_close(&o);
    return m.rejected ? X_NO : X_YES;
}
