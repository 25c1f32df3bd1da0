#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "st/frame.h"

#define MARKER "===ST-MERGED-CONTENT===ST-MERGED-CONTENT===ST-MERGED-CONTENT==="

static int
prints(double x, const char *want)
{
    struct sbuf b = { 0 };
    int same;

    frame_number(&b, x);
    same = strcmp(b.s, want) == 0;
    if (!same)
        printf("# %s, not %s\n", b.s, want);
    sbuf_free(&b);
    return same;
}

static void
test_numbers(void)
{
    CHECK(prints(1, "1.0") && prints(0, "0.0") && prints(-2.5, "-2.5"));
    CHECK(prints(1e-7, "1e-07") && prints(1e16, "1e+16"));
    CHECK(prints(1e15, "1000000000000000.0") && prints(1e-4, "0.0001"));
    CHECK(prints(0.00001, "1e-05") && prints(1.0 / 3, "0.3333333333333333"));
    CHECK(prints(123456.0, "123456.0") && prints(1.5e300, "1.5e+300"));
    CHECK(prints(0.1 + 0.2, "0.30000000000000004"));
    CHECK(prints(NAN, "nan") && prints(-INFINITY, "-inf"));
    CHECK(prints(frame_bf16(0.3), "0.30078125"));
    promise("frame: numbers as Python prints them");

    CHECK(frame_bf16(0.9) == 0.8984375 && frame_bf16(0.95) == 0.94921875);
    CHECK(frame_bf16(0.7) == 0.69921875 && frame_bf16(0.2) == 0.2001953125);
    CHECK(frame_bf16(0.4) == 0.400390625 && frame_bf16(0.1) == 0.10009765625);
    CHECK(frame_bf16(2.30078125) == 2.296875 && frame_bf16(257) == 256);
    CHECK(frame_bf16(259) == 260 && frame_bf16(-0.3) == -0.30078125);
    CHECK(isnan(frame_bf16(NAN)) && isinf(frame_bf16(INFINITY)));
    promise("frame: rounding to bfloat16, ties to even");
}

static void
test_form(void)
{
    struct sbuf b = { 0 };

    frame_add(&b, 0, 1, "x", 1);
    frame_add(&b, 12, 0.5, "a\nb\n", 4);
    CHECK(strcmp(b.s,
                 MARKER "\nindex: 0\ncoefficient: 1.0\ncontent:\n\n  x\n" MARKER
                        "\nindex: 12\ncoefficient: 0.5\nbytes: 4\ncontent:\n\n"
                        "  a\n  b\n  ") == 0);
    sbuf_free(&b);
    promise("frame: the form, with a length where space would be lost");
}

/* The only frame's text, or NULL. */
static int
reads(const char *text, const char *want)
{
    struct frames f;
    struct why w = { "" };
    int same = frames_parse(&f, text, strlen(text), &w) == 0 && f.n == 1 &&
               strcmp(f.v[0].text, want) == 0;

    if (!same)
        printf("# '%s' %s\n", f.n ? f.v[0].text : "", w.s);
    frames_free(&f);
    return same;
}

#define HEAD  MARKER "\nindex: 0\ncoefficient: 1.0\n"
#define LOOSE HEAD "content:\n"

static void
test_reading(void)
{
    CHECK(reads(LOOSE "\n  x  \n\n", "x") &&
          reads(LOOSE "\n\n \n    x", "  x"));
    CHECK(reads(LOOSE, "") && reads(HEAD "content:", ""));
    CHECK(reads(LOOSE "  " MARKER "\n  y", MARKER "\ny"));
    CHECK(reads(LOOSE "a" MARKER, "a" MARKER));
    CHECK(reads(HEAD "bytes: 2\ncontent:\n\n  x\n  ", "x\n"));
    CHECK(reads(HEAD "bytes: 2\ncontent:\n\n  x\n  \n\n", "x\n"));
    CHECK(reads(HEAD "bytes: 1\ncontent:\n\n  xy", "xy")); /* edited */
    CHECK(reads(HEAD "bytes: 3\ncontent:\n\n  x \n", "x \n"));
    CHECK(reads(HEAD "bytes: 2\ncontent:\n\n  x\n", "x\n"));
    CHECK(reads(HEAD "bytes: 99999999999999999999\ncontent:\n\n  x", "x"));
    CHECK(reads(HEAD "bytes: many\ncontent:\n\n  x", "x"));
    CHECK(reads(HEAD "bytes: 0\ncontent:\n\n  ", ""));
    promise("frame: reading what people leave, exact where the length fits");
}

/* Small numbers with a fixed sequence. */
static unsigned
next(uint32_t *seed, unsigned below)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 16) % below;
}

/* A text of pieces that mean something to frames. */
static void
random_text(uint32_t *seed, struct sbuf *b)
{
    static const char *const piece[] = { "\n",
                                         " ",
                                         "  ",
                                         "x",
                                         "\r",
                                         "\t",
                                         "\v",
                                         "content:",
                                         "index: 3",
                                         "\xff",
                                         "bytes: 2",
                                         MARKER,
                                         "\n" MARKER "\n",
                                         "\x1e",
                                         "\xc2\xa0" };
    unsigned n = next(seed, 7);

    sbuf_clear(b);
    sbuf_adds(b, "");
    while (n--)
        sbuf_adds(b, piece[next(seed, sizeof piece / sizeof *piece)]);
}

static void
test_back(void)
{
    enum { FRAMES = 4 };
    struct sbuf text[FRAMES] = { { 0 } }, all = { 0 };
    uint32_t seed = 1;
    int wrong = 0;

    for (int round = 0; round < 20000; round++) {
        struct frames f;
        size_t n = next(&seed, FRAMES + 1);
        int bad;

        sbuf_clear(&all);
        for (size_t k = 0; k < n; k++) {
            random_text(&seed, &text[k]);
            frame_add(&all, k * k, 1.0 / (double)(k + 1), text[k].s,
                      text[k].len);
        }
        bad = frames_parse(&f, all.s ? all.s : "", all.len, NULL) || f.n != n;
        for (size_t k = 0; !bad && k < n; k++)
            bad = f.v[k].index != k * k ||
                  f.v[k].coeff != 1.0 / (double)(k + 1) ||
                  f.v[k].len != text[k].len ||
                  memcmp(f.v[k].text, text[k].s, text[k].len) != 0;
        if (bad && !wrong++)
            printf("# round %d: %s\n", round, all.s);
        frames_free(&f);
    }
    for (int k = 0; k < FRAMES; k++)
        sbuf_free(&text[k]);
    sbuf_free(&all);
    CHECK(!wrong);
    promise("frame: any texts come back byte for byte");
}

static void
test_garbage(void)
{
    struct sbuf b = { 0 };
    uint32_t seed = 7;
    int parsed = 0;

    /* Cut off and stirred: nothing may crash or read past the end. */
    for (int round = 0; round < 5000; round++) {
        struct frames f;
        char *copy;

        sbuf_clear(&b);
        for (int k = 0; k < 3; k++)
            frame_add(&b, 1, 1, "a \n", 3);
        for (int k = 0; k < 4; k++)
            b.s[next(&seed, (unsigned)b.len)] = (char)next(&seed, 256);
        b.len = next(&seed, (unsigned)b.len);
        if (!(copy = malloc(b.len + !b.len)))
            break;
        memcpy(copy, b.s, b.len);
        parsed += frames_parse(&f, copy, b.len, NULL) == 0;
        frames_free(&f);
        free(copy);
    }
    sbuf_free(&b);
    CHECK(parsed > 0 && parsed < 5000);
    promise("frame: damaged texts are read or refused");
}

int
main(void)
{
    test_numbers();
    test_form();
    test_reading();
    test_back();
    test_garbage();
    return check_done();
}
