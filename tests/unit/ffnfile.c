/* A model and its training state survive a file, to the bit. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "num/ffnfile.h"

enum { N = 3000 };
static uint8_t text[N];
static char dir[] = "/tmp/lu-ffnfile-XXXXXX", path[64];

static const struct ffn_config shape = {
    .context = 128,
    .layers = 2,
    .model = 16,
    .hidden = 24,
    .read = { .embed = 7u << 1 | 1u << CONTEXT_WORD,
              .counts = 3u << 2 | 1u << CONTEXT_WORDS,
              .recent = 15u << 0 | 1u << CONTEXT_LINE,
              .repeats = 1u << 1 | 1u << 3,
              .matches = 1u << 5 | 1u << 9,
              .bits = 10,
              .counts_bits = 8 },
    .width = 4,
    .act = KERN_GELU,
    .norm = FFN_POST,
    .tied = 1,
};
static const struct train_config rule = {
    .lr = 3e-3,
    .table_lr = 0.1,
    .beta1 = 0.9,
    .beta2 = 0.99,
    .eps = 1e-8,
    .decay = 0.01,
    .clip = 1,
    .batch = 64,
};

struct run {
    struct ffn f;
    struct bytes data;
    struct team *team;
    struct train t;
};

static void
attach(struct run *r)
{
    struct why w;

    CHECK(bytes_open(&r->data, text, N, 128, 32, 2, 0, 5, &w) == 0);
    CHECK((r->team = team_open(2, &w)) != NULL);
    CHECK(train_open(&r->t, &r->f, &r->data, r->team, &rule, &w) == 0);
}

static void
finish(struct run *r)
{
    train_close(&r->t);
    team_close(r->team);
    bytes_close(&r->data);
    ffn_close(&r->f);
}

static void
steps(struct run *r, int n)
{
    for (int i = 0; i < n; i++)
        CHECK(train_step(&r->t, 1, NULL) == 0);
}

static int
same_memory(const struct memory *a, const struct memory *b)
{
    return memcmp(a->counts, b->counts,
                  memory_counts(a->plan) * sizeof *a->counts) == 0 &&
           memcmp(a->places, b->places,
                  memory_places(a->plan) * sizeof *a->places) == 0 &&
           a->n == b->n && memcmp(a->text, b->text, a->n) == 0;
}

static void
test_resume(void)
{
    const struct ffnlife life = { .seconds = 12.5,
                                  .evals = 3,
                                  .val_bpb = 2.5,
                                  .best_bpb = 2.25,
                                  .best_step = 77 };
    struct run a, b;
    struct ffnfile x;
    struct why w;

    CHECK(ffn_open(&a.f, &shape, &w) == 0);
    ffn_init(&a.f, 2);
    attach(&a);
    while (a.data.epoch < 2) /* where tables of an older pass are about */
        steps(&a, 1);
    steps(&a, 5);
    CHECK(ffnfile_save(path, &a.t, &life, &w) == 0);
    CHECK(ffnfile_load(&b.f, &x, path, &w) == 0);
    CHECK(memcmp(&b.f.c, &shape, sizeof shape) == 0);
    CHECK(memcmp(&x.life, &life, sizeof life) == 0 && x.seed == 5 &&
          x.epoch == 2);
    CHECK(same_memory(&a.f.memory, &b.f.memory));
    attach(&b);
    CHECK(ffnfile_resume(&x, &b.t, &w) == 0);
    CHECK(b.t.steps == a.t.steps && b.t.seen == a.t.seen);
    promise("ffnfile: configuration and progress come back");
    steps(&a, 20);
    steps(&b, 20);
    CHECK(a.t.loss == b.t.loss);
    CHECK(memcmp(a.f.w, b.f.w, a.f.size * sizeof(float)) == 0);
    CHECK(memcmp(a.f.table, b.f.table, ffn_table_size(&a.f) * sizeof(float)) ==
          0);
    CHECK(memcmp(a.t.acc, b.t.acc, ffn_rows(&a.f) * sizeof(float)) == 0);
    promise("ffnfile: a resumed run goes on to the bit, in a later pass too");
    finish(&a);
    finish(&b);
    ffnfile_close(&x);
}

/*
 * Interrupted after any step of two passes, with what the end of a run does.
 * A window is read again with the counts of now: where streams are not in step
 * those can be later ones, and a match that began before may be another.
 */
static void
test_anywhere(void)
{
    struct run a, b;
    struct ffnfile x;
    struct why w;
    const struct ffnlife life = { .seconds = 1 };
    int exact = 0, n = 0;

    CHECK(ffn_open(&a.f, &shape, &w) == 0);
    ffn_init(&a.f, 2);
    attach(&a);
    for (; a.data.epoch < 2; n++) {
        steps(&a, 1);
        train_settle(&a.t, INFINITY); /* as at the end of a run */
        CHECK(ffnfile_save(path, &a.t, &life, &w) == 0);
        train_recall(&a.t);
        CHECK(ffnfile_load(&b.f, &x, path, &w) == 0);
        attach(&b);
        CHECK(ffnfile_resume(&x, &b.t, &w) == 0);
        CHECK(same_memory(&a.f.memory, &b.f.memory));
        steps(&a, 1);
        steps(&b, 1);
        CHECK_NEAR(b.t.loss, a.t.loss, 0.03, 0);
        exact += b.t.loss == a.t.loss;
        if (a.data.epoch == 0)
            CHECK(b.t.loss == a.t.loss);
        finish(&b);
        ffnfile_close(&x);
    }
    CHECK(n > 40 && exact > n * 9 / 10);
    printf("# %d of %d\n", exact, n);
    finish(&a);
    promise("ffnfile: it goes on from anywhere, in the first pass to the bit");
}

/* The last checkpoint again, without a tensor, or with a shorter one, or with
 * other metadata for a key; how it is taken. */
static int
loads(const char *tensor, int keep, const char *key, const char *value,
      struct why *w)
{
    static char again[80];
    struct ckpt c;
    struct ckpt_tensor t[80];
    struct sbuf meta = { 0 };
    struct run r;
    struct ffnfile x;
    size_t n = 0;
    int bad;

    snprintf(again, sizeof again, "%s.2", path);
    CHECK(ckpt_open(&c, path, w) == 0 && c.ntensor < 80);
    for (size_t i = 0; i < c.nmeta; i++)
        if (!key || strcmp(c.meta[2 * i], key) != 0)
            ckpt_meta(&meta, c.meta[2 * i], "%s", c.meta[2 * i + 1]);
    if (value)
        ckpt_meta(&meta, key, "%s", value);
    for (size_t i = 0; i < c.ntensor; i++) {
        int it = tensor && strcmp(c.tensor[i].name, tensor) == 0;
        t[n] = c.tensor[i];
        if (it)
            t[n].dim[0] -= (size_t)keep;
        n += !it || keep;
    }
    CHECK(ckpt_write(again, &meta, t, n, w) == 0);
    ckpt_close(&c);
    sbuf_free(&meta);
    *w = (struct why){ "" };
    bad = ffnfile_load(&r.f, &x, again, w);
    if (!bad) {
        attach(&r);
        bad = ffnfile_resume(&x, &r.t, w);
        finish(&r);
        ffnfile_close(&x);
    }
    unlink(again);
    return bad;
}

static void
test_memory(void)
{
    static const char *const part[] = { "memory.text", "memory.counts",
                                        "memory.places", "hint.gate" };
    struct why w;

    CHECK(loads(NULL, 0, NULL, NULL, &w) == 0);
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        CHECK(loads(part[i], 0, NULL, NULL, &w) < 0 && strstr(w.s, part[i]) &&
              strstr(w.s, "is missing"));
        if (i > 0)
            CHECK(loads(part[i], 1, NULL, NULL, &w) < 0 &&
                  strstr(w.s, "another size"));
    }
    CHECK(loads("memory.text", 1000, NULL, NULL, &w) == 0); /* another text */
    CHECK(loads(NULL, 0, "matches", "none", &w) < 0);       /* other tables */
    CHECK(loads(NULL, 0, "counts", "3-4,swords", &w) < 0 &&
          strstr(w.s, "swords"));
    CHECK(loads(NULL, 0, "counts", NULL, &w) < 0 && strstr(w.s, "no counts"));
    CHECK(loads(NULL, 0, "counts-bits", "28", &w) < 0 &&
          strstr(w.s, "too small"));
    CHECK(loads(NULL, 0, "counts-bits", "29", &w) < 0);
    CHECK(loads(NULL, 0, "recent", "1-24,word,words,gap,line", &w) < 0);
    promise("ffnfile: memory that is missing or of another size is refused");
}

static void
test_places(void)
{
    static const char *const bad[] = {
        "",
        "0:0:0:0",
        "0:0:0:0 0:0:0:0 0:0:0:0",
        "0:0:0:0 0:0:0",
        "0:0:0:0 0:0:0:x",
        "0:0:0:0,0:0:0:0",
        "0:0:0:0 5:4:9:0",
        "0:0:0:0 0:9:8:0",
        "0:0:0:0 0:0:129:0",
        "0:0:0:0 2990:2990:3000:0",
        "0:0:0:0 -1:0:0:0",
        "0:0:0:0 18446744073709551615:18446744073709551615:1:0",
    };
    struct why w;

    CHECK(loads(NULL, 0, "places", "0:0:0:0 5:6:7:0", &w) == 0);
    CHECK(loads(NULL, 0, "places", "0:9:99:7 2990:2990:2999:0", &w) == 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(loads(NULL, 0, "places", bad[i], &w) < 0 && w.s[0]);
    CHECK(loads(NULL, 0, "places", bad[1], &w) < 0 && strstr(w.s, "--batch"));
    CHECK(loads(NULL, 0, "places", NULL, &w) < 0 && strstr(w.s, "--batch"));
    CHECK(loads(NULL, 0, "next", "9999", &w) < 0 && strstr(w.s, "9999"));
    CHECK(loads(NULL, 0, "next", "-1", &w) < 0);
    promise("ffnfile: a place that is not in the text is refused");
}

/* A sound checkpoint of something else, or with a part missing. */
static void
test_strange(void)
{
    struct ckpt_tensor t = { "embed", 2, { 2, 2 }, (float[]){ 1, 2, 3, 4 } };
    struct sbuf meta = { 0 };
    struct ffn f;
    struct ffnfile x;
    struct why w;

    ckpt_meta(&meta, "kind", "ctm");
    CHECK(ckpt_write(path, &meta, &t, 1, &w) == 0);
    CHECK(ffnfile_load(&f, &x, path, &w) < 0 && strstr(w.s, "kind ctm"));
    sbuf_clear(&meta);
    ckpt_meta(&meta, "kind", "ffn");
    CHECK(ckpt_write(path, &meta, &t, 1, &w) == 0);
    CHECK(ffnfile_load(&f, &x, path, &w) < 0 && strstr(w.s, "context"));
    for (const char *const *k =
             (const char *const[]){ "context", "layers", "model", "hidden",
                                    "bits", "counts-bits", "width", "tied",
                                    "embed-by", "counts", "recent", "repeats",
                                    "matches", NULL };
         *k; k++)
        ckpt_meta(&meta, *k, "%d", strcmp(*k, "model") == 0 ? 60000 : 8);
    ckpt_meta(&meta, "act", "gelu");
    ckpt_meta(&meta, "norm", "sideways");
    CHECK(ckpt_write(path, &meta, &t, 1, &w) == 0);
    CHECK(ffnfile_load(&f, &x, path, &w) < 0 && strstr(w.s, "sideways"));
    CHECK(strstr(w.s, path) != NULL);
    sbuf_free(&meta);
    promise("ffnfile: other kinds and unknown settings are refused by name");
}

int
main(void)
{
    for (int i = 0; i < N; i++)
        text[i] = (uint8_t) "a rose is a rose; "[(i + i / 97) % 18];
    CHECK(mkdtemp(dir) != NULL);
    snprintf(path, sizeof path, "%s/m", dir);
    test_resume();
    test_anywhere();
    test_memory();
    test_places();
    test_strange();
    unlink(path);
    rmdir(dir);
    return check_done();
}
