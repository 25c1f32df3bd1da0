/*
 * words.c - sets of lines and words, and the k best of many.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "num/rng.h"
#include "st/topk.h"
#include "st/words.h"

static double
score(enum words_method m, const char *a, const char *b)
{
    static struct words x, y;

    CHECK(words_set(&x, m, a, strlen(a)) == 0);
    CHECK(words_set(&y, m, b, strlen(b)) == 0);
    return words_score(m, words_common(&x, &y), x.n, y.n);
}

static size_t
members(enum words_method m, const char *text, size_t len)
{
    struct words x = { 0 };
    size_t n;

    CHECK(words_set(&x, m, text, len) == 0);
    n = x.n;
    words_free(&x);
    return n;
}

#define MEMBERS(m, text) members(m, text, sizeof text - 1)

static void
sets(void)
{
    CHECK(MEMBERS(WORDS_LINES, "") == 0);
    CHECK(MEMBERS(WORDS_LINES, " \n\t\n") == 0);
    CHECK(MEMBERS(WORDS_LINES, "a") == 1);
    CHECK(MEMBERS(WORDS_LINES, "a\n\nb\n \na\n") == 2);
    CHECK(MEMBERS(WORDS_LINES, "a\0b\na\0c\na") == 3);
    CHECK(MEMBERS(WORDS_LINES, "a\xc2\x85\na") == 2);
    CHECK(MEMBERS(WORDS_LINES, "\xc2\xa0\xe3\x80\x80\n\xe2\x80\x89") == 0);
    CHECK(MEMBERS(WORDS_LINES, "a\n\xc2\n\xe2\x80\n\xff") == 4);
    CHECK(MEMBERS(WORDS_MULTI, "a b\tc\vd\fe\rf\x1cg\x1fg") == 7);
    CHECK(MEMBERS(WORDS_MULTI, "a\xe1\x9a\x80"
                               "b\xe2\x80\xa8"
                               "c\xe2\x80\xaf"
                               "d\xe2\x81\x9f"
                               "e\xc2\xa0") == 5);
    /* a zero-width space, and bytes that look like half of one */
    CHECK(MEMBERS(WORDS_MULTI, "a\xe2\x80\x8b"
                               "b\xe2\x80") == 1);
    promise("white space separates and surrounds, and is never a member");
}

static void
scores(void)
{
    CHECK(score(WORDS_LINES, "python\nfunction", "python\nfunction\ndef") ==
          2.0 / 3);
    CHECK(score(WORDS_LINES, "a\nb", "a\nc\nd") == 0.25);
    CHECK(score(WORDS_LINES, "", "") == 0);
    CHECK(score(WORDS_LINES, " a\nb ", "b\na") == 1);
    CHECK(score(WORDS_LINES, "a \nb", "a\nb") == 1.0 / 3);
    CHECK(score(WORDS_MULTI, "a \nb", "a\nb") == 1);
    CHECK(score(WORDS_MULTI, "alpha beta", "alpha gamma epsilon") == 1.0 / 3);
    CHECK(score(WORDS_MULTI, "a b c", "a") == 1);
    CHECK(score(WORDS_MULTI, "", "") == 0);
    promise("a score is Jaccard's, or containment where that is more");
}

/* Sets against the plainest way to make them. */
static void
random_sets(void)
{
    static struct words a, b;
    struct rng rng;

    rng_seed(&rng, 3);
    for (int round = 0; round < 300; round++) {
        int in_a[500] = { 0 }, in_b[500] = { 0 };
        char text[2][8192] = { "", "" };
        size_t n[2] = { 0 }, common = 0, used[2] = { 0 };
        int most = 1 + (int)rng_below(&rng, round % 10 ? 20 : 500);
        for (int i = 0; i < 2 * most; i++) {
            int side = (int)rng_below(&rng, 2);
            int v = (int)rng_below(&rng, (uint64_t)most);
            (side ? in_b : in_a)[v] = 1;
            used[side] += (size_t)snprintf(text[side] + used[side], 16, "w%d%s",
                                           v, v % 7 ? "\n" : "\n\n");
        }
        for (int v = 0; v < most; v++) {
            n[0] += (size_t)in_a[v];
            n[1] += (size_t)in_b[v];
            common += (size_t)(in_a[v] && in_b[v]);
        }
        CHECK(words_set(&a, WORDS_LINES, text[0], used[0]) == 0);
        CHECK(words_set(&b, WORDS_MULTI, text[1], used[1]) == 0);
        CHECK(a.n == n[0] && b.n == n[1]);
        CHECK(words_common(&a, &b) == common);
        CHECK(words_common(&b, &a) == common);
    }
    promise("sets of every size keep each member once");
    words_free(&a);
    words_free(&b);
}

static void
hashes(void)
{
    static char text[300];
    uint64_t seen[300];
    int same = 0;

    for (size_t n = 0; n < 300; n++) {
        seen[n] = words_hash(0, text, n);
        for (size_t k = 0; k < n; k++)
            same += seen[k] == seen[n];
        for (size_t k = 0; k < n; k++) {
            text[k] ^= 1;
            same += words_hash(0, text, n) == seen[n];
            text[k] ^= 1;
        }
        same += words_hash(1, text, n) == seen[n];
    }
    CHECK(same == 0);
    promise("a hash depends on the length and on every byte");
}

static const struct shape *sort_shape;

static int
by_path(const void *a, const void *b)
{
    struct sbuf x = { 0 }, y = { 0 };
    int order;

    shape_coords_text(sort_shape, *(const size_t *)a * 3, &x);
    shape_coords_text(sort_shape, *(const size_t *)b * 3, &y);
    for (size_t i = 0; i < x.len; i++)
        x.s[i] = (char)(x.s[i] == ',' ? '/' : x.s[i]);
    for (size_t i = 0; i < y.len; i++)
        y.s[i] = (char)(y.s[i] == ',' ? '/' : y.s[i]);
    order = strcmp(x.s, y.s);
    sbuf_free(&x);
    sbuf_free(&y);
    return order;
}

/* Rows offered in any order come out as a full sort has them. */
static void
best(const struct shape *s, int paths)
{
    enum { ROWS = 242 };
    size_t row[ROWS], want[ROWS];
    double value[ROWS];
    struct topk t;
    struct rng rng;

    rng_seed(&rng, 5);
    for (size_t k = 0; k < 260; k += 1 + k / 8) {
        size_t n = 0;
        for (size_t i = 0; i < ROWS; i++) {
            size_t j = (size_t)rng_below(&rng, i + 1);
            row[i] = row[j];
            row[j] = i;
            value[i] = (double)rng_below(&rng, 4) / 4;
            want[i] = i;
        }
        sort_shape = s;
        if (paths)
            qsort(want, ROWS, sizeof *want, by_path);
        CHECK(topk_init(&t, k, ROWS, paths ? s : NULL) == 0);
        for (size_t i = 0; i < ROWS; i++) {
            int wanted = topk_wants(&t, row[i], value[row[i]]);
            double worst = t.n == t.k && k ? t.hit[0].score : -1;
            CHECK(wanted || value[row[i]] <= worst || k == 0);
            topk_offer(&t, row[i], value[row[i]]);
        }
        topk_finish(&t);
        CHECK(t.n == (k < ROWS ? k : ROWS));
        for (double v = 1; v >= 0; v -= 0.25)
            for (size_t i = 0; i < ROWS && n < t.n; i++)
                if (value[want[i]] >= v && value[want[i]] <= v) {
                    CHECK(t.hit[n].row == want[i]);
                    n++;
                }
        topk_free(&t);
    }
}

int
main(void)
{
    struct shape flat = { .ndim = 2, .dim = { 242, 3 }, .count = 726 };
    struct shape deep = { .ndim = 3, .dim = { 2, 121, 3 }, .count = 726 };

    sets();
    scores();
    random_sets();
    hashes();
    best(&flat, 0);
    promise("the k best, ties as numbers");
    best(&flat, 1);
    best(&deep, 1);
    promise("the k best, ties as paths");
    return check_done();
}
