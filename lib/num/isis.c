#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "num/isis.h"
#include "num/rng.h"

struct ffn_config
isis_config(enum isis_size size)
{
    static const long shape[][3] = { /* model, hidden, layers */
                                     { 128, 512, 4 },
                                     { 384, 1536, 8 },
                                     { 1024, 5120, 12 },
                                     { 1536, 6144, 16 }
    };

    return (struct ffn_config){
        .context = 64,
        .model = shape[size][0],
        .hidden = shape[size][1],
        .layers = shape[size][2],
        .read = { .bits = 8, .counts_bits = 8 },
        .width = 1,
        .act = KERN_SWIGLU,
        .norm = FFN_PRE,
    };
}

struct train_config
isis_rule(const struct ffn_config *c)
{
    struct ffn plan;
    double lr = 1e-3;

    if (ffn_plan(&plan, c, NULL) == 0)
        lr = plan.size > 100000000 ? 1e-4 : plan.size > 20000000 ? 3e-4 : lr;
    return (struct train_config){
        .lr = lr,
        .beta1 = 0.9,
        .beta2 = 0.999,
        .eps = 1e-8,
        .decay = 0.01,
        .clip = 1,
        .batch = c->context,
        .sum = 1,
    };
}

static void
uniform(struct ffn *f, const char *name, struct rng *r)
{
    const struct ffn_param *p = ffn_find(f, name);
    float bound = 1 / sqrtf((float)f->c.model);

    for (size_t i = 0; i < (size_t)p->rows * (size_t)p->cols; i++)
        f->w[p->at + i] = (2 * rng_uniform(r) - 1) * bound;
}

static void
linear(float *w, int in, int out)
{
    float scale = sqrtf(2 / (float)in);
    struct rng r;

    rng_seed(&r, (uint64_t)(in ^ out));
    for (size_t i = 0; i < (size_t)in * (size_t)out; i++)
        w[i] = scale * rng_normal(&r);
}

void
isis_init(struct ffn *f)
{
    int d = (int)f->c.model, h = (int)f->c.hidden;
    struct rng r;

    rng_seed(&r, 42);
    uniform(f, "embed", &r);
    for (int i = 0; i < f->nparam; i++) {
        const struct ffn_param *p = &f->param[i];
        const char *last = strrchr(p->name, '.');
        float *w = f->w + p->at;
        if (!last)
            continue;
        if (strcmp(last, ".gain") == 0)
            for (int j = 0; j < p->cols; j++)
                w[j] = 1;
        if (strcmp(last, ".up") == 0) {
            linear(w, d, h);
            linear(w + (size_t)d * (size_t)h, d, h);
        }
        if (strcmp(last, ".down") == 0)
            linear(w, h, d);
    }
    uniform(f, "head", &r);
}

/* A cursor over bincode: little-endian, fixed width, u64 lengths. */
struct cursor {
    const unsigned char *p, *end;
    int failed;
};

static uint64_t
get(struct cursor *c, size_t bytes)
{
    uint64_t v = 0;

    if ((size_t)(c->end - c->p) < bytes) {
        c->failed = 1;
        return 0;
    }
    for (size_t i = bytes; i-- > 0;)
        v = v << 8 | c->p[i];
    c->p += bytes;
    return v;
}

/* A vector that must have exactly n floats. */
static void
floats(struct cursor *c, float *to, size_t n)
{
    if (get(c, 8) != n || (size_t)(c->end - c->p) / sizeof *to < n)
        c->failed = 1;
    if (c->failed)
        return;
    memcpy(to, c->p, n * sizeof *to);
    c->p += n * sizeof *to;
}

/* One set of tensors in the bundle's order, into a block laid out as f->w.
 * The model's linear layers carry their sizes, the moments' do not. */
static void
tensors(struct cursor *c, const struct ffn *f, float *to, int sized)
{
    size_t d = (size_t)f->c.model, h = (size_t)f->c.hidden, i = 0;
    const struct ffn_param *p = f->param;

    floats(c, to + p[i++].at, FFN_VOCAB * d);
    if (get(c, 8) != (uint64_t)f->c.layers)
        c->failed = 1;
    for (long l = 0; l < f->c.layers && !c->failed; l++, i += 6) {
        float *up = to + p[i + 2].at, *up_b = to + p[i + 3].at;
        struct {
            float *w, *b;
            size_t in, out;
        } part[] = {
            { up, up_b, d, h },
            { up + d * h, up_b + h, d, h },
            { to + p[i + 4].at, to + p[i + 5].at, h, d },
        };
        floats(c, to + p[i].at, d);
        floats(c, to + p[i + 1].at, d);
        for (int k = 0; k < 3; k++) {
            floats(c, part[k].w, part[k].in * part[k].out);
            floats(c, part[k].b, part[k].out);
            if (sized && (get(c, 8) != part[k].in || get(c, 8) != part[k].out))
                c->failed = 1;
        }
    }
    floats(c, to + p[i].at, d);
    floats(c, to + p[i + 1].at, d);
    floats(c, to + p[i + 2].at, FFN_VOCAB * d);
}

int
isis_recognise(const void *data, size_t n)
{
    return n >= 8 && memcmp(data, "MGCK", 4) == 0;
}

/* Everything up to the weights: schema, kind, configuration. */
static int
head(struct cursor *c, struct ffn_config *g, struct why *w)
{
    static const char kind[] = "ffn-cerebellum";
    uint64_t schema, dim[5];

    c->p += 4;
    schema = get(c, 4);
    if (schema > 1)
        return why_set(w, "bundle schema %llu is newer than 1",
                       (unsigned long long)schema);
    if (get(c, 4) != schema || get(c, 8) != sizeof kind - 1 ||
        (size_t)(c->end - c->p) < sizeof kind ||
        memcmp(c->p, kind, sizeof kind - 1) != 0)
        return why_set(w, "not a bundle of kind %s", kind);
    c->p += sizeof kind - 1;
    for (int i = 0; i < 5; i++)
        if ((dim[i] = get(c, 8)) > INT32_MAX)
            c->failed = 1;
    if (c->failed || dim[0] != FFN_VOCAB)
        return why_set(w, "truncated bundle, or a vocabulary other than bytes");
    *g = isis_config(ISIS_SMALL);
    g->model = (long)dim[1];
    g->hidden = (long)dim[2];
    g->layers = (long)dim[3];
    return 0;
}

int
isis_read(struct ffn *f, struct isis_state *s, const void *data, size_t n,
          struct why *w)
{
    struct cursor c = { data, (const unsigned char *)data + n, 0 };
    struct ffn_config g;

    *s = (struct isis_state){ 0 };
    if (head(&c, &g, w) < 0 || ffn_plan(f, &g, w) < 0)
        return -1;
    if (n / (3 * sizeof(float)) < f->size) /* before a huge allocation */
        return why_set(w, "truncated bundle: %zu parameters in %zu bytes",
                       f->size, n);
    if (ffn_open(f, &g, w) < 0)
        return -1;
    s->m = malloc(f->size * sizeof *s->m);
    s->v = malloc(f->size * sizeof *s->v);
    if (!s->m || !s->v) {
        why_set(w, "out of memory");
        goto fail;
    }
    tensors(&c, f, f->w, 1);
    for (int i = 0; i < 6; i++) /* lr, beta1, beta2, eps, decay, clip */
        get(&c, 4);
    get(&c, 8); /* the optimizer's step: counts this life only */
    tensors(&c, f, s->m, 0);
    tensors(&c, f, s->v, 0);
    s->steps = get(&c, 8);
    s->seen = get(&c, 8);
    get(&c, 8); /* loss and best loss, always zero */
    get(&c, 8); /* time stamp */
    s->seconds = get(&c, 8);
    if (c.failed || c.p != c.end) {
        why_set(w, "truncated or damaged bundle");
        goto fail;
    }
    return 0;
fail:
    free(s->m);
    free(s->v);
    *s = (struct isis_state){ 0 };
    ffn_close(f);
    return -1;
}
