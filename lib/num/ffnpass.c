/* ffnpass.c - a model's work on a batch: forward, loss, backward. */
#include "num/ffn.h"

/* Cut n words of 4 bytes off one block; with base NULL only count. */
static void *
cut(char *base, size_t *used, size_t n)
{
    void *p = base ? base + *used : NULL;

    *used += (n * sizeof(float) + 63) / 64 * 64;
    return p;
}

static size_t
lay_out(struct ffn_work *k, const struct ffn *f, int train, char *base)
{
    size_t n = (size_t)k->n, d = (size_t)f->c.model, used = 0;
    size_t h = (size_t)f->c.hidden, fw = (size_t)f->features * f->c.width;
    size_t up = h * (size_t)kern_act_inputs((enum kern_act)f->c.act);

    for (int l = 0; l <= f->c.layers; l++) {
        struct ffn_layer_work *a = &k->layer[l];
        if (l > 0 && !train) {
            *a = k->layer[0];
            continue;
        }
        a->x = cut(base, &used, n * d);
        a->y = cut(base, &used, n * d);
        a->mean = cut(base, &used, n);
        a->rstd = cut(base, &used, n);
        if (l < f->c.layers) {
            a->z = cut(base, &used, n * up);
            a->s = cut(base, &used, n * h);
        }
    }
    k->f = cut(base, &used, n * fw);
    k->logits = cut(base, &used, n * FFN_VOCAB);
    k->nats = cut(base, &used, n);
    k->right = cut(base, &used, n);
    k->byte = cut(base, &used, n);
    k->target = cut(base, &used, n);
    if (f->k->host) { /* as it was read */
        k->row = k->in.rows;
        k->hint = k->in.hints;
        k->hint_at = k->in.hint_at;
    } else {
        k->row = cut(base, &used, n * (size_t)f->features);
        k->hint = cut(base, &used, n * (size_t)f->plan.hints);
        k->hint_at = cut(base, &used, n + 1);
    }
    k->gate = cut(base, &used, n * (size_t)f->plan.sources);
    if (train) {
        k->dgate = cut(base, &used, n * (size_t)f->plan.sources);
        k->dx = cut(base, &used, n * d);
        k->dy = cut(base, &used, n * d);
        k->dz = cut(base, &used, n * up);
        k->ds = cut(base, &used, n * h);
    }
    return used;
}

size_t
ffn_work_size(const struct ffn *f, int n, int train)
{
    struct ffn_work k = { .n = n };

    return lay_out(&k, f, train, NULL) + reading_size(&f->plan, (size_t)n);
}

int
ffn_work_open(struct ffn_work *k, const struct ffn *f, int n, int train,
              struct why *w)
{
    size_t size;

    *k = (struct ffn_work){ .n = n, .k = f->k };
    size = lay_out(k, f, train, NULL);
    if (reading_open(&k->in, &f->plan, (size_t)n) < 0 ||
        !(k->block = f->k->alloc(size))) {
        ffn_work_close(k);
        return why_set(w, "out of memory: %zu bytes of activations", size);
    }
    lay_out(k, f, train, k->block);
    return 0;
}

void
ffn_work_close(struct ffn_work *k)
{
    if (k->k)
        k->k->free(k->block);
    reading_close(&k->in);
    k->block = NULL;
}

/* Walks the parameters in the order of ffn_plan. */
static float *
take(const struct ffn *f, float *base, int *i)
{
    return base + f->param[(*i)++].at;
}

/* The parameters of one layer, or their gradients, in a block like f->w. */
struct layer {
    float *gain, *shift, *up, *up_b, *down, *down_b;
};

static struct layer
layer_at(const struct ffn *f, float *base, int l)
{
    int per = f->c.norm == FFN_NONE ? 4 : 6;
    int i = 1 + (f->features > 0) + l * per;
    struct layer p = { 0 };

    if (f->c.norm != FFN_NONE) {
        p.gain = take(f, base, &i);
        p.shift = take(f, base, &i);
    }
    p.up = take(f, base, &i);
    p.up_b = take(f, base, &i);
    p.down = take(f, base, &i);
    p.down_b = take(f, base, &i);
    return p;
}

/* What stands after the layers: the last norm, the head, the hints. */
struct tail {
    float *gain, *shift, *head, *weight, *gate, *gate_b;
};

static struct tail
tail_at(const struct ffn *f, float *base)
{
    int i = f->tail;
    struct tail p = { 0 };

    if (f->c.norm == FFN_PRE) {
        p.gain = take(f, base, &i);
        p.shift = take(f, base, &i);
    }
    p.head = base + (f->c.tied ? 0 : f->param[i].at);
    if ((i = f->hint)) {
        p.weight = take(f, base, &i);
        p.gate = take(f, base, &i);
        p.gate_b = take(f, base, &i);
    }
    return p;
}

/* On the host a few positions at a time, whose rows of k->f stay in the cache
 * while the tables take turns. */
static void
gather(const struct ffn *f, struct ffn_work *k, int n)
{
    int width = (int)f->c.width, fw = width * f->features;
    int some = f->k->host ? 64 : n;

    for (int i = 0; i < n; i += some)
        for (int t = 0; t < f->features; t++)
            f->k->gather(k->f + (size_t)fw * (size_t)i +
                             (size_t)width * (size_t)t,
                         fw, f->table + f->row_at[t] * (size_t)width,
                         k->row + (size_t)t * (size_t)k->n + i,
                         n - i < some ? n - i : some, width);
}

static void
forward_layer(const struct ffn *f, struct ffn_work *k, int l, int n)
{
    const struct kern *q = f->k;
    struct layer p = layer_at(f, f->w, l);
    struct ffn_layer_work *a = &k->layer[l];
    enum kern_act act = (enum kern_act)f->c.act;
    int d = (int)f->c.model, h = (int)f->c.hidden;
    int up = h * kern_act_inputs(act), norm = f->c.norm;
    float *in = norm == FFN_PRE ? a->y : a->x, *out = k->layer[l + 1].x;
    float *sum = norm == FFN_POST ? a->y : out;

    if (norm == FFN_PRE)
        q->norm(a->y, a->mean, a->rstd, a->x, p.gain, p.shift, n, d);
    q->gemm(0, 1, n, up, d, in, d, p.up, d, 0, a->z, up);
    q->bias(a->z, p.up_b, n, up);
    q->act(a->s, a->z, act, n, h);
    if (sum != a->x)
        q->copy(sum, a->x, sizeof *sum * (size_t)n * (size_t)d);
    q->gemm(0, 1, n, d, h, a->s, h, p.down, h, 1, sum, d);
    q->bias(sum, p.down_b, n, d);
    if (norm == FFN_POST)
        q->norm(out, a->mean, a->rstd, sum, p.gain, p.shift, n, d);
}

void
ffn_take(const struct ffn *f, struct ffn_work *k, int n)
{
    const struct kern *q = f->k;
    size_t ld = (size_t)k->n;

    if (q->host)
        return;
    if (n == k->n)
        q->put(k->row, k->in.rows, sizeof *k->row * ld * (size_t)f->features);
    else
        for (size_t t = 0; t < (size_t)f->features; t++)
            q->put(k->row + t * ld, k->in.rows + t * ld,
                   sizeof *k->row * (size_t)n);
    if (!f->hint)
        return;
    q->put(k->hint_at, k->in.hint_at, sizeof *k->hint_at * ((size_t)n + 1));
    q->put(k->hint, k->in.hints, sizeof *k->hint * k->in.hint_at[n]);
}

/* Hints come last: y[n,d] is what the head saw. */
static void
mix_hints(const struct ffn *f, struct ffn_work *k, const float *y, int n)
{
    const struct kern *q = f->k;
    struct tail p = tail_at(f, f->w);
    int d = (int)f->c.model, s = f->plan.sources;

    q->gemm(0, 1, n, s, d, y, d, p.gate, d, 0, k->gate, s);
    q->bias(k->gate, p.gate_b, n, s);
    q->hint(k->logits, k->gate, k->hint, k->hint_at, p.weight, n, FFN_VOCAB, s);
}

void
ffn_forward(const struct ffn *f, struct ffn_work *k, const uint8_t *bytes,
            int n)
{
    const struct kern *q = f->k;
    struct ffn_layer_work *a = &k->layer[0];
    struct tail p = tail_at(f, f->w);
    int d = (int)f->c.model, fw = f->features * (int)f->c.width;
    float *last;

    q->put(k->byte, bytes, (size_t)n);
    q->embed(a->x, f->w, k->byte, n, d);
    if (fw) {
        gather(f, k, n);
        q->gemm(0, 1, n, d, fw, k->f, fw, f->w + f->param[1].at, fw, 1, a->x,
                d);
    }
    for (int l = 0; l < f->c.layers; l++)
        forward_layer(f, k, l, n);
    a = &k->layer[f->c.layers];
    last = a->x;
    if (f->c.norm == FFN_PRE) {
        q->norm(a->y, a->mean, a->rstd, a->x, p.gain, p.shift, n, d);
        last = a->y;
    }
    q->gemm(0, 1, n, FFN_VOCAB, d, last, d, p.head, d, 0, k->logits, FFN_VOCAB);
    if (f->hint)
        mix_hints(f, k, last, n);
}

void
ffn_loss(const struct ffn *f, struct ffn_work *k, const uint8_t *target,
         float scale, int n, double *nats, size_t *right)
{
    const struct kern *q = f->k;
    double sum;
    size_t hits;

    q->put(k->target, target, (size_t)n);
    q->xent(k->logits, k->nats, k->right, k->target, scale, n, FFN_VOCAB);
    q->total(&sum, &hits, k->nats, k->right, n);
    *nats += sum;
    *right += hits;
}

/* dx comes in as the gradient of the layer's output, leaves as its input's. */
static void
backward_layer(const struct ffn *f, struct ffn_work *k, int l, int n,
               float *grad)
{
    const struct kern *q = f->k;
    struct layer p = layer_at(f, f->w, l), g = layer_at(f, grad, l);
    struct ffn_layer_work *a = &k->layer[l];
    enum kern_act act = (enum kern_act)f->c.act;
    int d = (int)f->c.model, h = (int)f->c.hidden;
    int up = h * kern_act_inputs(act), norm = f->c.norm;
    size_t bytes = sizeof(float) * (size_t)n * (size_t)d;
    float *in = norm == FFN_PRE ? a->y : a->x;

    if (norm == FFN_POST) {
        q->copy(k->dy, k->dx, bytes);
        q->zero(k->dx, bytes);
        q->norm_back(k->dx, g.gain, g.shift, k->dy, a->y, a->mean, a->rstd,
                     p.gain, n, d);
    }
    q->bias_back(g.down_b, k->dx, n, d);
    q->gemm(1, 0, d, h, n, k->dx, d, a->s, h, 0, g.down, h);
    q->gemm(0, 0, n, h, d, k->dx, d, p.down, h, 0, k->ds, h);
    q->act_back(k->dz, k->ds, a->z, act, n, h);
    q->bias_back(g.up_b, k->dz, n, up);
    q->gemm(1, 0, up, d, n, k->dz, up, in, d, 0, g.up, d);
    if (norm != FFN_PRE) {
        q->gemm(0, 0, n, d, up, k->dz, up, p.up, d, 1, k->dx, d);
        return;
    }
    q->gemm(0, 0, n, d, up, k->dz, up, p.up, d, 0, k->dy, d);
    q->norm_back(k->dx, g.gain, g.shift, k->dy, a->x, a->mean, a->rstd, p.gain,
                 n, d);
}

/* Adds the gates' share to dy, the gradient of what the head saw. */
static void
hints_back(const struct ffn *f, struct ffn_work *k, const float *y, float *dy,
           int n, float *grad)
{
    const struct kern *q = f->k;
    struct tail p = tail_at(f, f->w), g = tail_at(f, grad);
    int d = (int)f->c.model, s = f->plan.sources;

    q->hint_back(g.weight, k->dgate, k->logits, k->gate, k->hint, k->hint_at,
                 p.weight, n, FFN_VOCAB, s);
    q->gemm(1, 0, s, d, n, k->dgate, s, y, d, 1, g.gate, d);
    q->bias_back(g.gate_b, k->dgate, n, s);
    q->gemm(0, 0, n, d, s, k->dgate, s, p.gate, d, 1, dy, d);
}

void
ffn_backward(const struct ffn *f, struct ffn_work *k, int n, float *grad)
{
    const struct kern *q = f->k;
    struct ffn_layer_work *a = &k->layer[f->c.layers];
    struct tail p = tail_at(f, f->w), g = tail_at(f, grad);
    int d = (int)f->c.model, v = FFN_VOCAB, norm = f->c.norm == FFN_PRE;
    int fw = f->features * (int)f->c.width;
    float *dlast = norm ? k->dy : k->dx, *last = norm ? a->y : a->x;

    for (int i = 0; i < f->nparam; i++) /* the others are written once */
        if (!f->param[i].matrix)
            q->zero(grad + f->param[i].at, sizeof *grad *
                                               (size_t)f->param[i].rows *
                                               (size_t)f->param[i].cols);
    q->gemm(1, 0, v, d, n, k->logits, v, last, d, 0, g.head, d);
    q->gemm(0, 0, n, d, v, k->logits, v, p.head, d, 0, dlast, d);
    if (f->hint)
        hints_back(f, k, last, dlast, n, grad);
    if (norm) {
        q->zero(k->dx, sizeof *k->dx * (size_t)n * (size_t)d);
        q->norm_back(k->dx, g.gain, g.shift, k->dy, a->x, a->mean, a->rstd,
                     p.gain, n, d);
    }
    for (int l = (int)f->c.layers; l-- > 0;)
        backward_layer(f, k, l, n, grad);
    q->embed_back(grad, k->dx, k->byte, n, d);
    if (fw) {
        const struct ffn_param *in = &f->param[1];
        q->gemm(1, 0, d, fw, n, k->dx, d, k->f, fw, 0, grad + in->at, fw);
        q->gemm(0, 0, n, fw, d, k->dx, d, f->w + in->at, fw, 0, k->f, fw);
    }
}
