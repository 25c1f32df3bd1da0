/* Gradients against central differences, for every shape of the model. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "num/ffn.h"
#include "num/rng.h"

enum { N = 12 };
static const uint8_t text[] = "ab\nab\ncab cab";
static const uint8_t learned[] = "ab\nab cab\ncab cabd.";
static struct reader reader;

/* Of the text, under a model that remembers another one. */
static double
loss(const struct ffn *f, struct ffn_work *k)
{
    double sum = 0;
    size_t right = 0;

    reader_start(&reader, 0);
    k->in.hint_at[0] = 0;
    reader_read(&reader, &f->memory, text, N, &k->in);
    ffn_take(f, k, N);
    ffn_forward(f, k, text, N);
    ffn_loss(f, k, text + 1, 1, N, &sum, &right);
    return sum;
}

/* d loss / d *w from two losses. Float32 forward passes: about 1e-3 of noise.
 */
static double
difference(const struct ffn *f, struct ffn_work *k, float *w)
{
    const float eps = 4e-3f;
    float keep = *w;
    double up, down;

    *w = keep + eps;
    up = loss(f, k);
    *w = keep - eps;
    down = loss(f, k);
    *w = keep;
    return (up - down) / (2 * eps);
}

static void
check_tables(struct ffn *f, struct ffn_work *k, const float *df)
{
    size_t width = (size_t)f->c.width, fw = width * (size_t)f->features;

    for (int t = 0; t < f->features; t++) {
        const uint32_t *rows = k->in.rows + (size_t)t * k->in.ld;
        uint32_t row = rows[8];
        float want = 0, *w = f->table + (f->row_at[t] + row) * width;
        for (int i = 0; i < N; i++)
            if (rows[i] == row)
                want += df[(size_t)i * fw + (size_t)t * width + 1];
        CHECK_NEAR(want, difference(f, k, w + 1), 2e-2, 3e-3);
    }
}

/* Every weight that a hint has, and one that none has. */
static void
check_hints(struct ffn *f, struct ffn_work *k, const float *grad)
{
    size_t at = ffn_find(f, "hint.weight")->at;
    uint32_t n = k->in.hint_at[N];
    int sources[READER_MAX_SOURCES] = { 0 };

    CHECK(n > 0);
    for (uint32_t i = 0; i < n; i++) {
        size_t j = at + k->in.hints[i].weight;
        CHECK_NEAR(grad[j], difference(f, k, f->w + j), 2e-2, 3e-3);
        sources[k->in.hints[i].source]++;
    }
    for (int i = 0; i < f->plan.sources; i++)
        CHECK(sources[i] > 0);
    CHECK(grad[at + (size_t)f->plan.weights - 1] == 0);
}

static void
open_model(struct ffn *f, const struct ffn_config *c)
{
    struct why w;

    CHECK(ffn_open(f, c, &w) == 0);
    CHECK(reader_open(&reader, &f->plan, &w) == 0);
    f->memory.text = learned;
    f->memory.n = sizeof learned - 1;
    memory_learn(&f->memory, 0, 0, sizeof learned - 2, 0, 1);
}

static void
close_model(struct ffn *f)
{
    reader_close(&reader);
    ffn_close(f);
}

static void
check_shape(struct ffn_config c)
{
    struct ffn f;
    struct ffn_work k;
    struct rng r;
    struct why w;
    float *grad, *df;

    open_model(&f, &c);
    CHECK(ffn_work_open(&k, &f, N, 1, &w) == 0);
    rng_seed(&r, 3);
    for (size_t i = 0; i < f.size; i++)
        f.w[i] = 0.3f * rng_normal(&r);
    for (size_t i = 0; i < ffn_table_size(&f); i++)
        f.table[i] = 0.3f * rng_normal(&r);
    grad = malloc(f.size * sizeof *grad);
    for (size_t i = 0; i < f.size; i++)
        grad[i] = NAN; /* whatever is there is overwritten */
    loss(&f, &k);
    ffn_backward(&f, &k, N, grad);
    df = malloc(sizeof *df * N * (size_t)(c.width * f.features + 1));
    memcpy(df, k.f, sizeof *df * N * (size_t)(c.width * f.features));
    for (int i = 0; i < f.nparam; i++)
        for (int j = 0; j < 4; j++) {
            const struct ffn_param *p = &f.param[i];
            size_t at = p->at + rng_below(&r, (size_t)p->rows * p->cols);
            if (strcmp(p->name, "embed") == 0) /* a byte that occurs */
                at = p->at + text[j % N] * (size_t)p->cols + (size_t)j;
            CHECK_NEAR(grad[at], difference(&f, &k, f.w + at), 2e-2, 3e-3);
        }
    check_tables(&f, &k, df);
    if (f.hint)
        check_hints(&f, &k, grad);
    free(grad);
    free(df);
    ffn_work_close(&k);
    close_model(&f);
}

static const struct ffn_config base = {
    .context = 64,
    .layers = 2,
    .model = 12,
    .hidden = 10,
    .read = { .embed = 3u << 1 | 1u << CONTEXT_WORD,
              .counts = 1u << 2 | 1u << CONTEXT_WORDS,
              .recent = 1u << 0 | 1u << CONTEXT_LINE,
              .repeats = 1u << 1,
              .matches = 1u << 2,
              .bits = 8,
              .counts_bits = 8 },
    .width = 4,
};

static void
test_gradients(void)
{
    for (int act = KERN_SWIGLU; act <= KERN_RELU2; act++)
        for (int norm = FFN_PRE; norm <= FFN_NONE; norm++) {
            struct ffn_config c = base;
            c.act = act;
            c.norm = norm;
            c.tied = (act + norm) % 2;
            check_shape(c);
        }
    promise("ffn: the gradient is the slope, for each act and norm");
    struct ffn_config c = base;
    c.layers = 0;
    check_shape(c);
    c.read = (struct reader_config){ .bits = 8, .counts_bits = 8 };
    check_shape(c);
    c.layers = 1;
    check_shape(c);
    c.read.matches = 1u << 1;
    check_shape(c);
    promise("ffn: also without contexts, hints and layers");
}

/* Evaluation shares activations between layers; it must not show. */
static void
test_inference(void)
{
    for (int norm = FFN_PRE; norm <= FFN_NONE; norm++) {
        struct ffn_config c = base;
        struct ffn f;
        struct ffn_work train, eval;
        struct why w;
        c.norm = norm;
        open_model(&f, &c);
        ffn_init(&f, 5);
        f.w[ffn_find(&f, "head")->at + 3] = 2;
        CHECK(ffn_work_open(&train, &f, N, 1, &w) == 0);
        CHECK(ffn_work_open(&eval, &f, N, 0, &w) == 0);
        CHECK(loss(&f, &train) == loss(&f, &eval));
        ffn_work_close(&train);
        ffn_work_close(&eval);
        close_model(&f);
    }
    promise("ffn: inference and training compute the same loss");
}

static void
test_start(void)
{
    struct ffn f;
    struct ffn_work k;
    struct ffn_config c = base;
    struct why w;

    open_model(&f, &c);
    ffn_init(&f, 1);
    CHECK(ffn_work_open(&k, &f, N, 0, &w) == 0);
    CHECK(loss(&f, &k) < N * log(256) - 0.5); /* counts speak for themselves */
    CHECK(ffn_count(&f) == f.size + 4u * (3 * 256 + 6 * 8192));
    ffn_work_close(&k);
    close_model(&f);
    c.read = (struct reader_config){ .embed = 3, .bits = 8, .counts_bits = 8 };
    open_model(&f, &c);
    ffn_init(&f, 1);
    CHECK(ffn_work_open(&k, &f, N, 0, &w) == 0);
    CHECK_NEAR(loss(&f, &k), N * log(256), 1e-5, 0);
    ffn_work_close(&k);
    close_model(&f);
    c.model = 0;
    CHECK(ffn_open(&f, &c, &w) < 0);
    promise("ffn: a new model guesses uniformly or as counts do; impossible "
            "shapes are refused");
}

int
main(void)
{
    test_gradients();
    test_inference();
    test_start();
    return check_done();
}
