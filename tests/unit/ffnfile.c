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
    test_strange();
    unlink(path);
    rmdir(dir);
    return check_done();
}
