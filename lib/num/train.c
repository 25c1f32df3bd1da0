#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "num/muon.h"
#include "num/train.h"

struct train_member {
    struct ffn_work work;
    float *grad;    /* [f->size], model memory */
    float *scratch; /* for muon, the same */
    double sumsq;   /* of its share of the summed gradient */
    double nats;
    size_t from, n, right; /* its positions in the batch */
};

/* A member's table rows and their gradients, of this rank or another. */
struct part {
    uint32_t *rows; /* [features][ld] */
    float *f;       /* [n][features * width] */
    size_t n, ld;
};

static int
alloc_member(struct train *t, struct train_member *m, struct why *w)
{
    int members = exchange_members(&t->x);
    int most = (int)((t->c.batch + members - 1) / members);

    if (ffn_work_open(&m->work, t->f, most, 1, w) < 0)
        return -1;
    m->grad = t->f->k->alloc(sizeof *m->grad * t->f->size);
    if (t->c.opt == TRAIN_MUON)
        m->scratch = t->f->k->alloc(sizeof *m->scratch * muon_scratch(t->f));
    if (!m->grad || (t->c.opt == TRAIN_MUON && !m->scratch))
        return why_set(w, "out of memory: gradients");
    return 0;
}

/* What a position's rows take among ranks: gradients and numbers. */
static size_t
record(const struct ffn *f)
{
    return (size_t)f->features *
           ((size_t)f->c.width * sizeof(float) + sizeof(uint32_t));
}

int
train_open(struct train *t, struct ffn *f, struct bytes *data,
           struct team *team, const struct train_config *c, struct why *w)
{
    size_t batch = (size_t)c->batch, size = f->size;

    *t = (struct train){ .f = f, .data = data, .team = team, .c = *c };
    if (exchange_open(&t->x, c->comm, f->k, team_size(team), batch, record(f),
                      size, w) < 0)
        return -1;
    t->m = f->k->alloc(sizeof *t->m * size);
    t->v = f->k->alloc(sizeof *t->v * size);
    t->acc = f->k->alloc(sizeof *t->acc * (ffn_rows(f) + 1));
    t->input = malloc(batch);
    t->target = malloc(batch);
    t->segment = malloc(sizeof *t->segment * batch);
    t->member = calloc((size_t)team_size(team), sizeof *t->member);
    if (!t->m || !t->v || !t->acc || !t->input || !t->target || !t->segment ||
        !t->member) {
        train_close(t);
        return why_set(w, "out of memory: optimizer state");
    }
    for (int i = 0; i < team_size(team); i++)
        if (alloc_member(t, &t->member[i], w) < 0) {
            train_close(t);
            return -1;
        }
    return 0;
}

void
train_close(struct train *t)
{
    const struct kern *k = t->f ? t->f->k : NULL;

    for (int i = 0; t->member && i < team_size(t->team); i++) {
        ffn_work_close(&t->member[i].work);
        k->free(t->member[i].grad);
        k->free(t->member[i].scratch);
    }
    if (k) {
        k->free(t->m);
        k->free(t->v);
        k->free(t->acc);
    }
    free(t->input);
    free(t->target);
    free(t->segment);
    free(t->member);
    exchange_close(&t->x);
    *t = (struct train){ 0 };
}

enum { PEAK_ROUNDS = 60 };

struct peak {
    const struct kern *k;
    float *block; /* three squares a member */
};

static void
square_product(void *ctx, int index, int members)
{
    const struct peak *p = ctx;
    const int n = p->k->side;
    float *a = p->block + (size_t)index * 3 * (size_t)n * (size_t)n;

    (void)members;
    p->k->gemm(0, 1, n, n, n, a, n, a + n * n, n, 0, a + 2 * n * n, n);
    p->k->error(); /* a device may not have done it yet */
}

double
train_peak(struct team *team, const struct kern *k)
{
    size_t square = (size_t)k->side * (size_t)k->side;
    struct peak p = { k, k->alloc(3 * square * (size_t)team_size(team) *
                                  sizeof *p.block) };
    double best = INFINITY, side = k->side;

    for (int i = 0; p.block && i < PEAK_ROUNDS; i++) {
        struct timespec from, to;
        clock_gettime(CLOCK_MONOTONIC, &from);
        team_run(team, square_product, &p);
        clock_gettime(CLOCK_MONOTONIC, &to);
        best = fmin(best, (double)(to.tv_sec - from.tv_sec) +
                              1e-9 * (double)(to.tv_nsec - from.tv_nsec));
    }
    k->free(p.block);
    return 2 * side * side * side * team_size(team) / best;
}

size_t
train_memory(const struct ffn *f, const struct train_config *c, int members)
{
    int most = (int)((c->batch + members - 1) / members);
    size_t member = sizeof(float) * f->size + ffn_work_size(f, most, 1);

    if (c->opt == TRAIN_MUON)
        member += sizeof(float) * muon_scratch(f);
    return sizeof(float) * (2 * f->size + ffn_rows(f)) +
           (2 + sizeof(struct segment)) * (size_t)c->batch +
           member * (size_t)members;
}

/* Fill the batch with segments; the last one is cut to fit, its rest skipped
 * until the next epoch. */
static void
fill(struct train *t)
{
    t->n = 0;
    for (t->segments = 0; t->n < t->c.batch; t->segments++) {
        struct segment s = bytes_next(t->data);
        if (s.n > (size_t)(t->c.batch - t->n))
            s.n = (size_t)(t->c.batch - t->n);
        memcpy(t->input + t->n, t->data->data + s.from, s.n);
        memcpy(t->target + t->n, t->data->data + s.from + 1, s.n);
        t->segment[t->segments] = s;
        t->n += (long)s.n;
        if (t->data->in_order) { /* one window a step, as it comes */
            t->segments++;
            break;
        }
    }
}

/* Context rows of the member's positions, from the segments they lie in. */
static void
find_rows(const struct train *t, struct train_member *m)
{
    size_t at = 0, to = m->from + m->n;

    for (int i = 0; i < t->segments && at < to; i++) {
        struct segment s = t->segment[i];
        size_t end = at + s.n;
        size_t lo = at > m->from ? at : m->from, hi = end < to ? end : to;
        if (lo < hi)
            ngram_rows(&t->f->ngram, m->work.rows + (lo - m->from),
                       (size_t)m->work.n, t->data->data, s.start,
                       s.from + (lo - at), hi - lo);
        at = end;
    }
}

static struct part
own_part(const struct train *t, int index)
{
    const struct train_member *m = &t->member[index];

    return (struct part){ m->work.row, m->work.f, m->n, (size_t)m->work.n };
}

/* The part of a member of any rank: gradients first, then rows. */
static struct part
part_of(const struct train *t, int member)
{
    size_t n, fw = (size_t)(t->f->features * t->f->c.width);
    float *f = exchange_block(&t->x, member, &n);

    return f ? (struct part){ (uint32_t *)(void *)(f + n * fw), f, n, n }
             : own_part(t, member);
}

/*
 * After its first epoch a row knows the very answers it is about to be asked
 * for, and the layers above would learn to trust it more than new text
 * warrants. So a row met for the first time in an epoch starts anew: what the
 * model sees in training is always what came before, as in new text.
 */
static void
forget_rows(struct train *t, struct part part, int index, int members)
{
    const struct ffn *f = t->f;
    int width = (int)f->c.width;

    for (int i = index; i < f->features; i += members)
        f->k->forget(f->table + f->row_at[i] * (size_t)width,
                     t->acc + f->row_at[i], part.rows + (size_t)i * part.ld,
                     (int)part.n, width);
}

/* Mark every row as belonging to the past. */
static void
new_epoch(struct train *t)
{
    t->epoch = t->data->epoch;
    if (!t->c.remember)
        t->f->k->expire(t->acc, ffn_rows(t->f));
}

static void
gradient(struct train *t, struct train_member *m)
{
    struct ffn_work *k = &m->work;
    float scale = t->c.sum ? 1 : 1 / (float)t->n;
    int n = (int)m->n;

    t->f->k->zero(m->grad, sizeof *m->grad * t->f->size);
    m->nats = 0;
    m->right = 0;
    if (n == 0)
        return;
    ffn_forward(t->f, k, t->input + m->from, n);
    ffn_loss(t->f, k, t->target + m->from, scale, n, &m->nats, &m->right);
    ffn_backward(t->f, k, n, m->grad);
}

/* Sum the members' gradients into member 0's, this member's share of them. */
static void
reduce(struct train *t, int index, int members)
{
    size_t from, to;
    float *sum = t->member[0].grad;

    team_share(t->f->size, index, members, &from, &to);
    for (int i = 1; i < members; i++)
        t->f->k->add(sum + from, t->member[i].grad + from, to - from);
}

/* Put what the member found where the other ranks get it from. */
static void
offer(struct train *t, int index)
{
    struct part own = own_part(t, index);
    struct part to = part_of(t, exchange_member(&t->x, index));
    size_t fw = (size_t)(t->f->features * t->f->c.width);

    t->f->k->copy(to.f, own.f, own.n * fw * sizeof *own.f);
    for (size_t i = 0; i < (size_t)t->f->features; i++)
        t->f->k->copy(to.rows + i * to.ld, own.rows + i * own.ld,
                      own.n * sizeof *own.rows);
}

static void
count(struct train *t, int members)
{
    t->total[0] = t->total[1] = 0;
    for (int i = 0; i < members; i++) {
        t->total[0] += t->member[i].nats;
        t->total[1] += (double)t->member[i].right;
    }
}

/* Over all members of all ranks, once those of this one are there. -1: a rank
 * is lost. */
static int
add_up(struct train *t, struct train_member *m, int index, int members)
{
    size_t from, to;

    reduce(t, index, members);
    if (index == 0)
        count(t, members);
    if (t->x.host) {
        team_wait(t->team);
        if (index == 0)
            exchange_do(&t->x, t->member[0].grad, t->f->size, t->total);
        team_wait(t->team);
    }
    if (t->x.lost)
        return -1;
    team_share(t->f->size, index, members, &from, &to);
    m->sumsq = t->f->k->sumsq(t->member[0].grad + from, to - from);
    team_wait(t->team);
    return 0;
}

/* Apply AdamW to the part of parameter p inside [from, to). */
static void
adamw(struct train *t, const struct ffn_param *p, size_t from, size_t to,
      float scale)
{
    double step = (double)t->steps + 1;
    size_t end = p->at + (size_t)p->rows * (size_t)p->cols;
    struct kern_adamw o = {
        .lr = (float)t->lr_now,
        .beta1 = (float)t->c.beta1,
        .beta2 = (float)t->c.beta2,
        .eps = (float)t->c.eps,
        .decay = p->matrix ? (float)t->c.decay : 0,
        .scale = scale,
        .fix1 = (float)(1 / (1 - pow(t->c.beta1, step))),
        .fix2 = (float)(1 / (1 - pow(t->c.beta2, step))),
    };

    from = from > p->at ? from : p->at;
    to = to < end ? to : end;
    if (from < to)
        t->f->k->adamw(t->f->w + from, t->member[0].grad + from, t->m + from,
                       t->v + from, to - from, &o);
}

static void
update_dense(struct train *t, struct train_member *m, int index, int members,
             float scale)
{
    const struct ffn *f = t->f;
    size_t from, to;

    team_share(f->size, index, members, &from, &to);
    if (t->c.opt == TRAIN_SGD) {
        f->k->sgd(f->w + from, t->member[0].grad + from, t->m + from, to - from,
                  (float)t->lr_now, (float)t->c.beta1, scale);
        return;
    }
    for (int i = 0; i < f->nparam; i++) {
        const struct ffn_param *p = &f->param[i];
        if (t->c.opt == TRAIN_ADAMW || !muon_applies(p))
            adamw(t, p, from, to, scale);
        else if (i % members == index)
            muon_step(f->k, f->w + p->at, t->member[0].grad + p->at,
                      t->m + p->at, m->scratch, p->rows, p->cols,
                      (float)t->lr_now, (float)t->c.decay);
    }
}

/* Each table belongs to one member, so that no row has two writers. */
static void
update_tables(struct train *t, int index, int members)
{
    const struct ffn *f = t->f;
    int width = (int)f->c.width, fw = width * f->features;
    float lr = (float)(t->c.table_lr * t->lr_now / t->c.lr);
    float to_mean = t->c.sum ? 1 : (float)t->n;

    for (int j = 0; j < exchange_members(&t->x); j++) {
        struct part part = part_of(t, j);
        if (t->x.host && !t->c.remember && t->epoch > 0)
            forget_rows(t, part, index, members); /* those of other ranks */
        for (int i = index; i < f->features; i += members)
            f->k->sparse(f->table + f->row_at[i] * (size_t)width,
                         t->acc + f->row_at[i], part.rows + (size_t)i * part.ld,
                         part.f + (size_t)i * (size_t)width, fw, lr,
                         1e-6f / (to_mean * to_mean), (int)part.n, width);
    }
}

static void
step(void *ctx, int index, int members)
{
    struct train *t = ctx;
    struct train_member *m = &t->member[index];
    size_t from, to;
    double sumsq = 0;
    float scale = 1;

    team_share((size_t)t->n, exchange_member(&t->x, index),
               exchange_members(&t->x), &from, &to);
    m->from = from;
    m->n = to - from;
    find_rows(t, m);
    ffn_take_rows(t->f, &m->work, (int)m->n);
    if (!t->c.remember && t->epoch > 0) {
        team_wait(t->team);
        for (int i = 0; i < members; i++)
            forget_rows(t, own_part(t, i), index, members);
        team_wait(t->team);
    }
    gradient(t, m);
    if (t->x.host)
        offer(t, index);
    team_wait(t->team);
    if (add_up(t, m, index, members) < 0)
        return;
    for (int i = 0; i < members; i++)
        sumsq += t->member[i].sumsq;
    if (!isfinite(sumsq) || !isfinite(t->total[0]))
        return; /* all members see the same sums */
    if (t->c.clip > 0 && sqrt(sumsq) > t->c.clip)
        scale = (float)(t->c.clip / sqrt(sumsq));
    update_dense(t, m, index, members, scale);
    update_tables(t, index, members);
}

int
train_step(struct train *t, double lr_scale, struct why *w)
{
    double sumsq = 0;

    fill(t);
    t->x.n = (size_t)t->n;
    if (t->epoch != t->data->epoch)
        new_epoch(t);
    t->lr_now = t->c.lr * lr_scale;
    team_run(t->team, step, t);
    if (t->x.lost)
        return why_set(w, "%s", t->x.why.s);
    for (int i = 0; i < team_size(t->team); i++)
        sumsq += t->member[i].sumsq;
    t->loss = t->total[0] / (double)t->n;
    t->accuracy = t->total[1] / (double)t->n;
    t->grad_norm = sqrt(sumsq);
    if (t->f->k->error())
        return why_set(w, "step %llu: %s", (unsigned long long)t->steps,
                       t->f->k->error());
    if (!isfinite(t->loss) || !isfinite(t->grad_norm))
        return why_set(w, "step %llu: the loss is not a number",
                       (unsigned long long)t->steps);
    t->steps++;
    t->seen += (uint64_t)t->n;
    return 0;
}
