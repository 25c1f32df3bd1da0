#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fsx.h"
#include "num/ffnfile.h"

/* Names of the configuration in metadata, with the member each one fills. */
static const struct field {
    const char *name;
    size_t offset;
} longs[] = {
    { "context", offsetof(struct ffn_config, context) },
    { "layers", offsetof(struct ffn_config, layers) },
    { "model", offsetof(struct ffn_config, model) },
    { "hidden", offsetof(struct ffn_config, hidden) },
    { "width", offsetof(struct ffn_config, width) },
    { "bits", offsetof(struct ffn_config, read.bits) },
    { "counts-bits", offsetof(struct ffn_config, read.counts_bits) },
};
/* Those that are sets of contexts. */
static const struct field sets[] = {
    { "embed-by", offsetof(struct ffn_config, read.embed) },
    { "counts", offsetof(struct ffn_config, read.counts) },
    { "recent", offsetof(struct ffn_config, read.recent) },
    { "repeats", offsetof(struct ffn_config, read.repeats) },
    { "matches", offsetof(struct ffn_config, read.matches) },
};
static const char *const acts[] = { "swiglu", "geglu", "gelu", "relu2", NULL };
static const char *const norms[] = { "pre", "post", "none", NULL };

static int
choice(const struct ckpt *c, const char *key, const char *const *names, int *to,
       struct why *w)
{
    const char *s = ckpt_get(c, key);

    for (*to = 0; s && names[*to]; ++*to)
        if (strcmp(s, names[*to]) == 0)
            return 0;
    return why_set(w, "%s in the checkpoint is %s, which is unknown", key,
                   s ? s : "missing");
}

static int
read_sets(const struct ckpt *c, struct ffn_config *g, struct why *w)
{
    struct why inner;

    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        const char *s = ckpt_get(c, sets[i].name);
        if (!s)
            return why_set(w, "no %s in the checkpoint", sets[i].name);
        if (context_set((uint32_t *)((char *)g + sets[i].offset), s, &inner) <
            0)
            return why_set(w, "%s in the checkpoint: %s", sets[i].name,
                           inner.s);
    }
    return 0;
}

static int
read_config(const struct ckpt *c, struct ffn_config *g, struct why *w)
{
    const char *kind = ckpt_get(c, "kind");
    long tied;

    *g = (struct ffn_config){ 0 };
    if (!kind || strcmp(kind, "ffn") != 0)
        return why_set(w, "a checkpoint of kind %s, not ffn",
                       kind ? kind : "unknown");
    for (size_t i = 0; i < sizeof longs / sizeof *longs; i++)
        if (ckpt_long(c, longs[i].name, (long *)((char *)g + longs[i].offset),
                      w) < 0)
            return -1;
    if (read_sets(c, g, w) < 0 || ckpt_long(c, "tied", &tied, w) < 0 ||
        choice(c, "act", acts, &g->act, w) < 0 ||
        choice(c, "norm", norms, &g->norm, w) < 0)
        return -1;
    g->tied = tied != 0;
    return 0;
}

/* Copy the tensor called name, which must have exactly n floats, into model
 * memory. */
static int
copy(const struct kern *k, const struct ckpt *c, const char *name, float *to,
     size_t n, struct why *w)
{
    const struct ckpt_tensor *t = ckpt_find(c, name);

    if (!t || !t->data || ckpt_count(t) != n)
        return why_set(w, "tensor %s is %s", name,
                       t ? "of another size" : "missing");
    k->put(to, t->data, n * sizeof *to);
    return 0;
}

/* The same for bytes, on the host. */
static int
copy_bytes(const struct ckpt *c, const char *name, void *to, size_t n,
           struct why *w)
{
    const struct ckpt_tensor *t = ckpt_find(c, name);

    if (n == 0)
        return 0;
    if (!t || !t->bytes || ckpt_count(t) != n)
        return why_set(w, "tensor %s is %s", name,
                       t ? "of another size" : "missing");
    memcpy(to, t->bytes, n);
    return 0;
}

/* What it remembers of the text: the text itself stays in the mapped file. */
static int
read_memory(const struct ckpt *c, struct ffn *f, struct why *w)
{
    struct memory *m = &f->memory;
    const struct ckpt_tensor *t = ckpt_find(c, "memory.text");

    if (f->plan.matches && (!t || !t->bytes))
        return why_set(w, "tensor memory.text is missing");
    m->text = t ? t->bytes : NULL;
    m->n = t ? ckpt_count(t) : 0;
    if (copy_bytes(c, "memory.counts", m->counts,
                   memory_counts(&f->plan) * sizeof *m->counts, w) < 0 ||
        copy_bytes(c, "memory.places", m->places,
                   memory_places(&f->plan) * sizeof *m->places, w) < 0)
        return -1;
    return 0;
}

static int
read_model(const struct ckpt *c, struct ffn *f, struct why *w)
{
    struct ffn_config g;

    if (read_config(c, &g, w) < 0 || ffn_plan(f, &g, w) < 0)
        return -1;
    if (c->size < ffn_count(f) * sizeof(float) + memory_size(&f->plan))
        /* before a huge allocation */
        return why_set(w, "too small for its own configuration");
    if (ffn_open(f, &g, w) < 0)
        return -1;
    for (int i = 0; i < f->nparam; i++) {
        const struct ffn_param *p = &f->param[i];
        if (copy(f->k, c, p->name, f->w + p->at,
                 (size_t)p->rows * (size_t)p->cols, w) < 0)
            return -1;
    }
    if (f->features &&
        copy(f->k, c, "tables", f->table, ffn_table_size(f), w) < 0)
        return -1;
    return read_memory(c, f, w);
}

static int
read_bundle(struct ffn *f, struct ffnfile *x, const char *path, struct why *w)
{
    struct sbuf b = { 0 };
    int bad = fsx_read(path, &b, (size_t)1 << 35, w);

    if (!bad) {
        bad = isis_read(f, &x->isis, b.s, b.len, w);
        x->bundle = 1;
        x->steps = (long)x->isis.steps;
        x->seen = (long)x->isis.seen;
        x->life.seconds = (double)x->isis.seconds;
    }
    sbuf_free(&b);
    return bad;
}

static int
is_bundle(const char *path)
{
    FILE *fp = fopen(path, "rb");
    char start[8];
    int yes = fp && isis_recognise(start, fread(start, 1, sizeof start, fp));

    if (fp)
        fclose(fp);
    return yes;
}

static double
number(const struct ckpt *c, const char *key)
{
    const char *s = ckpt_get(c, key);

    return s ? strtod(s, NULL) : 0;
}

static void
read_life(const struct ckpt *c, struct ffnlife *l)
{
    l->seconds = number(c, "seconds");
    if (ckpt_long(c, "evals", &l->evals, NULL) < 0)
        l->evals = 0;
    l->val_bpb = number(c, "val_bpb");
    l->best_bpb = number(c, "best_bpb");
    l->best_step = (uint64_t)number(c, "best_step");
}

static int
read_ours(struct ffn *f, struct ffnfile *x, struct why *w)
{
    const struct ckpt *c = &x->ckpt;

    if (read_model(c, f, w) < 0 || ckpt_long(c, "steps", &x->steps, w) < 0 ||
        ckpt_long(c, "seen", &x->seen, w) < 0 ||
        ckpt_long(c, "seed", &x->seed, w) < 0 ||
        ckpt_long(c, "epoch", &x->epoch, w) < 0 ||
        ckpt_long(c, "next", &x->next, w) < 0)
        return -1;
    read_life(c, &x->life);
    return 0;
}

int
ffnfile_load(struct ffn *f, struct ffnfile *x, const char *path, struct why *w)
{
    struct why inner = { "" };
    int bad;

    *x = (struct ffnfile){ 0 };
    *f = (struct ffn){ 0 };
    if (is_bundle(path)) {
        bad = read_bundle(f, x, path, &inner);
    } else {
        if (ckpt_open(&x->ckpt, path, w) < 0)
            return -1;
        bad = read_ours(f, x, &inner);
    }
    if (!bad)
        return 0;
    ffn_close(f);
    ffnfile_close(x);
    return why_set(w, "%s: %s", path, inner.s);
}

void
ffnfile_close(struct ffnfile *x)
{
    ckpt_close(&x->ckpt);
    free(x->isis.m);
    free(x->isis.v);
    *x = (struct ffnfile){ 0 };
}

/* Where each stream was: start:at:end:epoch, with spaces between. */
static int
read_places(const char *s, struct place *p, int n, struct why *w)
{
    for (int i = 0; i < n; i++) {
        int len = 0;
        if (!s || sscanf(s, "%zu:%zu:%zu:%" SCNu64 "%n", &p[i].start, &p[i].at,
                         &p[i].end, &p[i].epoch, &len) != 4)
            return why_set(w,
                           "it was trained with another --batch or "
                           "--segment: %d streams are not there",
                           n);
        s += len + (s[len] == ' ');
    }
    return *s ? why_set(w,
                        "it was trained with another --batch or --segment: "
                        "there are more than %d streams",
                        n)
              : 0;
}

static int
resume_text(const struct ffnfile *x, struct train *t, struct why *w)
{
    int n = t->data->streams;
    struct place *p = calloc((size_t)n, sizeof *p);
    int bad;

    if (!p)
        return why_set(w, "out of memory");
    bad = read_places(ckpt_get(&x->ckpt, "places"), p, n, w);
    if (!bad)
        bad = bytes_seek(t->data, (uint64_t)x->epoch, (size_t)x->next, p, w);
    free(p);
    if (bad)
        return -1;
    t->epoch = (uint64_t)x->epoch;
    train_recall(t);
    return 0;
}

int
ffnfile_resume(const struct ffnfile *x, struct train *t, struct why *w)
{
    const struct ffn *f = t->f;

    t->steps = (uint64_t)x->steps;
    t->seen = (uint64_t)x->seen;
    if (x->bundle) { /* a bundle does not say where in the text it stopped */
        f->k->put(t->m, x->isis.m, f->size * sizeof *t->m);
        f->k->put(t->v, x->isis.v, f->size * sizeof *t->v);
        return 0;
    }
    if (copy(f->k, &x->ckpt, "moment1", t->m, f->size, w) < 0 ||
        copy(f->k, &x->ckpt, "moment2", t->v, f->size, w) < 0)
        return -1;
    if (f->features &&
        copy(f->k, &x->ckpt, "tables.acc", t->acc, ffn_rows(f), w) < 0)
        return -1;
    return resume_text(x, t, w);
}

static void
write_places(struct sbuf *b, const struct bytes *d)
{
    sbuf_adds(b, "meta\tplaces\t");
    for (int i = 0; i < d->streams; i++)
        sbuf_addf(b, "%s%zu:%zu:%zu:%" PRIu64, i ? " " : "", d->place[i].start,
                  d->place[i].at, d->place[i].end, d->place[i].epoch);
    sbuf_adds(b, "\n");
}

static void
write_meta(struct sbuf *b, const struct train *t, const struct ffnlife *l)
{
    const struct ffn_config *g = &t->f->c;
    char names[CONTEXT_NAMES];

    ckpt_meta(b, "kind", "ffn");
    for (size_t i = 0; i < sizeof longs / sizeof *longs; i++)
        ckpt_meta(b, longs[i].name, "%ld",
                  *(const long *)((const char *)g + longs[i].offset));
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        context_names(
            *(const uint32_t *)(const void *)((const char *)g + sets[i].offset),
            names);
        ckpt_meta(b, sets[i].name, "%s", names);
    }
    ckpt_meta(b, "act", "%s", acts[g->act]);
    ckpt_meta(b, "norm", "%s", norms[g->norm]);
    ckpt_meta(b, "tied", "%d", g->tied);
    ckpt_meta(b, "steps", "%" PRIu64, t->steps);
    ckpt_meta(b, "seen", "%" PRIu64, t->seen);
    ckpt_meta(b, "seconds", "%.3f", l->seconds);
    ckpt_meta(b, "seed", "%" PRIu64, t->data->seed);
    ckpt_meta(b, "epoch", "%" PRIu64, t->data->epoch);
    ckpt_meta(b, "next", "%zu", t->data->next);
    write_places(b, t->data);
    ckpt_meta(b, "loss", "%.9g", t->loss);
    ckpt_meta(b, "device", "%s", t->f->k->name);
    if (l->evals == 0)
        return;
    ckpt_meta(b, "evals", "%ld", l->evals);
    ckpt_meta(b, "val_bpb", "%.9g", l->val_bpb);
    ckpt_meta(b, "best_bpb", "%.9g", l->best_bpb);
    ckpt_meta(b, "best_step", "%" PRIu64, l->best_step);
}

/* What a checkpoint holds, on the host: the run's own memory where that is
 * it, copies elsewhere. */
struct state {
    float *w, *table, *acc, *m, *v;
};

static float *
to_host(const struct kern *k, float *p, size_t n)
{
    float *host;

    if (k->host || !p)
        return p;
    if ((host = malloc(n * sizeof *host + 1)))
        k->get(host, p, n * sizeof *host);
    return host;
}

static int
state_open(struct state *s, const struct train *t, struct why *w)
{
    const struct ffn *f = t->f;
    const struct kern *k = f->k;

    s->w = to_host(k, f->w, f->size);
    s->table = to_host(k, f->table, ffn_table_size(f));
    s->acc = to_host(k, t->acc, ffn_rows(f));
    s->m = to_host(k, t->m, f->size);
    s->v = to_host(k, t->v, f->size);
    if (!s->w || (f->table && !s->table) || !s->acc || !s->m || !s->v)
        return why_set(w, "out of memory: a copy of the model");
    return k->error() ? why_set(w, "%s", k->error()) : 0;
}

static void
state_close(struct state *s, const struct kern *k)
{
    if (k->host)
        return;
    free(s->w);
    free(s->table);
    free(s->acc);
    free(s->m);
    free(s->v);
}

static size_t
list_memory(struct ckpt_tensor *list, const struct memory *m)
{
    size_t n = 0, tables = (size_t)m->plan->counts;

    if (tables)
        list[n++] = (struct ckpt_tensor){
            .name = "memory.counts",
            .ndim = 3,
            .dim = { tables, memory_counts(m->plan) / tables,
                     sizeof *m->counts },
            .bytes = m->counts,
        };
    tables = (size_t)m->plan->matches;
    if (tables == 0)
        return n;
    list[n++] = (struct ckpt_tensor){
        .name = "memory.places",
        .ndim = 3,
        .dim = { tables, memory_places(m->plan) / tables, sizeof *m->places },
        .bytes = m->places,
    };
    list[n++] = (struct ckpt_tensor){
        .name = "memory.text", .ndim = 1, .dim = { m->n }, .bytes = m->text
    };
    return n;
}

static int
write_state(const char *path, const struct train *t, const struct state *s,
            const struct ffnlife *life, struct why *w)
{
    const struct ffn *f = t->f;
    struct ckpt_tensor list[FFN_MAX_PARAMS + 8];
    struct sbuf meta = { 0 };
    size_t n = 0, rows = ffn_rows(f), width = (size_t)f->c.width;
    int bad;

    for (int i = 0; i < f->nparam; i++) {
        const struct ffn_param *p = &f->param[i];
        list[n++] = (struct ckpt_tensor){
            p->name, 2, { (size_t)p->rows, (size_t)p->cols }, s->w + p->at
        };
    }
    if (rows) {
        list[n++] =
            (struct ckpt_tensor){ "tables", 2, { rows, width }, s->table };
        list[n++] = (struct ckpt_tensor){ "tables.acc", 1, { rows }, s->acc };
    }
    n += list_memory(list + n, &f->memory);
    list[n++] = (struct ckpt_tensor){ "moment1", 1, { f->size }, s->m };
    list[n++] = (struct ckpt_tensor){ "moment2", 1, { f->size }, s->v };
    write_meta(&meta, t, life);
    bad = ckpt_write(path, &meta, list, n, w);
    sbuf_free(&meta);
    return bad;
}

int
ffnfile_save(const char *path, const struct train *t,
             const struct ffnlife *life, struct why *w)
{
    struct state s;
    int bad = state_open(&s, t, w);

    if (!bad)
        bad = write_state(path, t, &s, life, w);
    state_close(&s, t->f->k);
    return bad;
}
