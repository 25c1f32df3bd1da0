/* Which positions training sees, and which contexts describe them. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "num/bytes.h"
#include "num/ngram.h"

enum { N = 1000 };
static uint8_t text[N];

static void
test_cover(int in_order, size_t context, size_t segment)
{
    struct bytes b;
    struct segment s;
    struct why w;
    int seen[N] = { 0 }, wrong = 0;
    size_t shift;

    CHECK(bytes_open(&b, text, N, context, segment, in_order, 9, &w) == 0);
    for (int epoch = 0; epoch < 3; epoch++) {
        memset(seen, 0, sizeof seen);
        shift = b.shift;
        for (size_t n = 0; n + 1 + shift < N; n += s.n) {
            s = bytes_next(&b);
            shift = n ? shift : b.shift;
            wrong += s.n == 0 || s.n > segment || s.from < s.start ||
                     s.from + s.n > s.start + context || s.from + s.n >= N;
            for (size_t i = 0; i < s.n && s.from + i < N; i++)
                seen[s.from + i]++;
        }
        for (size_t i = shift; i + 1 < N; i++)
            wrong += seen[i] != 1;
    }
    CHECK(wrong == 0);
    CHECK(in_order ? shift == 0 : shift < context);
    bytes_close(&b);
}

static void
test_order(void)
{
    struct bytes b;
    struct why w;
    size_t at = 0;

    CHECK(bytes_open(&b, text, 150, 64, 64, 1, 0, &w) == 0);
    for (int i = 0; i < 4; i++) { /* 64, 64, the short rest, again from 0 */
        static const size_t from[] = { 0, 64, 128, 0 },
                            n[] = { 64, 64, 21, 64 };
        struct segment s = bytes_next(&b);
        at += s.from == from[i] && s.n == n[i];
    }
    CHECK(at == 4);
    CHECK(bytes_seek(&b, 0, 1, &w) == 0 && bytes_next(&b).from == 64);
    CHECK(bytes_seek(&b, 0, 99, &w) < 0);
    bytes_close(&b);
    CHECK(bytes_open(&b, text, 1, 64, 64, 1, 0, &w) < 0);
    promise("bytes: in order, the last window is short, then it starts again");
}

static void
test_shuffle(void)
{
    struct bytes a, b;
    struct why w;
    int same = 0, other = 0, shifted = 0;

    CHECK(bytes_open(&a, text, N, 50, 10, 0, 1, &w) == 0);
    CHECK(bytes_open(&b, text, N, 50, 10, 0, 1, &w) == 0);
    for (int i = 0; i < 250; i++)
        same += bytes_next(&a).from == bytes_next(&b).from;
    CHECK(same == 250);
    for (uint64_t e = 0; e < 4; e++)
        shifted += bytes_seek(&b, e, 0, &w) == 0 && b.shift > 0;
    CHECK(shifted > 1);
    CHECK(bytes_seek(&b, a.epoch, a.next, &w) == 0);
    CHECK(bytes_seek(&a, b.epoch, b.next, &w) == 0);
    CHECK(bytes_next(&a).from == bytes_next(&b).from);
    bytes_close(&b);
    CHECK(bytes_open(&b, text, N, 50, 10, 0, 2, &w) == 0);
    for (int i = 0; i < 50; i++)
        other += bytes_next(&a).from != bytes_next(&b).from;
    CHECK(other > 40);
    bytes_close(&a);
    bytes_close(&b);
    promise(
        "bytes: the seed decides the order, and a place can be found again");
}

/* Features of position p in a text, window starting at start. */
static void
rows(const struct ngram *g, uint32_t *to, const char *s, size_t start)
{
    size_t p = strlen(s) - 1;

    ngram_rows(g, to, 1, (const uint8_t *)s, start, p, 1);
}

static void
test_ngram(void)
{
    struct ngram g = { .orders = 4, .words = 2, .bits = 16 };
    uint32_t a[8], b[8], many[8 * 4];

    CHECK(ngram_features(&g) == 5);
    rows(&g, a, "xxabcd", 0);
    rows(&g, b, "yyabcd", 0);
    CHECK(a[0] == b[0] && a[1] == b[1] && a[2] == b[2]);
    rows(&g, b, "xxaXcd", 0);
    CHECK(a[0] == b[0] && a[1] != b[1] && a[2] != b[2]);
    rows(&g, b, "xxabdc", 0);
    CHECK(a[0] != b[0]);
    promise("ngram: row k is decided by the last k + 2 bytes, in order");
    rows(&g, a, "one two", 0);
    rows(&g, b, "one  two", 0);
    CHECK(a[3] == b[3] && a[4] == b[4]);
    rows(&g, b, "six two", 0);
    CHECK(a[3] == b[3] && a[4] != b[4]);
    promise("ngram: word features see this word, and the one before");
    rows(&g, a, "SECRETab", 6);
    rows(&g, b, "??????ab", 6);
    for (int i = 0; i < 5; i++)
        CHECK(a[i] == b[i]);
    rows(&g, b, "ab", 0);
    for (int i = 0; i < 5; i++)
        CHECK(a[i] == b[i]);
    promise("ngram: nothing before the window is seen");
    ngram_rows(&g, many, 4, (const uint8_t *)"xxabcd", 0, 2, 4);
    rows(&g, a, "xxabcd", 0);
    for (int i = 0; i < 5; i++)
        CHECK(many[i * 4 + 3] == a[i]);
    promise("ngram: a run of positions equals one at a time");
}

static void
test_repeats(void)
{
    struct ngram g = { .repeats = 2, .bits = 16 };
    static const uint8_t s[] = "abcXabcYabc";
    uint32_t a[2], b[2], all[2 * 11];

    rows(&g, a, "abcdXabcd", 0);
    CHECK(a[0] >> 4 == 'X' && a[1] == a[0]);
    rows(&g, a, "abcXdbc", 0); /* "bc" agrees, four bytes do not */
    CHECK(a[0] >> 4 == 'X' && a[1] == 0);
    rows(&g, a, "abcdXabcdYabcd", 0);
    CHECK(a[0] >> 4 == 'Y');
    rows(&g, a, "abcdXabcdYabcd", 9);
    CHECK(a[0] == 0 && a[1] == 0);
    rows(&g, a, "abcdefghZ.abcdefgh", 0);
    rows(&g, b, "efghZ.efgh", 0);
    CHECK(a[1] >> 4 == 'Z' && b[1] >> 4 == 'Z' && a[1] > b[1]);
    rows(&g, a, "abcd1..Xcd2.abcd", 0); /* one that goes on is followed */
    CHECK(a[0] >> 4 == '1');
    promise("ngram: a repeat says which byte followed, and how long it is");
    ngram_rows(&g, all, 11, s, 0, 0, 11);
    for (size_t n = 1; n <= 11; n++) {
        ngram_rows(&g, a, 1, s, 0, n - 1, 1);
        CHECK(a[0] == all[n - 1] && a[1] == all[11 + n - 1]);
    }
    promise("ngram: a repeat is found the same way from anywhere");
}

/* A feature that saw its own target would make every number a lie. */
static void
test_causal(void)
{
    struct ngram g = { .orders = 8, .words = 2, .repeats = 3, .bits = 16 };
    static uint8_t s[600];
    uint32_t before[12], after[12];
    int differ = 0;

    CHECK(ngram_features(&g) == 12);
    for (size_t i = 0; i < sizeof s; i++)
        s[i] = (uint8_t) "the cat sat "[i % 12];
    for (size_t p = 0; p + 1 < sizeof s; p++) {
        ngram_rows(&g, before, 1, s, 0, p, 1);
        for (size_t i = p + 1; i < sizeof s; i++)
            s[i] ^= 0x55;
        ngram_rows(&g, after, 1, s, 0, p, 1);
        for (size_t i = p + 1; i < sizeof s; i++)
            s[i] ^= 0x55;
        differ += memcmp(before, after, sizeof before) != 0;
    }
    CHECK(differ == 0);
    promise("ngram: no feature sees the byte it is to predict, nor later ones");
}

int
main(void)
{
    for (size_t i = 0; i < N; i++)
        text[i] = (uint8_t)(i * 7);
    test_cover(0, 50, 10);
    test_cover(0, 64, 13);
    test_cover(1, 64, 64);
    test_cover(0, 2000, 128);
    promise("bytes: an epoch visits every position once, inside its window");
    test_order();
    test_shuffle();
    test_ngram();
    test_repeats();
    test_causal();
    return check_done();
}
