/*
 * ffn-info - describe checkpoints
 *
 * What a model is and how far its training got; with --tensors one row for
 * each tensor, so that "ffn-info -t m.ckpt | sort -k3" and friends work.
 */
#include <err.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/each.h"
#include "common/exitcode.h"
#include "common/opt.h"
#include "common/out.h"
#include "num/ffnfile.h"

static int json, tensors, zero;
static const struct opt opts[] = {
    { '0', "null", OPT_FLAG, &zero, NULL, "names on stdin end in NUL" },
    { 'j', "json", OPT_FLAG, &json, NULL, "write JSON lines, not TSV" },
    { 't', "tensors", OPT_FLAG, &tensors, NULL,
      "one row for each tensor: shape, mean, spread, extremes" },
    { 0 },
};
static const int exits[] = { X_YES, X_FAIL, -1 };
static const struct tool tool = {
    .usage = "[-0jt] [ckpt ...]",
    .what = "describe checkpoints",
    .opts = opts,
    .exits = exits,
    .examples = "  ffn-info model.ckpt\n"
                "  ffn-info -t model.ckpt | column -t\n"
                "  ls *.ckpt | ffn-info -j | jq -r .params\n",
};

static const char *const fields[] = { "file", "key", "value", NULL };
static const char *const columns[] = { "file", "tensor", "shape", "mean",
                                       "sd",   "min",    "max",   NULL };

static void
row(struct out *o, const char *file, const struct ckpt_tensor *t)
{
    const uint8_t *bytes = t->bytes;
    char shape[96] = "";
    double sum = 0, sumsq = 0, min = INFINITY, max = -INFINITY, mean;
    size_t n = ckpt_count(t), len = 0;

    for (int i = 0; i < t->ndim; i++)
        len += (size_t)snprintf(shape + len, sizeof shape - len, "%s%zu",
                                i ? "x" : "", t->dim[i]);
    for (size_t i = 0; i < n; i++) {
        double x = bytes ? bytes[i] : (double)t->data[i];
        sum += x;
        sumsq += x * x;
        min = x < min ? x : min;
        max = x > max ? x : max;
    }
    mean = sum / (double)n;
    out_str(o, file);
    out_str(o, t->name);
    out_str(o, shape);
    out_num(o, mean);
    out_num(o, sqrt(fmax(0, sumsq / (double)n - mean * mean)));
    out_num(o, min);
    out_num(o, max);
}

static void
list_tensors(struct out *o, const char *file, const struct ffn *f,
             const struct ffnfile *x)
{
    for (size_t i = 0; i < x->ckpt.ntensor; i++)
        row(o, file, &x->ckpt.tensor[i]);
    for (int i = 0; x->bundle && i < f->nparam; i++) {
        const struct ffn_param *p = &f->param[i];
        row(o, file,
            &(struct ckpt_tensor){ p->name,
                                   2,
                                   { (size_t)p->rows, (size_t)p->cols },
                                   f->w + p->at });
    }
}

static void
field(struct out *o, const char *file, const char *key, const char *value)
{
    out_str(o, file);
    out_str(o, key);
    out_str(o, value);
}

static void
number(struct out *o, const char *file, const char *key, long long value)
{
    char text[32];

    snprintf(text, sizeof text, "%lld", value);
    field(o, file, key, text);
}

static void
list_fields(struct out *o, const char *file, const struct ffn *f,
            const struct ffnfile *x)
{
    field(o, file, "format",
          x->bundle ? "isis bundle" : "learnutils checkpoint");
    number(o, file, "version", x->bundle ? 1 : CKPT_VERSION);
    number(o, file, "params", (long long)ffn_count(f));
    for (size_t i = 0; i < x->ckpt.nmeta; i++)
        field(o, file, x->ckpt.meta[2 * i], x->ckpt.meta[2 * i + 1]);
    if (!x->bundle)
        return;
    number(o, file, "context", f->c.context);
    number(o, file, "layers", f->c.layers);
    number(o, file, "model", f->c.model);
    number(o, file, "hidden", f->c.hidden);
    number(o, file, "steps", x->steps);
    number(o, file, "seen", x->seen);
}

static int
describe(const char *file, void *ctx)
{
    struct out *o = ctx;
    struct ffn f;
    struct ffnfile x;
    struct why w;

    if (ffnfile_load(&f, &x, file, &w) < 0) {
        warnx("%s", w.s);
        return X_FAIL;
    }
    if (tensors)
        list_tensors(o, file, &f, &x);
    else
        list_fields(o, file, &f, &x);
    ffn_close(&f);
    ffnfile_close(&x);
    return X_YES;
}

int
main(int argc, char *argv[])
{
    int first = opt_parse(argc, argv, &tool);
    struct out o = { .fp = stdout,
                     .form = json ? OUT_JSON : OUT_TSV,
                     .cols = tensors ? columns : fields };
    int status = each_operand(argc - first, argv + first, zero ? '\0' : '\n',
                              describe, &o);

    out_close(&o);
    return status;
}
