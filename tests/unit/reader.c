/* What a position knows of the bytes before it, and of a text learned. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "num/reader.h"
#include "num/rng.h"

enum { N = 1500 };
static uint8_t text[N], other[N];

static const struct reader_config all = {
    .embed = 0x7f | 1u << CONTEXT_WORD | 1u << CONTEXT_WORDS,
    .counts = 0x1e | 15u << CONTEXT_WORD,
    .recent = 0x9f | 15u << CONTEXT_WORD,
    .repeats = 1u << 1 | 1u << 3 | 1u << 7,
    .matches = 1u << 3 | 1u << 7,
    .bits = 12,
    .counts_bits = 10,
};

struct kit {
    struct reader_plan plan;
    struct memory memory;
    struct reader reader;
    struct reading to;
};

static void
set_up(struct kit *k, const struct reader_config *c, size_t n)
{
    struct why w;

    CHECK(reader_plan(&k->plan, c, 65536, &w) == 0);
    CHECK(memory_open(&k->memory, &k->plan) == 0);
    CHECK(reader_open(&k->reader, &k->plan, &w) == 0);
    CHECK(reading_open(&k->to, &k->plan, n) == 0);
}

static void
tear_down(struct kit *k)
{
    memory_close(&k->memory);
    reader_close(&k->reader);
    reading_close(&k->to);
}

static void
learn(struct kit *k, const uint8_t *data, size_t n)
{
    memory_clear(&k->memory);
    k->memory.text = data;
    k->memory.n = n;
    memory_learn(&k->memory, 0, 0, n - 1, 0, 1);
}

/* Read data[start] .. data[end - 1] as one window. */
static void
read_window(struct kit *k, const uint8_t *data, size_t start, size_t end)
{
    k->to.hint_at[0] = 0;
    reader_start(&k->reader, start);
    reader_read(&k->reader, &k->memory, data, end - start, &k->to);
}

/* 1: position i of a is told what position j of b is. */
static int
alike(const struct kit *a, size_t i, const struct kit *b, size_t j)
{
    uint32_t n = a->to.hint_at[i + 1] - a->to.hint_at[i];

    for (int k = 0; k < a->plan.rows; k++)
        if (a->to.rows[(size_t)k * a->to.ld + i] !=
            b->to.rows[(size_t)k * b->to.ld + j])
            return 0;
    return b->to.hint_at[j + 1] - b->to.hint_at[j] == n &&
           memcmp(a->to.hints + a->to.hint_at[i],
                  b->to.hints + b->to.hint_at[j], n * sizeof *a->to.hints) == 0;
}

/* What sources of a kind say after s, with window and memory: "a b" for the
 * symbols of source 0, then "|" and so on. */
static const char *
hints(const struct reader_config *c, const char *s, const char *learned)
{
    static char said[4096];
    struct kit k;
    size_t n = strlen(s);
    char *at = said;
    uint32_t h;

    set_up(&k, c, n);
    if (learned)
        learn(&k, (const uint8_t *)learned, strlen(learned));
    read_window(&k, (const uint8_t *)s, 0, n);
    h = k.to.hint_at[n - 1];
    for (int source = 0; source < k.plan.sources; source++) {
        if (source)
            *at++ = '|';
        for (; h < k.to.hint_at[n] && k.to.hints[h].source == source; h++)
            *at++ = (char)k.to.hints[h].symbol;
    }
    *at = 0;
    CHECK(h == k.to.hint_at[n]);
    tear_down(&k);
    return said;
}

#define SAYS(c, s, learned, want)                                              \
    do {                                                                       \
        const char *said_ = hints(c, s, learned);                              \
        if (strcmp(said_, want) != 0) {                                        \
            printf("# after \"%s\": %s, not %s\n", s, said_, want);            \
            CHECK(!"other hints");                                             \
        }                                                                      \
    } while (0)

static void
test_recent(void)
{
    const struct reader_config two = { .recent = 3,
                                       .bits = 8,
                                       .counts_bits = 8 };

    SAYS(&two, "a", NULL, "|");
    SAYS(&two, "ab", NULL, "|");
    SAYS(&two, "aba", NULL, "b|");
    SAYS(&two, "abaca", NULL, "cb|"); /* the latest first */
    SAYS(&two, "abacaba", NULL, "bc|c");
    SAYS(&two, "abacabab", NULL, "a|a");
    promise("reader: a census of the window says what followed in it");
}

static void
test_counts(void)
{
    const struct reader_config two = { .counts = 3,
                                       .bits = 8,
                                       .counts_bits = 8 };

    SAYS(&two, "a", "abacadaba", "bdc|b"); /* the start is one, too */
    SAYS(&two, "ca", "abacadaba", "bdc|d");
    SAYS(&two, "b", "abacadab", "a|"); /* nothing follows the end */
    SAYS(&two, "b", "cab", "|");
    SAYS(&two, "x", "abacadaba", "|");
    promise("reader: a census of the text says what followed in it");
}

static void
test_repeats(void)
{
    const struct reader_config two = { .repeats = 1u << 1 | 1u << 3,
                                       .bits = 8,
                                       .counts_bits = 8 };

    SAYS(&two, "abcdXabcd", NULL, "X|X");
    SAYS(&two, "abcXdbc", NULL, "X|"); /* "bc" agrees, four bytes do not */
    SAYS(&two, "abcdXabcdYabcd", NULL, "Y|Y");
    SAYS(&two, "abXcdabYcdab", NULL, "Y|Y");
    SAYS(&two, "ab", NULL, "|");
    SAYS(&two, "abab", NULL, "a|");
    SAYS(&two, "aaaa", NULL, "a|"); /* what follows may be the end itself */
    SAYS(&two, "abcd1..Xcd2.abcd", NULL, "1|1"); /* it goes on: is followed */
    promise("reader: a repeat says which byte followed the last bytes");
}

static void
test_matches(void)
{
    const struct reader_config two = { .matches = 1u << 1 | 1u << 3,
                                       .bits = 8,
                                       .counts_bits = 8 };

    SAYS(&two, "abcd", "..abcdX", "X|X");
    SAYS(&two, "d", "..abcdX", "|");
    SAYS(&two, ".bcd", "..abcdX", "X|");
    SAYS(&two, "abcd", "abcdXabcdY", "Y|Y");
    SAYS(&two, "abcdXab", "abcdXabcdY", "c|c"); /* Y was wrong, X right */
    SAYS(&two, "abcd", "..abcd", "|");          /* nothing follows the end */
    SAYS(&two, "abc", "..abcd", "d|");
    promise("reader: a match says which byte followed in the text learned");
}

/* A longer agreement is another kind, a misled one too. */
static void
test_kinds(void)
{
    const struct reader_config one = { .repeats = 1u << 1,
                                       .bits = 8,
                                       .counts_bits = 8 };
    static const char s[] = "abcdefgh..abcdefgh?abX..abc";
    uint16_t kind[sizeof s] = { 0 };
    struct kit k;

    set_up(&k, &one, sizeof s);
    read_window(&k, (const uint8_t *)s, 0, sizeof s - 1);
    for (size_t i = 0; i + 1 < sizeof s; i++)
        if (k.to.hint_at[i] < k.to.hint_at[i + 1])
            kind[i] = k.to.hints[k.to.hint_at[i]].weight + 1;
    CHECK(kind[10] == 0 && kind[11] > 0); /* "ab" */
    for (int i = 12; i < 18; i++)
        CHECK(kind[i] > kind[i - 1]);
    CHECK(kind[20] > 0 && kind[20] != kind[11]); /* "h?" was not "h." */
    CHECK(kind[25] > 0 && kind[25] != kind[20]); /* nor "X" "c" */
    tear_down(&k);
    promise("reader: hints of long and of misled agreement are of other kinds");
}

/* Positions 0 .. N - 1 of a window at 0 in text, all sources. */
static struct kit base;

static void
test_future(void)
{
    struct kit k;
    int wrong = 0;

    set_up(&k, &all, N);
    learn(&k, other, N);
    for (size_t at = 3; at < N; at += 97) {
        uint8_t keep = text[at];
        for (size_t i = at; i < N; i++)
            text[i] ^= 0x15;
        read_window(&k, text, 0, N);
        for (size_t i = 0; i < at; i++)
            wrong += !alike(&k, i, &base, i);
        CHECK(!alike(&k, at, &base, at));
        for (size_t i = at; i < N; i++)
            text[i] ^= 0x15;
        CHECK(text[at] == keep);
    }
    CHECK(wrong == 0);
    tear_down(&k);
    promise("reader: no byte after a position is seen");
}

static void
test_past(void)
{
    struct kit k;
    uint8_t *copy = malloc(2 * N);
    int wrong = 0;

    set_up(&k, &all, N);
    learn(&k, other, N);
    memcpy(copy, text, N); /* just what would be found, if it were seen */
    memcpy(copy + N, text, N);
    read_window(&k, copy, N, 2 * N);
    for (size_t i = 0; i < N; i++)
        wrong += !alike(&k, i, &base, i);
    read_window(&k, other, 0, N); /* nor the window before */
    read_window(&k, text, 0, N);
    for (size_t i = 0; i < N; i++)
        wrong += !alike(&k, i, &base, i);
    CHECK(wrong == 0);
    free(copy);
    tear_down(&k);
    promise("reader: nothing before the window is seen");
}

static void
test_pieces(void)
{
    struct kit k;
    struct rng r;
    int wrong = 0;

    rng_seed(&r, 4);
    set_up(&k, &all, N);
    learn(&k, other, N);
    reader_start(&k.reader, 0);
    k.to.hint_at[0] = 7; /* the caller's */
    for (size_t at = 0; at < N;) {
        struct reading to = k.to;
        size_t n = rng_below(&r, 70);
        n = n < N - at ? n : N - at;
        to.rows += at;
        to.hint_at += at;
        reader_read(&k.reader, &k.memory, text, n, &to);
        at += n;
        CHECK(k.reader.next == at && k.reader.start == 0);
    }
    CHECK(k.to.hint_at[0] == 7);
    for (size_t i = 0; i < N; i++)
        wrong += !alike(&k, i, &base, i);
    CHECK(wrong == 0);
    tear_down(&k);
    promise("reader: pieces of any size give what one piece gives");
}

static void
test_room(void)
{
    int wrong = 0, full = 0;

    for (size_t i = 0; i < N; i++) {
        uint32_t from = base.to.hint_at[i], to = base.to.hint_at[i + 1];
        int last = 0;
        wrong += to < from || to - from > (uint32_t)base.plan.hints;
        full += to - from > 40;
        for (; from < to; from++) {
            struct kern_hint h = base.to.hints[from];
            wrong += h.source < last || h.source >= base.plan.sources ||
                     h.weight < base.plan.weight_at[h.source] ||
                     h.weight >= base.plan.weight_at[h.source + 1];
            last = h.source;
        }
        for (int k = 0; k < base.plan.rows; k++)
            wrong += base.to.rows[(size_t)k * base.to.ld + i] >>
                         base.plan.row_bits[k] !=
                     0;
    }
    CHECK(wrong == 0 && full > 0);
    promise("reader: rows and hints are in range, hints in order of sources");
}

static int
refused(struct reader_config c, const char *reason)
{
    struct reader_plan p;
    struct why w;

    return reader_plan(&p, &c, 100, &w) < 0 && strstr(w.s, reason);
}

static void
test_plan(void)
{
    struct reader_config c = all;
    struct reader_plan p;
    struct why w;

    c.embed = c.counts = c.recent = (1u << CONTEXTS) - 1;
    c.repeats = c.matches = 0xff0000;
    CHECK(reader_plan(&p, &c, 1 << 30, &w) == 0);
    CHECK(p.rows <= READER_MAX_ROWS && p.sources <= READER_MAX_SOURCES);
    CHECK(p.weights <= UINT16_MAX + 1 && p.sources <= UINT8_MAX + 1);
    CHECK(p.weights == p.weight_at[p.sources] && p.recent_bits <= 14);
    CHECK(reader_plan(&p, &c, 1, &w) == 0 && p.recent_bits >= 2);
    c.bits = 7;
    CHECK(refused(c, "bits"));
    c.bits = 29;
    CHECK(refused(c, "bits"));
    c.bits = 28;
    c.counts_bits = 7;
    CHECK(refused(c, "counts-bits"));
    c.counts_bits = 28;
    CHECK(reader_plan(&p, &c, 100, &w) == 0);
    CHECK(memory_counts(&p) == (size_t)CONTEXTS << 28);
    c.repeats = 0x1ff;
    CHECK(refused(c, "repeats"));
    c.repeats = 1u << CONTEXT_WORD;
    CHECK(refused(c, "repeats"));
    c.repeats = 0;
    c.matches = 1u << CONTEXT_LINE;
    CHECK(refused(c, "matches"));
    promise("reader: a plan of everything fits its types; bad ones are named");
    c = (struct reader_config){ 0 };
    reader_fit(&c, 0);
    CHECK(c.bits == 8 && c.counts_bits == 8);
    c = (struct reader_config){ .bits = 9 };
    reader_fit(&c, (size_t)1 << 40);
    CHECK(c.bits == 9 && c.counts_bits >= 20 && c.counts_bits <= 28);
    promise("reader: sizes fit the text, unless they are given");
}

/* Windows learned by three parts, or one after the other, or by one. */
static void
test_memory(void)
{
    struct kit a, b;

    set_up(&a, &all, 1);
    set_up(&b, &all, 1);
    a.memory.text = b.memory.text = text;
    a.memory.n = b.memory.n = N;
    memory_learn(&a.memory, 0, 0, 700, 0, 1);
    memory_learn(&a.memory, 700, 700, N - 1, 0, 1);
    for (int part = 2; part >= 0; part--) {
        memory_learn(&b.memory, 0, 0, 333, part, 3);
        memory_learn(&b.memory, 0, 333, 700, part, 3);
        memory_learn(&b.memory, 700, 700, 700, part, 3);
        memory_learn(&b.memory, 700, 700, N - 1, part, 3);
    }
    CHECK(memcmp(a.memory.counts, b.memory.counts,
                 memory_counts(&a.plan) * sizeof *a.memory.counts) == 0);
    CHECK(memcmp(a.memory.places, b.memory.places,
                 memory_places(&a.plan) * sizeof *a.memory.places) == 0);
    promise("memory: parts of the tables and of a window add up to the whole");
    for (size_t i = 0; i < memory_places(&a.plan); i++)
        CHECK(a.memory.places[i] < N);
    memory_clear(&a.memory);
    for (size_t i = 0; i < memory_counts(&a.plan); i++)
        CHECK(a.memory.counts[i].tag == 0);
    for (size_t i = 0; i < memory_places(&a.plan); i++)
        CHECK(a.memory.places[i] == 0);
    tear_down(&a);
    tear_down(&b);
    promise("memory: places lie in the text; cleared, nothing is left");
}

/* The memory of a file that someone made: nothing outside is read (which the
 * sanitizer sees), and what is said is in range. */
static void
test_hostile(void)
{
    struct kit k;
    struct rng r;
    int wrong = 0;

    rng_seed(&r, 6);
    set_up(&k, &all, N);
    for (int round = 0; round < 6; round++) {
        uint8_t *end = malloc(50);
        uint32_t *place = k.memory.places;
        uint8_t *count = (uint8_t *)k.memory.counts;
        learn(&k, other, N); /* so that tags are found */
        for (size_t i = 0; i < memory_counts(&k.plan) * 16; i++)
            if (i % 16 >= 2)
                count[i] = (uint8_t)rng_below(&r, 256);
        memcpy(end, text, 50);
        k.memory.text = round == 5 ? NULL : end;
        k.memory.n = round == 5 ? 0 : 50;
        for (size_t i = 0; i < memory_places(&k.plan); i++)
            place[i] = round < 2 ? (uint32_t)rng_below(&r, 60)
                                 : (uint32_t)rng_below(&r, UINT32_MAX);
        read_window(&k, text, 0, N);
        for (size_t i = 0; i < N; i++)
            wrong +=
                k.to.hint_at[i + 1] - k.to.hint_at[i] > (uint32_t)k.plan.hints;
        for (uint32_t i = 0; i < k.to.hint_at[N]; i++)
            wrong += k.to.hints[i].weight >= k.plan.weights;
        for (int t = 0; t < k.plan.rows; t++)
            for (size_t i = 0; i < N; i++)
                wrong +=
                    k.to.rows[(size_t)t * k.to.ld + i] >> k.plan.row_bits[t] !=
                    0;
        free(end);
    }
    CHECK(wrong == 0);
    tear_down(&k);
    promise("reader: whatever the memory holds, it stays within it");
}

/* Words drawn unevenly, with line ends: all sources have something to say. */
static void
make_up(uint8_t *to, uint64_t seed)
{
    static const char *const word[] = { "the ", "cat ",  "sat\n", "on ",
                                        "a ",   "mat, ", "dog-",  "hat " };
    struct rng r;

    rng_seed(&r, seed);
    for (size_t at = 0; at < N;) {
        const char *s = word[rng_below(&r, 1 + rng_below(&r, 8))];
        size_t n = strlen(s) < N - at ? strlen(s) : N - at;
        memcpy(to + at, s, n);
        at += n;
    }
}

int
main(void)
{
    make_up(text, 1);
    make_up(other, 2);
    test_recent();
    test_counts();
    test_repeats();
    test_matches();
    test_kinds();
    set_up(&base, &all, N);
    learn(&base, other, N);
    read_window(&base, text, 0, N);
    test_future();
    test_past();
    test_pieces();
    test_room();
    tear_down(&base);
    test_plan();
    test_memory();
    test_hostile();
    return check_done();
}
