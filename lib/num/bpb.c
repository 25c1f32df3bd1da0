#include <math.h>
#include <stdlib.h>

#include "num/bpb.h"

enum { BLOCK = 1024 }; /* positions a forward pass */

/* One window, and the positions of it that are scored. */
struct window {
    size_t start, from, to;
    double nats;
    size_t right;
};

struct job {
    const struct ffn *f;
    const uint8_t *data;
    struct ffn_work *work;
    struct reader *read;
    struct window *window; /* the sum has one order for any team */
    size_t windows;
    const struct bpb *b;
    struct own { /* of a member that learns meanwhile */
        struct ffn f;
        float *grad;
    } * own;
};

/* Learn from the block that was just scored. */
static void
learn(const struct job *j, struct own *o, struct ffn_work *k, int n)
{
    float rate = (float)-j->b->rate;

    ffn_backward(&o->f, k, n, o->grad);
    o->f.k->mix(o->f.w, 1, o->f.w, rate, o->grad, o->f.size);
}

static void
eval_window(struct job *j, struct window *v, int member)
{
    struct own *o = j->own ? &j->own[member] : NULL;
    const struct ffn *f = o ? &o->f : j->f;
    size_t most = o ? BPB_BLOCK : BLOCK;
    struct ffn_work *k = &j->work[member];
    struct reader *r = &j->read[member];

    if (o)
        f->k->copy(f->w, j->f->w, sizeof *f->w * f->size);
    reader_start(r, v->start);
    while (r->next < v->to) {
        size_t at = r->next, end = at < v->from ? v->from : v->to;
        size_t n = end - at < most ? end - at : most;
        k->in.hint_at[0] = 0;
        reader_read(r, &f->memory, j->data, n, &k->in);
        if (at < v->from)
            continue;
        ffn_take(f, k, (int)n);
        ffn_forward(f, k, j->data + at, (int)n);
        ffn_loss(f, k, j->data + at + 1, 1, (int)n, &v->nats, &v->right);
        if (o)
            learn(j, o, k, (int)n);
    }
}

static void
eval_share(void *ctx, int member, int members)
{
    struct job *j = ctx;
    size_t from, to;

    team_share(j->windows, member, members, &from, &to);
    for (size_t first = from; from < to; from++) {
        if (member == 0 && j->b->show) /* the caller's own thread */
            j->b->show(j->b->ctx,
                       (double)(from - first) / (double)(to - first));
        eval_window(j, &j->window[from], member);
    }
}

/* Weights of their own for those that learn; all else is the model's. */
static int
open_own(struct job *j, int members, struct why *w)
{
    const struct kern *k = j->f->k;
    size_t size = sizeof(float) * j->f->size;

    if (j->b->rate == 0)
        return 0;
    if (!(j->own = calloc((size_t)members, sizeof *j->own)))
        return why_set(w, "out of memory");
    for (int i = 0; i < members; i++) {
        struct own *o = &j->own[i];
        o->f = *j->f;
        o->f.w = k->alloc(size);
        o->grad = k->alloc(size);
        if (!o->f.w || !o->grad)
            return why_set(w, "out of memory: weights that learn");
    }
    return 0;
}

static int
open_members(struct job *j, int members, struct why *w)
{
    j->work = calloc((size_t)members, sizeof *j->work);
    j->read = calloc((size_t)members, sizeof *j->read);
    if (!j->work || !j->read)
        return why_set(w, "out of memory");
    for (int i = 0; i < members; i++)
        if (ffn_work_open(&j->work[i], j->f, BLOCK, j->b->rate > 0, w) < 0 ||
            reader_open(&j->read[i], &j->f->plan, w) < 0)
            return -1;
    return open_own(j, members, w);
}

static void
close_members(struct job *j, int members)
{
    for (int i = 0; i < members; i++) {
        if (j->work)
            ffn_work_close(&j->work[i]);
        if (j->read)
            reader_close(&j->read[i]);
        if (j->own) {
            j->f->k->free(j->own[i].f.w);
            j->f->k->free(j->own[i].grad);
        }
    }
    free(j->work);
    free(j->read);
    free(j->own);
}

static int
run(struct bpb *b, struct job *j, struct team *team, struct why *w)
{
    int members = team_size(team), bad = open_members(j, members, w);

    if (!bad) {
        team_run(team, eval_share, j);
        if (j->f->k->error())
            bad = why_set(w, "%s", j->f->k->error());
    }
    if (!bad && b->show)
        b->show(b->ctx, 1);
    for (size_t i = 0; i < j->windows && !bad; i++) {
        b->nats += j->window[i].nats;
        b->right += j->window[i].right;
    }
    close_members(j, members);
    return bad;
}

/* Where the windows are; rolling ones overlap by half, which is not scored
 * again. */
static void
lay_out(struct job *j, size_t n, size_t context, int rolling)
{
    size_t half = (context + 1) / 2;

    for (size_t i = 0; i < j->windows; i++) {
        struct window v = { .start = i * context, .from = i * context };
        if (rolling) {
            v.start = i * half;
            v.from = i ? v.start + context - half : 0;
        }
        v.to = n - 1 - v.start < context ? n - 1 : v.start + context;
        j->window[i] = v;
    }
}

int
bpb_eval(struct bpb *b, const struct ffn *f, struct team *team,
         const uint8_t *data, size_t n, size_t context, int rolling,
         struct why *w)
{
    size_t need = rolling ? 2 : context + 1, half = (context + 1) / 2;
    struct job j = { .f = f, .data = data, .b = b };
    int bad;

    *b = (struct bpb){ .rate = b->rate, .show = b->show, .ctx = b->ctx };
    if (n < need)
        return why_set(w, "too short: %zu bytes, need at least %s%zu", n,
                       rolling ? "" : "context + 1 = ", need);
    if (!rolling)
        b->windows = (n - 1) / context;
    else if (n - 1 > context)
        b->windows = (n - 1 - context + half - 1) / half + 1;
    else
        b->windows = 1;
    b->targets = rolling ? n - 1 : b->windows * context;
    j.windows = b->windows;
    if (!(j.window = calloc(b->windows, sizeof *j.window)))
        return why_set(w, "out of memory");
    lay_out(&j, n, context, rolling);
    bad = run(b, &j, team, w);
    free(j.window);
    b->bits_per_byte = b->nats / (log(2) * (double)b->targets);
    return bad;
}

size_t
bpb_context(const struct ffn *f, size_t n)
{
    size_t context = (size_t)f->c.context;

    return n > 1 && n - 1 < context ? n - 1 : context;
}

size_t
bpb_memory(const struct ffn *f, int members)
{
    int n = f->c.context < BLOCK ? (int)f->c.context : BLOCK;

    return (ffn_work_size(f, n, 0) + reader_memory(&f->plan)) * (size_t)members;
}
