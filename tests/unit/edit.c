/* Edit distances against the table that defines them. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "st/edit.h"

enum { MOST = 300 };
static unsigned seed = 7;

static unsigned
pick(unsigned n)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 8 & 0xffffff) % n;
}

static size_t
of(const char *a, const char *b)
{
    size_t d = 999, longer;

    CHECK(edit_distance(a, strlen(a), b, strlen(b), &d, &longer) == 0);
    return d;
}

/* The plain table, for texts of one byte a character. */
static size_t
table(const char *a, size_t n, const char *b, size_t m)
{
    static size_t row[MOST + 1];

    for (size_t j = 0; j <= m; j++)
        row[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t best = corner + (a[i - 1] != b[j - 1]);
            corner = row[j];
            best = best < row[j] + 1 ? best : row[j] + 1;
            row[j] = best < row[j - 1] + 1 ? best : row[j - 1] + 1;
        }
    }
    return row[m];
}

static void
test_random(void)
{
    char a[MOST], b[MOST];

    for (int t = 0; t < 400; t++) {
        size_t n = pick(t % 4 ? 70 : MOST), m = pick(t % 3 ? 140 : MOST);
        size_t d = 0, longer = 0;
        unsigned letters = 1 + pick(t % 5 ? 4 : 90);
        for (size_t i = 0; i < n; i++)
            a[i] = (char)(' ' + pick(letters));
        for (size_t i = 0; i < m; i++)
            b[i] = i < n && pick(3) ? a[i] : (char)(' ' + pick(letters));
        CHECK(edit_distance(a, n, b, m, &d, &longer) == 0);
        CHECK(d == table(a, n, b, m) && longer == (n > m ? n : m));
    }
    promise("edit: the distance of the table, on random texts");
}

static void
test_characters(void)
{
    CHECK(of("", "") == 0 && of("", "abc") == 3 && of("abc", "") == 3);
    CHECK(of("kitten", "sitting") == 3 && of("abc", "abc") == 0);
    CHECK(of("\xe4\xb8\x96\xe7\x95\x8c", "\xe4\xb8\x96\xe9\x97\xb4") == 1);
    CHECK(of("\xf0\x9f\x98\x80", "x") == 1 && of("\xc3\xa9", "e") == 1);
    CHECK(of("\xc3\xa9\xff", "e") == 3);    /* bytes, all of them */
    CHECK(of("\xc0\xaf", "") == 2);         /* overlong */
    CHECK(of("\xed\xa0\x80", "") == 3);     /* surrogate */
    CHECK(of("\xf4\x90\x80\x80", "") == 4); /* past the end */
    CHECK(of("\xe4\xb8", "") == 2 && of("\xe0\x80\x80", "") == 3);
    promise("edit: code points, or bytes where there are none");
}

static void
test_ratio(void)
{
    CHECK(edit_ratio("", 0, "", 0) == 0);
    CHECK(edit_ratio("abc", 3, "xyz", 3) == 1);
    CHECK(edit_ratio("a\n", 2, "a", 1) == 0.5);
    CHECK(edit_bf16(edit_ratio("hello world", 11, "hello earth", 11)) ==
          0.36328125);
    CHECK(edit_bf16(edit_ratio("kitten", 6, "sitting", 7)) == 0.427734375);
    CHECK(edit_bf16(0.9) == 0.8984375 && edit_bf16(0.95) == 0.94921875);
    CHECK(edit_bf16(0.7) == 0.69921875 && edit_bf16(0.3) == 0.30078125);
    CHECK(edit_bf16(0.1) == 0.10009765625 && edit_bf16(-0.2) == -0.2001953125);
    CHECK(edit_bf16(1.00390625) == 1 && edit_bf16(1.01171875) == 1.015625);
    CHECK(isnan(edit_bf16(NAN)) && edit_bf16(0) == 0);
    promise("edit: ratios, and numbers as bfloat16 rounds them");
}

int
main(void)
{
    test_random();
    test_characters();
    test_ratio();
    return check_done();
}
