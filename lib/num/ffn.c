#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "num/ffn.h"
#include "num/rng.h"

static void
param(struct ffn *f, int rows, int cols, int matrix, const char *name)
{
    struct ffn_param *p = &f->param[f->nparam++];

    *p = (struct ffn_param){
        .at = f->size, .rows = rows, .cols = cols, .matrix = matrix, .rate = 1
    };
    snprintf(p->name, sizeof p->name, "%s", name);
    f->size += (size_t)rows * (size_t)cols;
}

static void
layer_param(struct ffn *f, int l, int rows, int cols, int matrix,
            const char *name)
{
    char full[32];

    snprintf(full, sizeof full, "layer%d.%s", l, name);
    param(f, rows, cols, matrix, full);
}

static int
check(const struct ffn_config *c, struct why *w)
{
    const struct {
        const char *name;
        long val, min, max;
    } limit[] = {
        { "context", c->context, 1, 1 << 30 },
        { "layers", c->layers, 0, FFN_MAX_LAYERS },
        { "model", c->model, 1, 65536 },
        { "hidden", c->hidden, 1, 262144 },
        { "width", c->width, 1, 1024 },
        { "act", c->act, 0, KERN_RELU2 },
        { "norm", c->norm, 0, FFN_NONE },
        { "tied", c->tied, 0, 1 },
    };

    for (size_t i = 0; i < sizeof limit / sizeof *limit; i++)
        if (limit[i].val < limit[i].min || limit[i].val > limit[i].max)
            return why_set(w, "%s: %ld is outside %ld to %ld", limit[i].name,
                           limit[i].val, limit[i].min, limit[i].max);
    return 0;
}

/* A kind of hint is met far less often than a row of a matrix is, and there is
 * nothing to disturb: ten times the rate. */
static void
hint_params(struct ffn *f, int d)
{
    f->hint = f->nparam;
    param(f, 1, f->plan.weights, 0, "hint.weight");
    f->param[f->hint].rate = 10;
    param(f, f->plan.sources, d, 0, "hint.gate");
    param(f, 1, f->plan.sources, 0, "hint.gate.bias");
}

int
ffn_plan(struct ffn *f, const struct ffn_config *c, struct why *w)
{
    int d = (int)c->model, h = (int)c->hidden;

    *f = (struct ffn){ .c = *c, .k = &kern_cpu };
    if (check(c, w) < 0 || reader_plan(&f->plan, &c->read, c->context, w) < 0)
        return -1;
    f->features = f->plan.rows;
    for (int i = 0; i < f->features; i++)
        f->row_at[i + 1] = f->row_at[i] + ((size_t)1 << f->plan.row_bits[i]);
    param(f, FFN_VOCAB, d, 0, "embed");
    if (f->features)
        param(f, d, f->features * (int)c->width, 1, "in");
    for (int l = 0; l < c->layers; l++) {
        int up = h * kern_act_inputs((enum kern_act)c->act);
        if (c->norm != FFN_NONE) {
            layer_param(f, l, 1, d, 0, "norm.gain");
            layer_param(f, l, 1, d, 0, "norm.bias");
        }
        layer_param(f, l, up, d, 1, "up");
        layer_param(f, l, 1, up, 0, "up.bias");
        layer_param(f, l, d, h, 1, "down");
        layer_param(f, l, 1, d, 0, "down.bias");
    }
    f->tail = f->nparam;
    if (c->norm == FFN_PRE) {
        param(f, 1, d, 0, "norm.gain");
        param(f, 1, d, 0, "norm.bias");
    }
    if (!c->tied)
        param(f, FFN_VOCAB, d, 1, "head");
    if (f->plan.sources)
        hint_params(f, d);
    return 0;
}

int
ffn_open(struct ffn *f, const struct ffn_config *c, struct why *w)
{
    if (ffn_plan(f, c, w) < 0)
        return -1;
    f->k->start();
    f->w = f->k->alloc(f->size * sizeof *f->w);
    if (f->features)
        f->table = f->k->alloc(ffn_table_size(f) * sizeof *f->table);
    if (f->w && (f->table || !f->features) &&
        memory_open(&f->memory, &f->plan) == 0)
        return 0;
    ffn_close(f);
    return why_set(w, "out of memory: a model of %zu parameters", ffn_count(f));
}

void
ffn_close(struct ffn *f)
{
    if (f->k) {
        f->k->free(f->w);
        f->k->free(f->table);
    }
    memory_close(&f->memory);
    f->w = f->table = NULL;
}

int
ffn_move(struct ffn *f, const struct kern *k, struct why *w)
{
    struct ffn to = *f;
    size_t dense = f->size * sizeof *f->w;
    size_t rows = ffn_table_size(f) * sizeof *f->table;

    if (k == f->k)
        return 0;
    to.k = k;
    to.memory = (struct memory){ 0 };
    k->start();
    to.w = k->alloc(dense);
    to.table = f->features ? k->alloc(rows) : NULL;
    if (!to.w || (f->features && !to.table)) {
        ffn_close(&to);
        return why_set(w, "out of memory on the device: a model of %zu bytes",
                       dense + rows);
    }
    k->put(to.w, f->w, dense);
    if (f->features)
        k->put(to.table, f->table, rows);
    to.memory = f->memory;
    f->memory = (struct memory){ 0 };
    ffn_close(f);
    *f = to;
    return 0;
}

int
ffn_products(struct ffn *f, enum ffn_precision p, struct why *w)
{
    const struct kern *low = kern_low();

    if (p == FFN_BF16 && !low)
        return why_set(w, "no bf16 products on this processor: use fp32");
    if (f->k == &kern_cpu && low && p != FFN_FP32)
        f->k = low;
    return 0;
}

const struct ffn_param *
ffn_find(const struct ffn *f, const char *name)
{
    for (int i = 0; i < f->nparam; i++)
        if (strcmp(f->param[i].name, name) == 0)
            return &f->param[i];
    return NULL;
}

size_t
ffn_rows(const struct ffn *f)
{
    return f->row_at[f->features];
}

size_t
ffn_table_size(const struct ffn *f)
{
    return ffn_rows(f) * (size_t)f->c.width;
}

size_t
ffn_count(const struct ffn *f)
{
    return f->size + ffn_table_size(f);
}

double
ffn_macs(const struct ffn *f)
{
    double sum = (double)f->plan.sources * (double)f->c.model;

    if (f->c.tied)
        sum += (double)FFN_VOCAB * (double)f->c.model;
    for (int i = 0; i < f->nparam; i++)
        if (f->param[i].matrix)
            sum += (double)f->param[i].rows * f->param[i].cols;
    return sum;
}

/*
 * Tables start at zero, so that a context never seen adds nothing; the head
 * too, so that the first loss is ln 256. Down projections shrink with depth
 * (GPT-2's rule: 1/sqrt(2 layers)).
 */
void
ffn_init(struct ffn *f, uint64_t seed)
{
    struct rng r;

    rng_seed(&r, seed);
    for (int i = 0; i < f->nparam; i++) {
        const struct ffn_param *p = &f->param[i];
        float scale = 0, offset = 0;
        size_t len = strlen(p->name), n = (size_t)p->rows * (size_t)p->cols;
        if (strcmp(p->name, "embed") == 0)
            scale = 1 / sqrtf((float)p->cols);
        else if (p->matrix && i < f->tail)
            scale = 1 / sqrtf((float)p->cols);
        else if (len >= 9 && strcmp(p->name + len - 9, "norm.gain") == 0)
            offset = 1;
        if (len >= 4 && strcmp(p->name + len - 4, "down") == 0)
            scale /= sqrtf(2 * (float)f->c.layers);
        for (size_t j = 0; j < n; j++)
            f->w[p->at + j] = offset + (scale > 0 ? scale * rng_normal(&r) : 0);
    }
    if (f->hint)
        reader_weights(&f->plan, f->w + f->param[f->hint].at);
    if (f->features)
        memset(f->table, 0, sizeof *f->table * ffn_table_size(f));
    memory_clear(&f->memory);
}
