#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "st/expindex.h"
#include "st/retrieve.h"

static void
offer(const struct retrieve *how, struct question *q, size_t row, double score)
{
    if (score >= how->threshold)
        topk_offer(&q->top, row, score);
}

/* With noise all scores are needed before any can be compared. */
static void
note(const struct retrieve *how, struct question *q, size_t row, double score)
{
    if (q->score)
        q->score[row] = score;
    else
        offer(how, q, row, score);
}

static int
start(struct exptab *e, const struct retrieve *how, struct question *q,
      struct why *w)
{
    const struct shape *paths = how->by_path ? &e->t->shape : NULL;

    if (topk_init(&q->top, how->k, e->rows, paths) < 0 ||
        (how->normal && !(q->score = malloc((e->rows + 1) * sizeof *q->score))))
        return why_set(w, "%s: out of memory", e->t->name);
    for (size_t r = 0; q->score && r < e->rows; r++)
        q->score[r] = NAN; /* takes no part */
    return 0;
}

static void
add_noise(struct exptab *e, const struct retrieve *how, struct question *q,
          size_t rows)
{
    double sum = 0, mean;

    for (size_t r = 0; r < e->rows; r++)
        sum += isnan(q->score[r]) ? 0 : q->score[r];
    mean = rows ? sum / (double)rows : 0;
    for (size_t r = 0; r < e->rows; r++)
        if (!isnan(q->score[r]))
            offer(how, q, r,
                  q->score[r] + mean / 4 +
                      (mean / 4 + 0.01) * how->normal(how->ctx));
}

/* Score one row against all questions. 1 when it took part; 0; -1. */
static int
one_row(struct exptab *e, const struct retrieve *how, struct words *set,
        size_t row, struct question *q, size_t n, struct why *w)
{
    const char *text;
    size_t len;
    int there = exptab_query(e, row, &text, &len, w);

    if (there <= 0)
        return there;
    if (words_set(set, how->method, text, len) < 0)
        return why_set(w, "%s: out of memory", e->t->name);
    for (size_t i = 0; i < n; i++)
        note(how, &q[i], row,
             words_score(how->method, words_common(&q[i].set, set), q[i].set.n,
                         set->n));
    return 1;
}

static int
scan(struct exptab *e, const struct retrieve *how, struct question *q, size_t n,
     size_t *rows, struct why *w)
{
    struct words set = { 0 };
    int there = 0;

    for (size_t r = 0; r < e->rows && there >= 0; r++)
        if ((there = one_row(e, how, &set, r, q, n, w)) > 0)
            ++*rows;
    words_free(&set);
    return there < 0 ? -1 : 0;
}

static void
finish(struct exptab *e, const struct retrieve *how, struct question *q,
       size_t n, size_t rows)
{
    for (size_t i = 0; i < n; i++) {
        if (q[i].score)
            add_noise(e, how, &q[i], rows);
        topk_finish(&q[i].top);
    }
}

static void
forget(struct question *q, size_t n, int answers)
{
    for (size_t i = 0; i < n; i++) {
        free(q[i].score);
        q[i].score = NULL;
        if (answers)
            topk_free(&q[i].top);
    }
}

struct sink {
    const struct retrieve *how;
    struct question *q;
};

/* A row from the index. 0: no other row of the same score is wanted. */
static int
take(void *ctx, size_t row, double score)
{
    const struct sink *s = ctx;
    int wanted = s->q->score || topk_wants(&s->q->top, row, score);

    if (wanted)
        note(s->how, s->q, row, score);
    return wanted || s->how->by_path;
}

/* Rows that changed since are read, the index answers for the others. 1; 0:
 * it is damaged; -1. */
static int
consult(struct expindex *x, struct exptab *e, const struct retrieve *how,
        struct question *q, size_t n, size_t *rows, struct why *w)
{
    struct words set = { 0 };
    int there = 0, bad = 0;

    *rows = x->h->taking - expindex_gone(x, how->method);
    for (size_t k = 0; k < x->n_changed && there >= 0; k++)
        if ((there = one_row(e, how, &set, x->changed[k], q, n, w)) > 0)
            ++*rows;
    words_free(&set);
    for (size_t i = 0; i < n && there >= 0 && !bad; i++)
        bad = expindex_ask(x, how->method, &q[i].set,
                           how->normal || how->threshold <= 0, take,
                           &(struct sink){ how, &q[i] });
    return there < 0 ? -1 : !bad;
}

/* 1 when the rows that were chosen are still what the index knows. */
static int
confirmed(struct expindex *x, struct exptab *e, const struct question *q,
          size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < q[i].top.n; k++)
            if (!expindex_same(x, e, q[i].top.hit[k].row))
                return 0;
    return 1;
}

static int
start_all(struct exptab *e, const struct retrieve *how, struct question *q,
          size_t n, struct why *w)
{
    int bad = 0;

    for (size_t i = 0; i < n; i++) {
        q[i].top = (struct topk){ 0 };
        q[i].score = NULL;
    }
    for (size_t i = 0; i < n && !bad; i++)
        bad = start(e, how, &q[i], w);
    return bad;
}

enum attempt {
    DONE = 1,
    STALE,   /* no index, or one that no longer fits */
    DAMAGED, /* one whose answer cannot be right */
    DOUBT,   /* a row is not what the index knows: all must be compared */
};

/* One of the above or -1; *worn when a new index would be better. */
static int
attempt(struct exptab *e, const struct retrieve *how, struct question *q,
        size_t n, size_t *rows, int check, int *worn, struct why *w)
{
    struct expindex x;
    int r;

    if (!expindex_open(&x, e, how->method, check))
        return STALE;
    *worn = expindex_worn(&x);
    r = start_all(e, how, q, n, w) ? -1 : consult(&x, e, how, q, n, rows, w);
    if (r > 0) {
        finish(e, how, q, n, *rows);
        r = check || confirmed(&x, e, q, n) ? DONE : DOUBT;
    } else if (r == 0) {
        r = DAMAGED;
    }
    forget(q, n, r != DONE);
    expindex_close(&x);
    return r;
}

/* Make the index anew. One process does it, the others wait and find it done;
 * where it cannot be done, a scan does as well. */
static void
renew(struct exptab *e, enum words_method m, int damaged)
{
    struct expindex x;
    int fine = 0, lock = changes_alone(e->t->dir);

    if (lock < 0)
        return;
    if (!damaged && expindex_open(&x, e, m, 0)) {
        fine = !expindex_worn(&x);
        expindex_close(&x);
    }
    if (!fine)
        expindex_build(e, NULL);
    close(lock);
}

/* 1; 0: no index helps; -1. */
static int
by_index(struct exptab *e, const struct retrieve *how, struct question *q,
         size_t n, size_t *rows, struct why *w)
{
    /* noise is drawn once, so nothing may be in doubt afterwards */
    int check = how->check || how->normal, r = STALE, worn = 0;

    for (int built = 0; built < 2 && expindex_exists(e); built++) {
        r = attempt(e, how, q, n, rows, check, &worn, w);
        if (r == DOUBT)
            r = attempt(e, how, q, n, rows, 1, &worn, w);
        if (r == DONE && worn)
            renew(e, how->method, 0);
        if (r < 0 || r == DONE)
            return r;
        renew(e, how->method, r == DAMAGED);
    }
    return 0;
}

int
retrieve(struct exptab *e, const struct retrieve *how, struct question *q,
         size_t n, size_t *rows, struct why *w)
{
    int r = how->scan ? 0 : by_index(e, how, q, n, rows, w);

    if (r)
        return r < 0 ? -1 : 0;
    *rows = 0;
    exptab_renew(e);
    r = start_all(e, how, q, n, w) || scan(e, how, q, n, rows, w);
    if (!r)
        finish(e, how, q, n, *rows);
    forget(q, n, r);
    return r ? -1 : 0;
}
