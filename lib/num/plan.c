#include <sys/resource.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/deadline.h"
#include "num/bpb.h"
#include "num/plan.h"
#include "num/rng.h"

enum { MADE_UP = 4 << 20, WORDS = 4000, LETTERS = 12 };

/* What the process has before a model, and the buffers of its products: those
 * of OpenBLAS are larger than our own. */
static double
base_memory(const struct plan *p)
{
    int own = p->precision != FFN_FP32 && kern_low();
    struct rusage use;

    getrusage(RUSAGE_SELF, &use);
    return 1024.0 * (double)use.ru_maxrss +
           (double)p->threads * (double)((own ? 2 : 10) << 20);
}

int
plan_sizes(struct plan *p, struct why *w)
{
    struct ffn f;

    reader_fit(&p->model.read, p->n ? p->n : MADE_UP);
    if (ffn_plan(&f, &p->model, w) < 0)
        return -1;
    p->params = ffn_count(&f);
    p->dense = f.size;
    p->memory = base_memory(p) +
                (double)(sizeof(float) * p->params +
                         train_memory(&f, &p->rule, p->segment, p->threads) +
                         memory_size(&f.plan));
    if (p->val)
        p->memory += (double)(bpb_memory(&f, p->threads));
    p->checkpoint =
        (double)(sizeof(float) * (p->params + 2 * p->dense + ffn_rows(&f)) +
                 memory_size(&f.plan) + p->n);
    p->byte_flops = 6 * ffn_macs(&f);
    p->step_flops = p->byte_flops * (double)p->rule.batch;
    p->step_seconds = p->bytes_a_second = p->seconds = NAN;
    return 0;
}

/* Words drawn by rank with probability 1/rank, as in a language; their letters
 * unevenly, too. */
static void
make_up(uint8_t *text, size_t n)
{
    static const char letters[] = "etaoinshrdlucmfwypvbgkjqxz";
    static char word[WORDS][LETTERS + 1];
    struct rng r;
    size_t len;

    rng_seed(&r, 1);
    for (int i = 0; i < WORDS; i++) {
        len = 1 + rng_below(&r, LETTERS - 1);
        for (size_t j = 0; j < len; j++) {
            float u = rng_uniform(&r);
            word[i][j] = letters[(int)(26 * u * u)];
        }
        word[i][len] = rng_below(&r, 12) ? ' ' : '\n';
    }
    for (size_t at = 0; at < n; at += len) {
        const char *s = word[(int)pow(WORDS, rng_uniform(&r)) - 1];
        len = strcspn(s, " \n") + 1;
        len = len < n - at ? len : n - at;
        memcpy(text + at, s, len);
    }
}

/* What the steps run on. */
struct bench {
    struct ffn f;
    struct team *team;
    const uint8_t *text;
    size_t n;
};

/* Mean seconds of a step of `batch` positions: the first is not counted, then
 * at least two and as many as fit into `limit` seconds. */
static int
time_steps(const struct plan *p, struct bench *b, long batch, double limit,
           double *mean, struct why *w)
{
    struct train_config rule = p->rule;
    struct bytes data = { 0 };
    struct train t = { 0 };
    double start = 0, spent = 0;
    int bad;

    rule.batch = batch;
    bad = bytes_open(&data, b->text, b->n, (size_t)p->model.context, p->segment,
                     (int)((size_t)batch / p->segment), rule.sum, 1, w) < 0 ||
          train_open(&t, &b->f, &data, b->team, &rule, w) < 0;
    for (int i = 0; !bad && (i < 3 || spent < limit); i++) {
        if (train_step(&t, 0, w) < 0)
            bad = 1;
        else if (i == 0)
            start = deadline_now();
        spent = deadline_now() - start;
        *mean = i ? spent / i : 0;
    }
    train_close(&t);
    bytes_close(&data);
    return bad ? -1 : 0;
}

/* Where a step takes long, a line through two smaller ones. */
static int
measure(struct plan *p, struct bench *b, struct why *w)
{
    long batch = p->rule.batch, part = (long)p->segment * p->threads;
    double one, two;

    if (part < batch) {
        if (time_steps(p, b, part, 0.1, &one, w) < 0)
            return -1;
        if (one * (double)batch / (double)part > 0.5) {
            if (time_steps(p, b, 2 * part, 0.1, &two, w) < 0)
                return -1;
            p->step_seconds =
                one + (two - one) * (double)(batch - part) / (double)part;
            return 0;
        }
    }
    return time_steps(p, b, batch, 0.8, &p->step_seconds, w);
}

int
plan_times(struct plan *p, struct why *w)
{
    double room =
        (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    struct bench b = { .text = p->text, .n = p->n };
    uint8_t *made = NULL;
    int bad = 0;

    if (p->memory > 0.8 * room)
        return why_set(w, "needs %.0f MiB, this machine has %.0f",
                       p->memory / 1048576, room / 1048576);
    if (!b.text) {
        b.n = MADE_UP;
        if (!(made = malloc(b.n)))
            return why_set(w, "out of memory");
        make_up(made, b.n);
        b.text = made;
    }
    if (!(b.team = team_open(p->threads, w)) ||
        ffn_open(&b.f, &p->model, w) < 0 ||
        ffn_products(&b.f, (enum ffn_precision)p->precision, w) < 0) {
        bad = -1;
    } else { /* weights of zero take as long, and no time to draw */
        bad = measure(p, &b, w);
        ffn_close(&b.f);
    }
    team_close(b.team);
    free(made);
    if (bad)
        return -1;
    p->bytes_a_second = (double)p->rule.batch / p->step_seconds;
    if (p->text)
        p->seconds = (double)p->n / p->bytes_a_second;
    return 0;
}

static void
line(struct sbuf *b, const char *key, double value, int decimals)
{
    sbuf_addf(b, "%s: ", key);
    if (!isnan(value))
        sbuf_addf(b, "%.*f", decimals, value);
    sbuf_adds(b, "\n");
}

void
plan_text(const struct plan *p, struct sbuf *b)
{
    line(b, "params", (double)p->params, 0);
    line(b, "dense_params", (double)p->dense, 0);
    line(b, "memory_mb", p->memory / 1048576, 1);
    line(b, "checkpoint_mb", p->checkpoint / 1048576, 1);
    line(b, "flops_a_byte", p->byte_flops, 0);
    line(b, "flops_a_step", p->step_flops, 0);
    line(b, "step_seconds", p->step_seconds, 6);
    line(b, "bytes_per_s", p->bytes_a_second, 0);
    line(b, "pass_seconds", p->seconds, 1);
}
