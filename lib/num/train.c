#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/deadline.h"
#include "num/muon.h"
#include "num/train.h"

struct train_member {
    struct ffn_work work;
    float *grad;    /* [f->size], model memory */
    float *scratch; /* for muon, the same */
    double sumsq;   /* of its share of the summed gradient */
    double nats;
    size_t right;
    int first, last;     /* its streams: first .. last - 1 */
    size_t from, n;      /* its positions in the batch */
    struct reader *read; /* [last - first] */
};

/* A member's table rows and their gradients, of this rank or another. */
struct part {
    uint32_t *rows; /* [features][ld] */
    float *f;       /* [n][features * width] */
    size_t n, ld;
};

/* Member i of this rank, and its share of the streams. */
static int
alloc_member(struct train *t, int i, struct why *w)
{
    struct train_member *m = &t->member[i];
    size_t from, to, streams;

    team_share((size_t)t->data->streams, exchange_member(&t->x, i),
               exchange_members(&t->x), &from, &to);
    streams = to - from;
    m->first = (int)from;
    m->last = (int)to;
    m->read = calloc(streams + 1, sizeof *m->read);
    for (size_t r = 0; m->read && r < streams; r++)
        if (reader_open(&m->read[r], &t->f->plan, w) < 0)
            return -1;
    if (ffn_work_open(&m->work, t->f, (int)(streams * t->data->segment + 1), 1,
                      w) < 0)
        return -1;
    m->grad = t->f->k->alloc(sizeof *m->grad * t->f->size);
    if (t->c.opt == TRAIN_MUON)
        m->scratch = t->f->k->alloc(sizeof *m->scratch * muon_scratch(t->f));
    if (!m->read || !m->grad || (t->c.opt == TRAIN_MUON && !m->scratch))
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
    size_t size = f->size, streams = (size_t)data->streams;
    size_t batch = streams * data->segment;

    *t = (struct train){ .f = f, .data = data, .team = team, .c = *c };
    if (exchange_open(&t->x, c->comm, f->k, team_size(team), batch, record(f),
                      size, w) < 0)
        return -1;
    t->m = f->k->alloc(sizeof *t->m * size);
    t->v = f->k->alloc(sizeof *t->v * size);
    t->acc = f->k->alloc(sizeof *t->acc * (ffn_rows(f) + 1));
    t->input = malloc(batch);
    t->target = malloc(batch);
    t->segment = malloc(sizeof *t->segment * streams);
    t->at = malloc(sizeof *t->at * (streams + 1));
    f->memory.text = data->data;
    f->memory.n = data->n;
    t->member = calloc((size_t)team_size(team), sizeof *t->member);
    if (!t->m || !t->v || !t->acc || !t->input || !t->target || !t->segment ||
        !t->at || !t->member) {
        train_close(t);
        return why_set(w, "out of memory: optimizer state");
    }
    for (int i = 0; i < team_size(team); i++)
        if (alloc_member(t, i, w) < 0) {
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
        struct train_member *m = &t->member[i];
        for (int r = 0; m->read && r < m->last - m->first; r++)
            reader_close(&m->read[r]);
        free(m->read);
        ffn_work_close(&m->work);
        k->free(m->grad);
        k->free(m->scratch);
    }
    if (k) {
        k->free(t->m);
        k->free(t->v);
        k->free(t->acc);
    }
    free(t->input);
    free(t->target);
    free(t->segment);
    free(t->at);
    free(t->member);
    exchange_close(&t->x);
    *t = (struct train){ 0 };
}

size_t
train_memory(const struct ffn *f, const struct train_config *c, size_t segment,
             int members)
{
    size_t streams = (size_t)c->batch / segment;
    size_t each = (streams + (size_t)members - 1) / (size_t)members;
    size_t member = sizeof(float) * f->size +
                    ffn_work_size(f, (int)(each * segment + 1), 1);

    if (c->opt == TRAIN_MUON)
        member += sizeof(float) * muon_scratch(f);
    return sizeof(float) * (2 * f->size + ffn_rows(f)) + 2 * streams * segment +
           streams * reader_memory(&f->plan) + member * (size_t)members;
}

/* The next segment of every stream, one after the other. */
static void
fill(struct train *t)
{
    const struct bytes *b = t->data;

    t->n = 0;
    for (int i = 0; i < b->streams; i++) {
        struct segment s = bytes_next(t->data, i);
        memcpy(t->input + t->n, b->data + s.from, s.n);
        memcpy(t->target + t->n, b->data + s.from + 1, s.n);
        t->segment[i] = s;
        t->at[i] = (size_t)t->n;
        t->n += (long)s.n;
    }
    t->at[b->streams] = (size_t)t->n;
    for (int i = 0; i <= exchange_members(&t->x); i++) {
        size_t from, to;
        team_share((size_t)b->streams, i, exchange_members(&t->x), &from, &to);
        t->x.at[i] = t->at[from];
    }
}

/* A new window; after --resume one that has to be seen again from its start,
 * in the room of the segment to come. */
static void
begin_window(const struct train *t, struct reader *r, const struct segment *s,
             struct reading *room)
{
    reader_start(r, s->start);
    while (r->next < s->from) {
        size_t n = s->from - r->next;
        reader_read(r, &t->f->memory, t->data->data, n < s->n ? n : s->n, room);
    }
}

/* What the member's streams see. */
static void
read_streams(const struct train *t, struct train_member *m)
{
    struct reading to = m->work.in;

    m->from = t->at[m->first];
    m->n = t->at[m->last] - m->from;
    to.hint_at[0] = 0;
    for (int i = m->first; i < m->last; i++) {
        struct reader *r = &m->read[i - m->first];
        const struct segment *s = &t->segment[i];
        if (s->n == 0)
            continue;
        if (r->start != s->start || r->next != s->from)
            begin_window(t, r, s, &to);
        reader_read(r, &t->f->memory, t->data->data, s->n, &to);
        to.rows += s->n;
        to.hint_at += s->n;
    }
}

/*
 * A window is remembered when it is done: while it is read the memory holds
 * other text only, as it will with new text. The rest of a window that an
 * epoch left behind is not: the next epoch's memory would know it already.
 */
static void
remember(struct train *t, int index, int members)
{
    double start = index ? 0 : deadline_now();
    size_t learned = 0;

    for (int i = 0; i < t->data->streams; i++) {
        const struct segment *s = &t->segment[i];
        size_t end = s->from + s->n;
        if (!s->last || t->data->place[i].epoch != t->epoch)
            continue;
        memory_learn(&t->f->memory, s->start, s->start, end, index, members);
        learned += end - s->start;
    }
    if (index == 0 && learned)
        t->learn_seconds = (deadline_now() - start) / (double)learned;
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
 * After its first epoch the row of a context knows the very answers it is about
 * to be asked for, and the layers above would learn to trust it more than new
 * text warrants. So such a row met for the first time in an epoch starts anew:
 * what the model sees in training is always what came before, as in new text.
 * The rows of sources are about kinds of evidence, not about the text.
 */
static void
forget_rows(struct train *t, struct part part, int index, int members)
{
    const struct ffn *f = t->f;
    int width = (int)f->c.width;

    for (int i = index; i < f->plan.embeds; i += members)
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
        t->f->k->expire(t->acc, t->f->row_at[t->f->plan.embeds]);
    memory_clear(&t->f->memory);
}

static void
gradient(struct train *t, struct train_member *m)
{
    struct ffn_work *k = &m->work;
    float scale = t->c.sum ? 1 : 1 / (float)t->n;
    int n = (int)m->n;

    m->nats = 0;
    m->right = 0;
    if (n == 0) {
        t->f->k->zero(m->grad, sizeof *m->grad * t->f->size);
        return;
    }
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
        .lr = (float)t->lr_now * p->rate,
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

/*
 * Each table belongs to one member, so that no row has two writers. Their rate
 * does not follow the schedule: a row that starts anew in the last pass has to
 * get where the others are.
 */
static void
update_tables(struct train *t, int index, int members)
{
    const struct ffn *f = t->f;
    int width = (int)f->c.width, fw = width * f->features;
    float lr = (float)t->c.table_lr;
    float to_mean = t->c.sum ? 1 : (float)t->n;
    size_t some;

    for (int j = 0; j < exchange_members(&t->x); j++) {
        struct part part = part_of(t, j);
        if (t->x.host && !t->c.remember && t->epoch > 0)
            forget_rows(t, part, index, members); /* those of other ranks */
        some = f->k->host ? 64 : part.n;          /* see gather() of ffn.c */
        for (size_t p = 0; p < part.n; p += some)
            for (int i = index; i < f->features; i += members)
                f->k->sparse(
                    f->table + f->row_at[i] * (size_t)width,
                    t->acc + f->row_at[i], part.rows + (size_t)i * part.ld + p,
                    part.f + (size_t)fw * p + (size_t)i * (size_t)width, fw, lr,
                    1e-6f / (to_mean * to_mean),
                    (int)(part.n - p < some ? part.n - p : some), width);
    }
}

static void
step(void *ctx, int index, int members)
{
    struct train *t = ctx;
    struct train_member *m = &t->member[index];
    double sumsq = 0;
    float scale = 1;

    read_streams(t, m);
    ffn_take(t->f, &m->work, (int)m->n);
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
    remember(t, index, members);
}

int
train_step(struct train *t, double lr_scale, struct why *w)
{
    double sumsq = 0;

    fill(t);
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

static void
learn_window(void *ctx, int index, int members)
{
    struct train *t = ctx;
    const struct segment *s = t->segment;

    memory_learn(&t->f->memory, s->start, s->start, s->from + s->n, index,
                 members);
}

/* Whole windows, for so many seconds. */
static void
learn_windows(struct train *t, int done, double seconds)
{
    double end = deadline_now() + seconds;

    if (!t->f->plan.counts && !t->f->plan.matches)
        return;
    if (!done) { /* the bytes before its first window */
        *t->segment = (struct segment){ .n = t->data->shift };
        team_run(t->team, learn_window, t);
    }
    for (size_t i = 0;
         deadline_now() < end && bytes_windows(t->data, done, &i, t->segment);)
        team_run(t->team, learn_window, t);
}

double
train_settle_seconds(const struct train *t)
{
    const struct bytes *b = t->data;
    double left = 1 - (double)b->next / (double)b->count;
    double each = t->learn_seconds > 0 ? t->learn_seconds : 2e-7;

    return t->f->plan.counts || t->f->plan.matches
               ? each * (left * (double)b->n +
                         (double)b->streams * (double)b->context)
               : 0;
}

void
train_settle(struct train *t, double seconds)
{
    if (t->epoch != t->data->epoch) /* a pass that is about to begin */
        memory_clear(&t->f->memory);
    learn_windows(t, 0, seconds);
}

void
train_recall(struct train *t)
{
    memory_clear(&t->f->memory);
    learn_windows(t, 1, INFINITY);
}
