/* Training steps: they learn, repeat to the bit, and add up over a team. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "num/bpb.h"
#include "num/muon.h"
#include "num/rng.h"
#include "num/sched.h"
#include "num/session.h"
#include "num/train.h"

enum { N = 4000 };
static uint8_t text[N + 1];

static const struct ffn_config shape = {
    .context = 256,
    .layers = 1,
    .model = 32,
    .hidden = 48,
    .read = { .embed = 7u << 1 | 1u << CONTEXT_WORD,
              .counts = 3u << 2 | 1u << CONTEXT_WORDS,
              .recent = 15u << 0 | 1u << CONTEXT_LINE,
              .repeats = 1u << 1 | 1u << 3,
              .matches = 1u << 5,
              .bits = 12,
              .counts_bits = 9 },
    .width = 8,
};
static const struct train_config rule = {
    .lr = 3e-3,
    .table_lr = 0.1,
    .beta1 = 0.9,
    .beta2 = 0.99,
    .eps = 1e-8,
    .decay = 0.01,
    .clip = 1,
    .batch = 96,
};

struct run {
    struct ffn f;
    struct bytes data;
    struct team *team;
    struct train t;
};

static void
start_as(struct run *r, const struct ffn_config *f,
         const struct train_config *c, int members)
{
    struct why w;

    CHECK(ffn_open(&r->f, f, &w) == 0);
    ffn_init(&r->f, 1);
    CHECK(bytes_open(&r->data, text, N, 256, 32, 3, 0, 1, &w) == 0);
    CHECK((r->team = team_open(members, &w)) != NULL);
    CHECK(train_open(&r->t, &r->f, &r->data, r->team, c, &w) == 0);
}

static void
start(struct run *r, const struct train_config *c, int members)
{
    start_as(r, &shape, c, members);
}

static void
finish(struct run *r)
{
    train_close(&r->t);
    team_close(r->team);
    bytes_close(&r->data);
    ffn_close(&r->f);
}

static double
steps(struct run *r, int n)
{
    double mean = 0;

    for (int i = 0; i < n; i++) {
        CHECK(train_step(&r->t, 1, NULL) == 0);
        mean += r->t.loss / n;
    }
    return mean;
}

static void
test_learns(void)
{
    for (int opt = TRAIN_ADAMW; opt <= TRAIN_SGD; opt++) {
        struct train_config c = rule;
        struct run r;
        double first;
        c.opt = opt;
        c.lr = opt == TRAIN_SGD ? 0.3 : c.lr;
        start(&r, &c, 2);
        first = steps(&r, 5);
        steps(&r, 80);
        CHECK(steps(&r, 5) < 0.5 * first);
        CHECK(r.t.steps == 90 && r.t.seen <= 90 * 96 && r.t.seen > 80 * 96);
        finish(&r);
    }
    promise("train: adamw, muon and sgd all halve the loss in 90 steps");
}

static void
test_repeats(void)
{
    struct run a, b;

    start(&a, &rule, 2);
    start(&b, &rule, 2);
    steps(&a, 30);
    steps(&b, 30);
    CHECK(memcmp(a.f.w, b.f.w, a.f.size * sizeof(float)) == 0);
    CHECK(memcmp(a.f.table, b.f.table, ffn_table_size(&a.f) * sizeof(float)) ==
          0);
    finish(&b);
    promise("train: the same seed and team give the same bits");
    start(&b, &rule, 3);
    steps(&b, 1);
    finish(&a);
    start(&a, &rule, 1);
    steps(&a, 1);
    CHECK_NEAR(b.t.loss, a.t.loss, 1e-6, 0);
    CHECK_NEAR(b.t.grad_norm, a.t.grad_norm, 1e-5, 0);
    for (size_t i = 0; i < a.f.size; i++)
        if (fabsf(a.f.w[i] - b.f.w[i]) > 1e-4f)
            CHECK(!"weights differ");
    finish(&a);
    finish(&b);
    promise("train: one step of a team of three is one step of one");
}

/* The batch is the streams' whoever reads them, and what is remembered, too. */
static void
test_teams(void)
{
    struct run one, r;

    for (int members = 2; members <= 5; members++) { /* more than streams */
        double worst = 0;
        start(&one, &rule, 1);
        start(&r, &rule, members);
        for (int i = 0; i < 60; i++) {
            steps(&one, 1);
            steps(&r, 1);
            worst = fmax(worst, fabs(r.t.loss / one.t.loss - 1));
        }
        CHECK(worst < 1e-5 * 60);
        CHECK(r.t.seen == one.t.seen && r.data.epoch == 1);
        CHECK(memcmp(r.f.memory.counts, one.f.memory.counts,
                     memory_counts(&r.f.plan) * sizeof(struct census)) == 0);
        CHECK(memcmp(r.f.memory.places, one.f.memory.places,
                     memory_places(&r.f.plan) * sizeof(uint32_t)) == 0);
        finish(&one);
        finish(&r);
    }
    promise("train: losses and memory do not depend on the team");
}

/* Everything of the pass is known once it has settled, whatever was read; back
 * again, it is as before. */
static void
test_settle(void)
{
    struct run r;
    struct census *counts;
    size_t n, bytes, places, known = 0, far = 0, first = 0;

    start(&r, &rule, 2);
    n = memory_counts(&r.f.plan);
    bytes = n * sizeof *counts;
    places = memory_places(&r.f.plan);
    counts = malloc(bytes);
    steps(&r, 20);
    memcpy(counts, r.f.memory.counts, bytes);
    for (size_t i = 0; i < places; i++)
        far += r.f.memory.places[i] > N - 300;
    CHECK(far == 0 || r.data.next == r.data.count);
    train_settle(&r.t, INFINITY);
    CHECK(memcmp(counts, r.f.memory.counts, bytes) != 0);
    for (size_t i = 0; i < places; i++)
        known += r.f.memory.places[i] > N - 300;
    CHECK(known > 0); /* others share their hashes */
    CHECK(r.data.shift > 200);
    for (size_t i = 0; i < places; i++)
        first += r.f.memory.places[i] > 0 && r.f.memory.places[i] < 20;
    CHECK(first > 0);
    train_recall(&r.t);
    CHECK(memcmp(counts, r.f.memory.counts, bytes) == 0);
    steps(&r, 2);
    while (r.data.epoch == 0)
        steps(&r, 1);
    CHECK(bytes_seek(&r.data, 2, 0, NULL, NULL) == 0);
    train_settle(&r.t, INFINITY); /* as if the pass before had never been */
    memcpy(counts, r.f.memory.counts, bytes);
    r.t.epoch = 2;
    train_recall(&r.t);
    train_settle(&r.t, INFINITY);
    CHECK(memcmp(counts, r.f.memory.counts, bytes) == 0);
    free(counts);
    finish(&r);
    promise("train: settled, all of the text is known; recalled, what was");
}

/* A new pass marks the rows of contexts as of the past, not those of sources,
 * and clears but what it meets. */
static void
test_forget(void)
{
    struct run r;
    size_t own, all, past = 0, kept = 0, lost = 0;

    start(&r, &rule, 1);
    own = r.f.row_at[r.f.plan.embeds];
    all = ffn_rows(&r.f);
    while (r.data.epoch == 0)
        steps(&r, 1);
    for (size_t i = 0; i < own; i++)
        past += r.t.acc[i] < 0;
    for (size_t i = own; i < all; i++) {
        kept += r.t.acc[i] > 0;
        lost += r.t.acc[i] < 0;
    }
    CHECK(past > 10 && kept > 10 && lost == 0);
    finish(&r);
    promise("train: a pass forgets rows of contexts, not of evidence");
}

/* Nothing is known of a window while it is read. */
static void
test_unread(void)
{
    struct run r;
    int wrong = 0;

    start(&r, &rule, 2);
    while (r.data.epoch == 0) {
        size_t low[3], high[3];
        steps(&r, 1);
        for (int s = 0; s < 3; s++) {
            low[s] = r.data.place[s].start + 1;
            high[s] = r.data.place[s].at < r.data.place[s].end
                          ? r.data.place[s].end
                          : 0;
        }
        for (size_t i = 0; i < memory_places(&r.f.plan); i++)
            for (int s = 0; s < 3; s++)
                wrong += r.f.memory.places[i] > low[s] &&
                         r.f.memory.places[i] < high[s];
    }
    CHECK(wrong == 0);
    finish(&r);
    promise("train: a window is remembered when it has been read, not before");
}

/* Two bytes, and other texts that are no window. */
static void
test_tiny(void)
{
    static const size_t size[] = { 2, 3, 31, 33, 97, 260 };

    for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
        struct run r;
        struct why w;
        struct bpb b = { 0 };
        CHECK(ffn_open(&r.f, &shape, &w) == 0);
        ffn_init(&r.f, 1);
        CHECK(bytes_open(&r.data, text + 100, size[i], 256, 32, 3, 0, 1, &w) ==
              0);
        CHECK((r.team = team_open(2, &w)) != NULL);
        CHECK(train_open(&r.t, &r.f, &r.data, r.team, &rule, &w) == 0);
        CHECK(steps(&r, 30) < log(256));
        CHECK(r.t.loss < 3);
        train_settle(&r.t, INFINITY);
        CHECK(bpb_eval(&b, &r.f, r.team, text + 100, size[i], 256, 1, &w) ==
                  0 &&
              b.targets == size[i] - 1 && b.bits_per_byte < 2);
        finish(&r);
    }
    promise("train: texts of two bytes and up are learned");
}

/* Rows of the first pass are gone when the second meets them, unless kept. */
static void
test_passes(void)
{
    struct ffn_config plain = shape;
    double second[2];

    plain.read = (struct reader_config){ 0xe, .bits = 12, .counts_bits = 8 };
    for (int remember = 0; remember < 2; remember++) {
        struct train_config c = rule;
        struct run r;
        size_t rows, old = 0, live = 0, left = 0;
        c.remember = remember;
        start_as(&r, &plain, &c, 2);
        rows = ffn_rows(&r.f);
        while (r.data.epoch == 0)
            steps(&r, 1);
        for (size_t i = 0; i < rows; i++) {
            old += r.t.acc[i] < 0;
            live += r.t.acc[i] != 0;
        }
        CHECK(remember ? old == 0 : old > live / 4);
        second[remember] = steps(&r, 4);
        while (r.data.epoch == 1)
            steps(&r, 1);
        for (size_t i = 0; i < rows; i++)
            left += r.t.acc[i] != 0;
        CHECK(left >= live); /* what no one met again stays as it was */
        finish(&r);
    }
    CHECK(second[1] < 0.9 * second[0]);
    promise("train: tables start anew in each pass unless told to remember");
}

static void
test_whole_passes(void)
{
    struct run r;
    struct why w;
    volatile sig_atomic_t stop = 0;
    struct session s = { .t = &r.t,
                         .budget = INFINITY,
                         .steps = 104,
                         .whole_passes = 1,
                         .stop = &stop };

    start(&r, &rule, 1);
    CHECK(session_run(&s, &w) == SESSION_DONE); /* 2.5 passes of 41.7 steps */
    CHECK(r.data.epoch == 2 && r.data.next > r.data.count * 8 / 10);
    CHECK(r.t.steps > 100 && r.t.steps <= 104);
    finish(&r);
    start(&r, &rule, 1);
    s = (struct session){ .t = &r.t,
                          .budget = INFINITY,
                          .steps = 30,
                          .whole_passes = 1,
                          .stop = &stop };
    CHECK(session_run(&s, &w) == SESSION_DONE);
    CHECK(r.data.epoch == 0 && r.t.steps == 30);
    stop = SIGTERM;
    s.all_passes = 0;
    CHECK(session_run(&s, &w) == SESSION_DONE && r.t.steps == 30);
    finish(&r);
    promise(
        "session: the last pass ends with the run; a signal ends it at once");
}

static void
test_diverged(void)
{
    struct run r;
    struct why w;
    volatile sig_atomic_t stop = 0;
    struct session s = {
        .t = &r.t, .budget = INFINITY, .steps = 9, .stop = &stop
    };
    float *head;

    start(&r, &rule, 1);
    head = r.f.w + ffn_find(&r.f, "head")->at;
    for (int i = 0; i < 256 * 32; i++)
        head[i] = i % 7 ? -300 : 300; /* finite, and hopeless */
    CHECK(session_run(&s, &w) == SESSION_DIVERGED);
    CHECK(strstr(w.s, "diverged") && r.t.steps == 2 && isfinite(r.t.loss));
    finish(&r);
    promise("session: a loss beyond three uniform guesses ends the run");
}

/* The loss knows nothing of a byte that only the other text has. */
static void
test_nan_evaluation(void)
{
    struct run r;
    struct why w;
    volatile sig_atomic_t stop = 0;
    uint8_t other[257];
    struct session s = {
        .t = &r.t,
        .budget = INFINITY,
        .steps = 9,
        .stop = &stop,
        .val = { .text = other, .n = sizeof other, .steps = 5 },
    };

    start(&r, &rule, 2);
    memset(other, 'Q', sizeof other);
    CHECK(session_run(&s, &w) == SESSION_DONE && s.life.evals == 2);
    CHECK(s.life.best_bpb > 0 && s.eval_seconds > 0);
    r.f.w[ffn_find(&r.f, "embed")->at + 'Q' * 32] = NAN;
    CHECK(session_run(&s, &w) == SESSION_DIVERGED);
    CHECK(strstr(w.s, "not a number") && isfinite(s.life.best_bpb));
    finish(&r);
    promise("session: an evaluation that is not a number ends the run");
}

static void
test_clip(void)
{
    struct train_config c = rule;
    struct run a, b;
    double moved = 0;

    c.opt = TRAIN_SGD;
    c.beta1 = 0;
    c.lr = 1;
    c.clip = 0.01;
    start(&a, &c, 1);
    start(&b, &c, 1);
    steps(&b, 1);
    for (size_t i = 0; i < a.f.size; i++)
        moved += pow((double)a.f.w[i] - b.f.w[i], 2);
    CHECK(b.t.grad_norm > 0.1);
    CHECK_NEAR(sqrt(moved), 0.01, 1e-3, 0);
    finish(&a);
    finish(&b);
    promise("train: a clipped step has the length of the limit");
}

static void
test_nan(void)
{
    struct run r;
    struct why w;
    float before;

    start(&r, &rule, 2);
    steps(&r, 3);
    r.f.w[ffn_find(&r.f, "head")->at] = NAN;
    before = r.f.w[0];
    CHECK(train_step(&r.t, 1, &w) < 0 && strstr(w.s, "not a number"));
    CHECK(r.f.w[0] == before && r.t.steps == 3);
    finish(&r);
    promise("train: a step that is not a number changes nothing");
}

static void
test_bpb(void)
{
    struct run r;
    struct bpb whole = { 0 }, rolling = { 0 }, two = { 0 };
    struct why w;
    struct team *one = team_open(1, &w);

    start(&r, &rule, 2);
    steps(&r, 40);
    CHECK(bpb_eval(&whole, &r.f, r.team, text, 2600, 256, 0, &w) == 0);
    CHECK(whole.windows == 10 && whole.targets == 2560);
    CHECK_NEAR(whole.bits_per_byte, whole.nats / log(2) / 2560, 1e-12, 0);
    CHECK(bpb_eval(&two, &r.f, one, text, 2600, 256, 0, &w) == 0);
    CHECK(two.nats == whole.nats);
    CHECK(bpb_eval(&two, &r.f, one, text, 257, 256, 0, &w) == 0);
    CHECK(two.targets == 256);
    CHECK(bpb_eval(&two, &r.f, one, text, 256, 256, 0, &w) < 0 &&
          strstr(w.s, "257"));
    CHECK(bpb_eval(&rolling, &r.f, r.team, text, 2600, 256, 1, &w) == 0);
    CHECK(rolling.targets == 2599 && rolling.windows == 20);
    CHECK(rolling.bits_per_byte < whole.bits_per_byte);
    CHECK(bpb_eval(&rolling, &r.f, r.team, text, 1, 256, 1, &w) < 0);
    team_close(one);
    finish(&r);
    promise("bpb: windows, targets and the short-text rule; any team, one sum");
}

/* Singular values of the update: pushed toward 1 whatever the gradient's. */
static void
test_muon(void)
{
    enum { R = 6, C = 10 };
    static float w[R * C], g[R * C], m[R * C], scratch[2 * R * C + 2 * R * R];
    float gram[R * R];
    struct rng rng;

    rng_seed(&rng, 1);
    for (int i = 0; i < R * C; i++)
        g[i] = rng_normal(&rng) * (i < C ? 50 : 1);
    muon_step(&kern_ref, w, g, m, scratch, R, C, 1, 0);
    kern_ref.gemm(0, 1, R, R, C, w, C, w, C, 0, gram, R);
    for (int i = 0; i < R * R; i++) {
        double want = i % (R + 1) ? 0 : 0.2 * 0.2 * C;
        CHECK_NEAR(gram[i], want, 0.5, 0.15);
    }
    CHECK(w[0] * g[0] < 0);
    promise("muon: rows of the update are near orthonormal, scaled, downhill");
}

static void
test_sched(void)
{
    CHECK_NEAR(sched_at(0, 0.1, 0.4), 0.01, 1e-9, 0);
    CHECK_NEAR(sched_at(0.05, 0.1, 0.4), 0.5, 1e-9, 0);
    CHECK_NEAR(sched_at(0.5, 0.1, 0.4), 1, 1e-9, 0);
    CHECK_NEAR(sched_at(0.8, 0.1, 0.4), 0.5, 1e-9, 0);
    CHECK(sched_at(1, 0.1, 0.4) == 0);
    CHECK(sched_at(0, 0, 0) == 1 && sched_at(0.999, 0, 0) == 1);
    promise("sched: up, flat, down to zero; constant when both are zero");
}

int
main(void)
{
    static const char verse[] =
        "the cat sat on the mat; a dog lay by the log. ";

    for (int i = 0; i < N; i++)
        text[i] = (uint8_t)verse[(i + i / 300) % (int)(sizeof verse - 1)];
    memcpy(text, "ZYXWVUTSRQPONMLKJIHG", 20); /* once only */
    test_learns();
    test_repeats();
    test_teams();
    test_settle();
    test_forget();
    test_unread();
    test_tiny();
    test_passes();
    test_whole_passes();
    test_diverged();
    test_nan_evaluation();
    test_clip();
    test_nan();
    test_bpb();
    test_muon();
    test_sched();
    return check_done();
}
