/* What a position is described by: sets of contexts and their hashes. */
#include <string.h>

#include "check.h"
#include "num/context.h"
#include "num/rng.h"

static void
test_sets(void)
{
    static const struct {
        const char *text, *names;
        uint32_t set;
    } good[] = {
        { "none", "none", 0 },
        { "1", "1", 1 },
        { "24", "24", 1u << 23 },
        { "2-7,word,words", "2-7,word,words", 0x7e | 3u << CONTEXT_WORD },
        { "8,3,2", "2-3,8", 0x86 },
        { "5-5,4-6,5", "4-6", 0x38 },
        { "line,gap,1-24", "1-24,gap,line", 0xffffff | 12u << CONTEXT_WORD },
        { "words,word,gap,line", "word,words,gap,line", 15u << CONTEXT_WORD },
    };
    static const char *const bad[] = {
        "",       ",",
        "0",      "25",
        "-1",     "3-2",
        "3-25",   "0-3",
        "3-",     "2-7,",
        ",2",     "2,,3",
        "none,",  "none,2",
        "2,none", "2x",
        "0x2",    "2-7x",
        " 2",     "2 ",
        "+2",     "2- 7",
        "2-+7",   "Word",
        "wor",    "wordss",
        "1-2-3",  "2;3",
        "2.5",    "99999999999999999999",
        "2--7",   "words ",
        "word\n", "1-9999999999999999999999",
    };
    struct why w;
    uint32_t set, again;
    char names[CONTEXT_NAMES];

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        CHECK(context_set(&set, good[i].text, &w) == 0 && set == good[i].set);
        context_names(set, names);
        CHECK(strcmp(names, good[i].names) == 0);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (context_set(&set, bad[i], &w) == 0) {
            printf("# taken: \"%s\"\n", bad[i]);
            CHECK(!"a bad set");
        }
    CHECK(context_set(&set, "2,sword,3", &w) < 0 &&
          strncmp(w.s, "sword: not a", 12) == 0);
    promise("context: sets are read, and bad ones named");
    for (uint64_t i = 0, x = 1; i < 3000;
         i++, x = x * 6364136223846793005u + 1) {
        set = (uint32_t)(x >> 33) & ((1u << CONTEXTS) - 1);
        set = i == 0 ? 0x555555 | 15u << CONTEXT_WORD : set; /* the longest */
        context_names(set, names);
        CHECK(strlen(names) < CONTEXT_NAMES - 1);
        CHECK(context_set(&again, names, &w) == 0 && again == set);
    }
    promise("context: every set has names that give the set");
}

/* Hash of one context after the last byte of s, its window at start. */
static uint64_t
hash_in(const char *s, int which, size_t start)
{
    const uint8_t *data = (const uint8_t *)s;
    size_t n = strlen(s);
    struct context c;

    context_start(&c);
    for (size_t i = start; i < n; i++)
        context_step(&c, data[i]);
    return context_hash(&c, which, data, start, n - 1);
}

static uint64_t
hash(const char *s, int which)
{
    return hash_in(s, which, 0);
}

static void
test_orders(void)
{
    enum { AT_ONCE = 9, LD = 11 };
    static uint8_t data[200];
    uint64_t all[CONTEXT_MAX_ORDER * LD];
    struct rng r;

    rng_seed(&r, 3);
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)rng_below(&r, 256);
    for (size_t start = 0; start < 40; start += 13)
        for (size_t at = start; at + AT_ONCE <= sizeof data; at += 7)
            for (int most = 0; most <= CONTEXT_MAX_ORDER; most += 6) {
                context_orders(all, LD, (1u << most) - 1, data, start, at,
                               AT_ONCE);
                for (int i = 0; i < most * AT_ONCE; i++) {
                    int which = i / AT_ONCE, j = i % AT_ONCE;
                    CHECK(all[which * LD + j] == context_hash(NULL, which, data,
                                                              start,
                                                              at + (size_t)j));
                }
            }
    promise("context: orders at once are orders one by one");
    for (int i = 0; i < CONTEXT_MAX_ORDER; i++) {
        char a[] = "the last twenty-four bytes of a line", b[sizeof a];
        size_t last = sizeof a - 2;
        memcpy(b, a, sizeof a);
        if ((size_t)i + 1 <= last) {
            b[last - (size_t)i - 1] ^= 1; /* one more byte back */
            CHECK(hash(a, i) == hash(b, i));
            b[last - (size_t)i - 1] ^= 1;
        }
        b[last - (size_t)i] ^= 1;
        CHECK(hash(a, i) != hash(b, i));
    }
    CHECK(hash("ab", 1) != hash("ba", 1));
    CHECK(hash("b", 1) != hash("ab", 1) && hash("b", 0) == hash("ab", 0));
    promise("context: order k is decided by the last k + 1 bytes");
}

static void
test_window(void)
{
    static const char *const tail[] = {
        "x", "ab", "word", "two words", "a\nline of it", "\n", " ,"
    };
    char a[64], b[64];

    for (size_t t = 0; t < sizeof tail / sizeof *tail; t++)
        for (int i = 0; i < CONTEXTS; i++) {
            snprintf(a, sizeof a, "SECRET\n%s", tail[t]);
            snprintf(b, sizeof b, "or not.%s", tail[t]);
            CHECK(hash_in(a, i, 7) == hash_in(b, i, 7));
            CHECK(hash_in(a, i, 7) == hash(tail[t], i));
        }
    promise("context: bytes before the window do not matter");
}

/* same(W, A, B): A and B are alike to context W. */
static int
same(int which, const char *a, const char *b)
{
    return hash(a, which) == hash(b, which);
}

static void
test_words(void)
{
    CHECK(same(CONTEXT_WORD, "one two", "six; two"));
    CHECK(!same(CONTEXT_WORD, "one two", "one twa"));
    CHECK(!same(CONTEXT_WORD, "one two", "one Two"));
    CHECK(!same(CONTEXT_WORD, "one two", "onetwo"));
    CHECK(same(CONTEXT_WORD, "one two ", "six two "));
    CHECK(!same(CONTEXT_WORD, "one two ", "one two,"));
    CHECK(!same(CONTEXT_WORD, "one two ", "one tow "));
    CHECK(!same(CONTEXT_WORD, "two ", "two"));
    CHECK(same(CONTEXT_WORD, "\xc3\xa4h", ".\xc3\xa4h")); /* not only ASCII */
    CHECK(!same(CONTEXT_WORD, "x\xc3\xa4h", "y\xc3\xa4h"));
    promise("context: a word is its letters; after it, it and what ended it");
    CHECK(same(CONTEXT_WORDS, "a one two", "b one two"));
    CHECK(!same(CONTEXT_WORDS, "a one two", "a six two"));
    CHECK(!same(CONTEXT_WORDS, "a one two", "a one-two"));
    CHECK(same(CONTEXT_WORDS, "a one two ", "b one two "));
    CHECK(!same(CONTEXT_WORDS, "a one two ", "a six two "));
    promise("context: words see the word before, too");
}

static void
test_shapes(void)
{
    CHECK(same(CONTEXT_GAP, "abcd", "abcX") &&
          same(CONTEXT_GAP, "abcd", &"Xbcdd"[1]) == 0);
    CHECK(!same(CONTEXT_GAP, "abcd", "abXd") &&
          !same(CONTEXT_GAP, "abcd", "Xbcd"));
    CHECK(same(CONTEXT_GAP, "Xabcd", "Yabcd"));
    promise("context: a gap leaves the last byte out");
    CHECK(same(CONTEXT_LINE, "abcdX", "abXYX"));
    CHECK(same(CONTEXT_LINE, "abcX", "....\nab.X"));
    CHECK(!same(CONTEXT_LINE, "abcX", "abccX"));
    CHECK(!same(CONTEXT_LINE, "abcX", "aXcX"));
    CHECK(!same(CONTEXT_LINE, "abcX", "abcY"));
    CHECK(same(CONTEXT_LINE, "a\n", "b\n\n"));
    CHECK(same(CONTEXT_LINE, "ab45678901234567890123456789012345678901234X",
               "ab.......................................................X"));
    promise("context: a line is its start, the column and the last byte");
}

static void
test_rows(void)
{
    static unsigned met[16];
    unsigned least = 1000000, most = 0;

    for (int i = 0; i < 4096; i++) {
        char s[3] = { (char)('0' + i % 64), (char)('0' + i / 64), 0 };
        met[context_row(hash(s, 1), 4)]++;
    }
    for (int i = 0; i < 16; i++) {
        least = met[i] < least ? met[i] : least;
        most = met[i] > most ? met[i] : most;
    }
    CHECK(least > 180 && most < 340); /* 256, and four deviations */
    CHECK(context_row(UINT64_MAX, 28) == (1u << 28) - 1);
    promise("context: rows are even");
}

int
main(void)
{
    test_sets();
    test_orders();
    test_window();
    test_words();
    test_shapes();
    test_rows();
    return check_done();
}
