/*
 * expindex.c - an index never changes an answer: whatever happens to an
 * experience or to the file, retrieve() says what a scan says.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "common/fsx.h"
#include "num/rng.h"
#include "scratch.h"
#include "st/build.h"
#include "st/expindex.h"
#include "st/retrieve.h"

static struct rng rng;
static struct why w;

/* A new tensor, open for writing. */
static int
create(struct st *t, const char *name, const struct shape *s, struct why *y)
{
    struct build b;
    int bad = build_open(&b, name, s, y) < 0 || build_commit(&b, y) < 0;

    build_close(&b);
    return bad ? -1 : st_open(t, name, ST_WRITE, y);
}

static size_t
below(size_t n)
{
    return (size_t)rng_below(&rng, n);
}

/* A few lines of a small vocabulary, so that ties are common. */
static size_t
text(char *s, size_t words, const char *between)
{
    size_t n = below(6), len = 0;

    if (below(12) == 0)
        n = 60;
    s[0] = '\0';
    for (size_t i = 0; i < n; i++)
        len += (size_t)sprintf(s + len, "w%zu%s", below(words),
                               below(5) ? between : "\n");
    return len;
}

static void
write_query(struct st *t, size_t row, size_t words)
{
    char s[1024];
    size_t n = text(s, words, below(2) ? " " : "\n");

    CHECK(st_write(t, 3 * row, s, n, below(9) ? 1 : 0, &w) == 0);
}

static void
make(const char *name, size_t rows, size_t words)
{
    struct shape s = { .ndim = 2, .dim = { rows, 3 }, .count = 3 * rows };
    struct st t;

    CHECK(create(&t, name, &s, &w) == 0);
    t.flags |= ST_NOSYNC;
    for (size_t r = 0; r < rows; r++)
        if (below(10))
            write_query(&t, r, words);
    st_close(&t);
}

static double
normal(void *ctx)
{
    return (double)rng_normal(ctx);
}

enum { ASKED = 3 };
static int how_many = 1; /* 0: the number of rows that take part may be wrong */

/* Both ways to the same answers. */
static void
agree(const char *name, size_t words)
{
    static struct question a[ASKED], b[ASKED];
    char s[ASKED][1024];
    struct rng noise;
    struct exptab e;
    struct st t;
    struct retrieve how = { .method = (enum words_method)below(2),
                            .k = below(3) ? 1 + below(20) : 1 + below(5000),
                            .by_path = below(2) == 0,
                            .threshold =
                                below(3) ? -HUGE_VAL : (double)below(5) / 4,
                            .normal = below(8) ? NULL : normal,
                            .ctx = &noise };
    size_t rows[2];

    CHECK(st_open(&t, name, 0, &w) == 0 && exptab_open(&e, &t, &w) == 0);
    for (size_t i = 0; i < ASKED; i++) {
        size_t n = text(s[i], words + 2, "\n");
        CHECK(words_set(&a[i].set, how.method, s[i], n) == 0);
        CHECK(words_set(&b[i].set, how.method, s[i], n) == 0);
    }
    rng_seed(&noise, 1);
    how.scan = 1;
    CHECK(retrieve(&e, &how, a, ASKED, &rows[0], &w) == 0);
    rng_seed(&noise, 1);
    how.scan = 0;
    CHECK(retrieve(&e, &how, b, ASKED, &rows[1], &w) == 0);
    CHECK(rows[0] == rows[1] || how_many == 0);
    for (size_t i = 0; i < ASKED; i++) {
        CHECK(a[i].top.n == b[i].top.n);
        for (size_t k = 0; k < a[i].top.n && k < b[i].top.n; k++) {
            CHECK(a[i].top.hit[k].row == b[i].top.hit[k].row);
            CHECK(memcmp(&a[i].top.hit[k].score, &b[i].top.hit[k].score,
                         sizeof(double)) == 0);
        }
        topk_free(&a[i].top);
        topk_free(&b[i].top);
    }
    exptab_close(&e);
    st_close(&t);
}

/* 1 when the index is there and needs no renewal; *changed its rows to read. */
static int
usable(const char *name, size_t *changed)
{
    struct expindex x;
    struct exptab e;
    struct st t;
    int open;

    CHECK(st_open(&t, name, 0, &w) == 0 && exptab_open(&e, &t, &w) == 0);
    open = expindex_open(&x, &e, WORDS_LINES, 0) &&
           (expindex_close(&x), expindex_open(&x, &e, WORDS_MULTI, 0));
    *changed = open ? x.n_changed : 0;
    if (open)
        expindex_close(&x);
    exptab_close(&e);
    st_close(&t);
    return open;
}

static void
build(const char *name)
{
    struct exptab e;
    struct st t;

    CHECK(st_open(&t, name, 0, &w) == 0 && exptab_open(&e, &t, &w) == 0);
    CHECK(expindex_build(&e, &w) == 1);
    exptab_close(&e);
    st_close(&t);
}

static void
change(const char *name, const char *other, size_t rows, size_t words)
{
    struct st t, from;
    size_t row = below(rows);

    CHECK(st_open(&t, name, ST_WRITE | ST_NOSYNC, &w) == 0);
    CHECK(st_open(&from, other, ST_WRITE | ST_NOSYNC, &w) == 0);
    switch (below(6)) {
    case 0: CHECK(st_remove(&t, 3 * row, &w) == 0); break;
    case 1: CHECK(st_set_coeff(&t, 3 * row, below(2), &w) == 0); break;
    case 2: /* a link, and what it points to changes */
        CHECK(st_link(&t, 3 * row, &from, 3 * below(rows), 1, &w) == 0);
        break;
    case 3: write_query(&from, below(rows), words); break;
    case 4: CHECK(st_write(&t, 3 * row + 1, "key", 3, 1, &w) == 0); break;
    default: write_query(&t, row, words);
    }
    st_close(&from);
    st_close(&t);
}

static void
remove_all(void)
{
    CHECK(build_remove("exp", &w) == 0);
    CHECK(build_remove("other", &w) == 0);
}

/* Changes by our tools, in few sessions and many, on every kind of cell. */
static void
random_changes(size_t rows, size_t words, int rounds)
{
    size_t changed;

    make("exp", rows, words);
    make("other", rows, words);
    agree("exp", words);
    CHECK(!usable("exp", &changed));
    build("exp");
    CHECK(usable("exp", &changed)); /* small and young: some are read again */
    CHECK(rows <= 256 || changed == 0);
    for (int i = 0; i < rounds; i++) {
        if (below(3))
            change("exp", "other", rows, words);
        else
            agree("exp", words);
    }
    remove_all();
}

/* What is read again is what has changed, and a writer keeps builders out. */
static void
sessions(void)
{
    enum { ROWS = 300 };
    size_t changed;
    struct exptab e;
    struct st t, reader;

    make("exp", ROWS, 9);
    build("exp");
    CHECK(usable("exp", &changed) && changed == 0);
    CHECK(st_open(&t, "exp", ST_WRITE, &w) == 0);
    CHECK(st_write(&t, 3 * 70 + 2, "value", 5, 1, &w) == 0);
    CHECK(usable("exp", &changed) && changed == 0);
    CHECK(st_write(&t, 3 * 70, "query", 5, 1, &w) == 0);
    CHECK(st_write(&t, 3 * 70, "again", 5, 1, &w) == 0);
    CHECK(usable("exp", &changed) && changed == 1);
    agree("exp", 9);

    CHECK(st_open(&reader, "exp", 0, &w) == 0);
    CHECK(exptab_open(&e, &reader, &w) == 0);
    CHECK(expindex_build(&e, &w) == 0);
    CHECK(usable("exp", &changed) && changed == 1);
    st_close(&t);
    CHECK(expindex_build(&e, &w) == 1);
    CHECK(usable("exp", &changed) && changed == 0);

    /* a session that begins after the log did is in the log */
    CHECK(st_open(&t, "exp", ST_WRITE, &w) == 0);
    CHECK(st_remove(&t, 3 * 8, &w) == 0);
    CHECK(st_set_coeff(&t, 3 * 9, 0, &w) == 0);
    CHECK(st_link(&t, 3 * 10, &t, 3 * 11, 1, &w) == 0);
    st_close(&t);
    CHECK(usable("exp", &changed) && changed == 3);
    agree("exp", 9);

    /* a write through a view of it */
    CHECK(create(&t, "view", &reader.shape, &w) == 0);
    CHECK(st_link(&t, 0, &reader, 3 * 12, 1, &w) == 0);
    CHECK(st_write(&t, 0, "through", 7, 1, &w) == 0);
    st_close(&t);
    CHECK(usable("exp", &changed) && changed == 4);
    agree("exp", 9);
    CHECK(build_remove("view", &w) == 0);

    /* so many changes that a new index pays: the next answer makes it */
    CHECK(st_open(&t, "exp", ST_WRITE | ST_NOSYNC, &w) == 0);
    for (size_t r = 100; r < 250; r++)
        CHECK(st_write(&t, 3 * r, "many", 4, 1, &w) == 0);
    st_close(&t);
    CHECK(usable("exp", &changed) && changed == 154);
    agree("exp", 9);
    CHECK(usable("exp", &changed) && changed == 0);
    exptab_close(&e);
    st_close(&reader);
    promise("only what was written is read again, until that is too much");

    CHECK(truncate("exp/index.log", 21) == 0);
    CHECK(!usable("exp", &changed));
    agree("exp", 9);
    CHECK(usable("exp", &changed));
    CHECK(unlink("exp/index.log") == 0);
    CHECK(!usable("exp", &changed));
    agree("exp", 9);
    CHECK(usable("exp", &changed));
    CHECK(build_remove("exp", &w) == 0);
    promise("an index without its log is made anew");
}

static void
by_hand(const char *path, const char *text)
{
    FILE *fp = fopen(path, "w");

    CHECK(fp && fputs(text, fp) >= 0 && fclose(fp) == 0);
}

/* Programs that note nothing. */
static void
foreigners(void)
{
    size_t changed;

    make("exp", 250, 9);
    build("exp");
    by_hand("exp/storage/3/0/0/data", "w1\nw2");
    CHECK(usable("exp", &changed) && changed >= 1);
    for (int i = 0; i < 10; i++)
        agree("exp", 9);
    CHECK(build_remove("exp", &w) == 0);
    promise("small experiences: every change is seen");

    make("exp", 300, 1000);
    build("exp");
    by_hand("exp/storage/3/0/0/data", "");
    by_hand("exp/storage/3/0/3/data", "quite different");
    CHECK(usable("exp", &changed) && changed == 0);
    how_many = 0;
    for (int i = 0; i < 30; i++) /* some choose all rows, and so these */
        agree("exp", 5);
    how_many = 1;
    CHECK(build_remove("exp", &w) == 0);
    promise("a chosen row that changed is noticed");
}

/* Any byte wrong, or the file cut: the answers stay. */
static void
damage(void)
{
    struct sbuf good = { 0 };
    size_t changed;

    make("exp", 60, 9);
    build("exp");
    for (int i = 0; i < 250; i++) {
        FILE *fp;
        size_t at, len;
        sbuf_clear(&good);
        CHECK(fsx_read("exp/index", &good, 1 << 24, &w) == 0);
        at = below(4) ? below(good.len) : below(400);
        len = below(8) ? good.len : at;
        good.s[at] = (char)(good.s[at] ^ (1 << below(8)));
        fp = fopen("exp/index", "w");
        CHECK(fp && fwrite(good.s, 1, len, fp) == len && fclose(fp) == 0);
        agree("exp", 9);
    }
    by_hand("exp/index", "");
    agree("exp", 9);
    CHECK(usable("exp", &changed));
    sbuf_free(&good);
    CHECK(build_remove("exp", &w) == 0);
    promise("a damaged index changes no answer");
}

int
main(void)
{
    scratch_enter();
    for (uint64_t seed = 1; seed <= 12; seed++) {
        rng_seed(&rng, seed);
        random_changes(1 + below(40), 1 + below(30), 40);
    }
    promise("an index answers as a scan does");
    rng_seed(&rng, 20);
    random_changes(300, 12, 60);
    random_changes(700, 200, 60);
    promise("the same where changes come from the log alone");
    sessions();
    foreigners();
    damage();
    CHECK(chdir("/") == 0 && rmdir(scratch) == 0);
    promise("nothing is left behind");
    return check_done();
}
