#include <math.h>
#include <stdlib.h>

#include "num/bpb.h"

enum { BLOCK = 1024 }; /* positions a forward pass */

struct part {
    double nats;
    size_t right;
};

struct job {
    const struct ffn *f;
    const uint8_t *data;
    size_t targets, context;
    int rolling;
    struct ffn_work *work;
    struct part *part; /* one a block: the sum has one order for any team */
    const struct bpb *b;
};

/* Rows of n positions from `from`, window by window. */
static void
find_rows(const struct job *j, struct ffn_work *k, size_t from, size_t n)
{
    for (size_t done = 0; done < n;) {
        size_t p = from + done, start = p / j->context * j->context;
        size_t len = n - done;
        if (j->rolling) {
            start = p + 1 > j->context ? p + 1 - j->context : 0;
            len = 1;
        } else if (len > start + j->context - p) {
            len = start + j->context - p;
        }
        ngram_rows(&j->f->ngram, k->rows + done, (size_t)k->n, j->data, start,
                   p, len);
        done += len;
    }
}

static void
eval_share(void *ctx, int member, int members)
{
    struct job *j = ctx;
    struct ffn_work *k = &j->work[member];
    size_t blocks = (j->targets + BLOCK - 1) / BLOCK, from, to;

    team_share(blocks, member, members, &from, &to);
    for (size_t first = from; from < to; from++) {
        if (member == 0 && j->b->show) /* the caller's own thread */
            j->b->show(j->b->ctx,
                       (double)(from - first) / (double)(to - first));
        size_t at = from * BLOCK, n = j->targets - at;
        struct part *p = &j->part[from];
        n = n < BLOCK ? n : BLOCK;
        find_rows(j, k, at, n);
        ffn_take_rows(j->f, k, (int)n);
        ffn_forward(j->f, k, j->data + at, (int)n);
        ffn_loss(j->f, k, j->data + at + 1, 1, (int)n, &p->nats, &p->right);
    }
}

static int
run(struct bpb *b, struct job *j, struct team *team, struct why *w)
{
    int members = team_size(team), bad = 0;
    size_t blocks = (j->targets + BLOCK - 1) / BLOCK;

    j->work = calloc((size_t)members, sizeof *j->work);
    j->part = calloc(blocks, sizeof *j->part);
    if (!j->work || !j->part)
        bad = why_set(w, "out of memory");
    for (int i = 0; i < members && !bad; i++)
        bad = ffn_work_open(&j->work[i], j->f, BLOCK, 0, w);
    if (!bad) {
        team_run(team, eval_share, j);
        if (j->f->k->error())
            bad = why_set(w, "%s", j->f->k->error());
    }
    if (!bad && b->show)
        b->show(b->ctx, 1);
    for (size_t i = 0; i < blocks && !bad; i++) {
        b->nats += j->part[i].nats;
        b->right += j->part[i].right;
    }
    for (int i = 0; i < members && j->work; i++)
        ffn_work_close(&j->work[i]);
    free(j->work);
    free(j->part);
    return bad;
}

int
bpb_eval(struct bpb *b, const struct ffn *f, struct team *team,
         const uint8_t *data, size_t n, size_t context, int rolling,
         struct why *w)
{
    size_t need = rolling ? 2 : context + 1;
    struct job j = {
        .f = f, .data = data, .context = context, .rolling = rolling, .b = b
    };

    *b = (struct bpb){ .show = b->show, .ctx = b->ctx };
    if (n < need)
        return why_set(w, "too short: %zu bytes, need at least %s%zu", n,
                       rolling ? "" : "context + 1 = ", need);
    b->windows = rolling ? n - 1 : (n - 1) / context;
    b->targets = j.targets = rolling ? n - 1 : b->windows * context;
    if (run(b, &j, team, w) < 0)
        return -1;
    b->bits_per_byte = b->nats / (log(2) * (double)b->targets);
    return 0;
}

size_t
bpb_memory(const struct ffn *f, int members)
{
    return ffn_work_size(f, BLOCK, 0) * (size_t)members;
}
