#include <assert.h>
#include <string.h>

#include "num/isis.h"
#include "num/settings.h"

struct settings settings = {
    .model = {
    .context = 65536,
    .width = 12,
    .norm = FFN_PRE,
    },
    .rule = {
    .lr = 2e-3,
    .table_lr = 0.1,
    .beta1 = 0.9,
    .beta2 = 0.99,
    .eps = 1e-8,
    .decay = 0.01,
    .clip = 1,
    .batch = 1024,
    },
    .warmup = 0.02,
    .decay = 0.4,
    .seed = 1,
    .segment = 128,
    .embed_by = "2-7,word,words",
    .counts = "3-7,word,words",
    .recent = "1-6,8,word,words,gap,line",
    .repeats = "2,4,8",
    .matches = "8,12,20",
};

/* Sorted by name. */
static const struct opt table[] = {
    { 0, "act", OPT_ONEOF, &settings.model.act, "swiglu|geglu|gelu|relu2",
      "activation of the hidden layers (swiglu)", .conf = 1 },
    { 0, "batch", OPT_INT, &settings.rule.batch, "n", "positions a step (1024)",
      1, 1 << 24, 1 },
    { 0, "bits", OPT_INT, &settings.model.read.bits, "n",
      "a table of embeddings has 2^N rows (by the text, up to 18)", 8, 28, 1 },
    { 0, "clip", OPT_NUM, &settings.rule.clip, "x",
      "largest gradient norm, 0 for any (1)", 0, 1e9, 1 },
    { 0, "context", OPT_INT, &settings.model.context, "n",
      "window in bytes: none sees past its start (65536)", 1, 1 << 30, 1 },
    { 0, "counts", OPT_STR, &settings.counts, "contexts",
      "count what follows in the training text (3-7,word,words)", .conf = 1 },
    { 0, "counts-bits", OPT_INT, &settings.model.read.counts_bits, "n",
      "such a table has 2^N records (by the text, up to 22)", 8, 28, 1 },
    { 0, "decay", OPT_NUM, &settings.decay, "x",
      "share of the run in which the rate falls to 0 (0.4)", 0, 1, 1 },
    { 0, "embed-by", OPT_STR, &settings.embed_by, "contexts",
      "contexts with a learned embedding (2-7,word,words)", .conf = 1 },
    { 0, "hidden", OPT_INT, &settings.model.hidden, "n",
      "width of a hidden layer", 1, 262144, 1 },
    { 0, "layers", OPT_INT, &settings.model.layers, "n", "hidden layers", 0,
      FFN_MAX_LAYERS, 1 },
    { 0, "lr", OPT_NUM, &settings.rule.lr, "x", "peak learning rate (0.002)",
      1e-12, 1e3, 1 },
    { 0, "matches", OPT_STR, &settings.matches, "lengths",
      "look for as many last bytes in the training text (8,12,20)", .conf = 1 },
    { 0, "model", OPT_INT, &settings.model.model, "n",
      "width of the residual stream", 1, 65536, 1 },
    { 0, "norm", OPT_ONEOF, &settings.model.norm, "pre|post|none",
      "where layers normalise (pre)", .conf = 1 },
    { 0, "opt", OPT_ONEOF, &settings.rule.opt, "adamw|muon|sgd",
      "update rule of the dense weights (adamw)", .conf = 1 },
    { 0, "precision", OPT_ONEOF, &settings.precision, "auto|fp32|bf16",
      "factors of matrix products (auto: bf16 where it is fast)", .conf = 1 },
    { 0, "recent", OPT_STR, &settings.recent, "contexts",
      "count what follows in the window (1-6,8,word,words,gap,line)",
      .conf = 1 },
    { 0, "remember", OPT_FLAG, &settings.rule.remember, NULL,
      "keep context tables from one pass over the text to the next",
      .conf = 1 },
    { 0, "repeats", OPT_STR, &settings.repeats, "lengths",
      "look for as many last bytes in the window (2,4,8)", .conf = 1 },
    { 0, "seed", OPT_INT, &settings.seed, "n",
      "start of every random choice (1)", 0, 1e15, 1 },
    { 0, "segment", OPT_INT, &settings.segment, "n",
      "bytes taken together when shuffling (128)", 1, 1 << 30, 1 },
    { 0, "size", OPT_ONEOF, &settings.size, "small|medium|large|xl",
      "preset of model, hidden and layers (small)", .conf = 1 },
    { 0, "table-lr", OPT_NUM, &settings.rule.table_lr, "x",
      "learning rate of the tables (0.1)", 0, 1e3, 1 },
    { 0, "tied", OPT_FLAG, &settings.model.tied, NULL,
      "use the embedding as the head", .conf = 1 },
    { 0, "warmup", OPT_NUM, &settings.warmup, "x",
      "share of the run in which the rate rises (0.02)", 0, 1, 1 },
    { 0, "weight-decay", OPT_NUM, &settings.rule.decay, "x",
      "AdamW's decay of matrices (0.01)", 0, 10, 1 },
    { 0, "width", OPT_INT, &settings.model.width, "n",
      "floats in a row of a table (12)", 1, 1024, 1 },
    { 0 },
};

void
settings_table(struct opt *all, size_t max, const struct opt *own)
{
    const struct opt *more = table;
    size_t n = 0;

    for (; n + 1 < max && (own->s || own->name || more->name); n++)
        all[n] = !more->name                         ? *own++
                 : own->s                            ? *own++
                 : !own->name                        ? *more++
                 : strcmp(own->name, more->name) < 0 ? *own++
                                                     : *more++;
    assert(!own->s && !own->name && !more->name); /* max is too small */
}

void
settings_preset(const struct tool *t)
{
    static const long shape[][3] = {
        { 96, 192, 1 }, { 256, 512, 2 }, { 512, 1536, 4 }, { 1024, 4096, 8 }
    };
    const long *of = shape[settings.size];

    if (!opt_given(t, "model"))
        settings.model.model = of[0];
    if (!opt_given(t, "hidden"))
        settings.model.hidden = of[1];
    if (!opt_given(t, "layers"))
        settings.model.layers = of[2];
}

int
settings_sets(struct why *w)
{
    struct settings *s = &settings;
    struct reader_config *r = &s->model.read;
    const struct {
        const char *name, *text;
        uint32_t *set;
    } sets[] = {
        { "embed-by", s->embed_by, &r->embed },
        { "counts", s->counts, &r->counts },
        { "recent", s->recent, &r->recent },
        { "repeats", s->repeats, &r->repeats },
        { "matches", s->matches, &r->matches },
    };
    struct why inner;

    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        if (context_set(sets[i].set, sets[i].text, &inner) < 0)
            return why_set(w, "%s: %s", sets[i].name, inner.s);
    return 0;
}

void
settings_isis(const struct tool *t)
{
    struct settings *s = &settings;
    double lr = s->rule.lr;
    long context = s->model.context;

    s->model = isis_config(opt_given(t, "size") ? (enum isis_size)s->size
                                                : ISIS_LARGE);
    if (opt_given(t, "context"))
        s->model.context = context;
    s->embed_by = s->counts = s->recent = s->repeats = s->matches = "none";
    s->rule = isis_rule(&s->model);
    if (opt_given(t, "lr"))
        s->rule.lr = lr;
    s->segment = s->model.context;
    s->warmup = s->decay = 0;
    if (s->precision == FFN_AUTO)
        s->precision = FFN_FP32;
}
