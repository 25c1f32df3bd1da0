#include <math.h>
#include <stdlib.h>

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

int
retrieve(struct exptab *e, const struct retrieve *how, struct question *q,
         size_t n, size_t *rows, struct why *w)
{
    int bad = 0;

    *rows = 0;
    for (size_t i = 0; i < n; i++) {
        q[i].top = (struct topk){ 0 };
        q[i].score = NULL;
    }
    for (size_t i = 0; i < n && !bad; i++)
        bad = start(e, how, &q[i], w);
    bad = bad || scan(e, how, q, n, rows, w);
    for (size_t i = 0; i < n; i++) {
        if (!bad && q[i].score)
            add_noise(e, how, &q[i], *rows);
        free(q[i].score);
        q[i].score = NULL;
        if (bad)
            topk_free(&q[i].top);
        else
            topk_finish(&q[i].top);
    }
    return bad ? -1 : 0;
}
