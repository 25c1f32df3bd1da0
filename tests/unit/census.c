/* Records of what followed a context. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "num/census.h"
#include "num/rng.h"

enum { BITS = 6 };
static struct census table[1 << BITS];

/* A hash of tag `tag` in group `group`. */
static uint64_t
in_group(unsigned tag, unsigned group)
{
    return (uint64_t)tag << 49 | (uint64_t)group * CENSUS_GROUP << 12;
}

static void
add(uint64_t hash, const char *symbols)
{
    for (; *symbols; symbols++)
        census_add(census_claim(table, BITS, hash), (uint8_t)*symbols);
}

static int
total(const struct census *t)
{
    int sum = 0;

    for (int i = 0; i < CENSUS_SYMBOLS; i++)
        sum += t->count[i];
    return sum;
}

/* Symbols and counts of a record as text: "b1 a2". */
static const char *
show(const struct census *t)
{
    static char text[CENSUS_SYMBOLS * 5 + 1];
    int n = 0;

    text[0] = 0;
    for (int i = 0; t && i < CENSUS_SYMBOLS && t->count[i]; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%s%c%d", i ? " " : "",
                      t->symbol[i], t->count[i]);
    return text;
}

static void
test_counts(void)
{
    uint64_t h = in_group(5, 3);

    CHECK(census_find(table, BITS, h) == NULL);
    CHECK(census_claim(table, BITS, h) == census_find(table, BITS, h));
    CHECK(total(census_find(table, BITS, h)) == 0);
    CHECK(strcmp(show(census_find(table, BITS, h)), "") == 0);
    add(h, "aab");
    CHECK(strcmp(show(census_find(table, BITS, h)), "b1 a2") == 0);
    add(h, "ac");
    CHECK(strcmp(show(census_find(table, BITS, h)), "c1 a3 b1") == 0);
    CHECK(total(census_find(table, BITS, h)) == 5);
    add(h, "defg");
    CHECK(strcmp(show(census_find(table, BITS, h)), "g1 f1 e1 d1 c1 a3 b1") ==
          0);
    add(h, "h"); /* b was not seen for longest */
    CHECK(strcmp(show(census_find(table, BITS, h)), "h1 g1 f1 e1 d1 c1 a3") ==
          0);
    add(h, "a"); /* the last of a full record */
    CHECK(strcmp(show(census_find(table, BITS, h)), "a4 h1 g1 f1 e1 d1 c1") ==
          0);
    promise("census: counts stand in the order they were last seen");
    memset(table, 0, sizeof table);
    for (int i = 0; i < 10; i++)
        add(h, "x");
    add(h, "y");
    for (int i = 0; i < 245; i++)
        add(h, "x");
    CHECK(strcmp(show(census_find(table, BITS, h)), "x255 y1") == 0);
    add(h, "x");
    CHECK(strcmp(show(census_find(table, BITS, h)), "x128 y1") == 0);
    for (int i = 0; i < 3000; i++)
        add(h, i % 3 ? "x" : "z");
    CHECK(total(census_find(table, BITS, h)) <= 255 * CENSUS_SYMBOLS);
    promise("census: counts beyond 255 are halved, none is lost");
}

static void
test_groups(void)
{
    memset(table, 0, sizeof table);
    for (unsigned i = 1; i <= CENSUS_GROUP; i++) {
        add(in_group(i, 7), "aaaaaaaaa"); /* nine */
        add(in_group(i, 8), "b");
    }
    add(in_group(2, 7), "b");
    for (unsigned i = 1; i <= CENSUS_GROUP; i++) {
        CHECK(census_find(table, BITS, in_group(i, 7)) != NULL);
        CHECK(census_find(table, BITS, in_group(i, 6)) == NULL);
    }
    CHECK(census_find(table, BITS, in_group(9, 7)) == NULL);
    census_claim(table, BITS, in_group(9, 7)); /* 1 is the first of the least */
    CHECK(census_find(table, BITS, in_group(9, 7)) != NULL);
    CHECK(census_find(table, BITS, in_group(1, 7)) == NULL);
    CHECK(strcmp(show(census_find(table, BITS, in_group(2, 7))), "b1 a8") == 0);
    CHECK(strcmp(show(census_find(table, BITS, in_group(3, 8))), "b1") == 0);
    promise("census: a full group gives up its least, the others fade");
    for (unsigned i = 100; i < 200; i++) {
        struct census *t = census_claim(table, BITS, in_group(i, 7));
        CHECK(total(t) == 0 && t == census_claim(table, BITS, in_group(i, 7)));
        census_add(t, 'n');
    }
    CHECK(strcmp(show(census_find(table, BITS, in_group(3, 8))), "b1") == 0);
    promise("census: a claim is found, and touches its own group only");
}

static void
test_range(void)
{
    struct rng r;
    struct census *small = calloc(1 << CENSUS_MIN_BITS, sizeof *small);

    rng_seed(&r, 1);
    for (int i = 0; i < 2000; i++) {
        uint64_t h = (uint64_t)rng_below(&r, UINT32_MAX) << 32 |
                     rng_below(&r, UINT32_MAX);
        census_add(census_claim(small, CENSUS_MIN_BITS, h), 1);
        CHECK(census_find(small, CENSUS_MIN_BITS, h) != NULL);
    }
    free(small); /* the sanitizer has looked */
    promise("census: hashes of any value stay in the smallest table");
}

/* `others` spread over the entries but i, each at least one if it lasts. */
static struct census
spread(int i, int n, int others)
{
    struct census t = { .count = { 0 } };

    t.count[i] = (uint8_t)n;
    for (int k = 0, left = CENSUS_SYMBOLS - 1; k < CENSUS_SYMBOLS; k++)
        if (k != i) {
            t.count[k] = (uint8_t)((others + left - 1) / left);
            others -= t.count[k];
            left--;
        }
    return t;
}

/* How many hints a record gives, the kind of each, and the row. */
static int
tally(const struct census *t, int kind[CENSUS_SYMBOLS], uint32_t *row)
{
    static const int weight = 1000;
    struct kern_hint hint[CENSUS_SYMBOLS + 1];
    int n = (int)kern_ref.tally(hint, row, 1, t, &weight, 1);

    for (int i = 0; i < n; i++) {
        CHECK(hint[i].symbol == t->symbol[i] && hint[i].source == 0);
        kind[i] = hint[i].weight - weight;
    }
    return n;
}

static void
test_kinds(void)
{
    static char met[CENSUS_KINDS];
    const int most = 255 * (CENSUS_SYMBOLS - 1);
    int kind[CENSUS_SYMBOLS];
    uint32_t row;
    int wrong = 0, kinds = 0;

    for (int n = 1; n <= 255; n++)
        for (int others = 0; others <= most; others += 1 + others / 64)
            for (int i = 0; i < 2 && i <= others; i++) {
                struct census t = spread(i, n, others);
                wrong += tally(&t, kind, &row) <= i;
                wrong +=
                    kind[i] < 0 || kind[i] >= CENSUS_KINDS || kind[i] % 2 == i;
                met[kind[i] % CENSUS_KINDS] = 1;
            }
    for (int k = 0; k < CENSUS_KINDS; k++) {
        double n, others;
        int i = !(k & 1);
        kinds += met[k];
        census_typical(k, &n, &others);
        if (n < 1 || others < i)
            continue;
        struct census t = spread(i, (int)n, (int)others);
        CHECK(tally(&t, kind, &row) > i && kind[i] == k);
    }
    /* eleven steps of a count, twelve of the others; one less if it is not
     * the last seen, for that one is another */
    CHECK(wrong == 0 && kinds == 11 * 12 + 11 * 11);
    promise("census: a kind for all counts, and typical counts for a kind");
}

static uint32_t
row_of(const struct census *t)
{
    int kind[CENSUS_SYMBOLS];
    uint32_t row;

    tally(t, kind, &row);
    return row;
}

static void
test_rows(void)
{
    struct census t = { 0 };
    uint32_t row;

    CHECK(row_of(&t) == 0);
    t = (struct census){ 1, "xyz", { 2, 5, 1 } };
    row = row_of(&t);
    CHECK(row >> 5 == 'y');
    t.count[1] = 60;
    CHECK(row_of(&t) > row && row_of(&t) >> 5 == 'y');
    row = row_of(&t);
    t.count[2] = 30;
    CHECK(row_of(&t) != row && row_of(&t) >> 5 == 'y');
    t = (struct census){ 1, "x", { 0, 7, 9 } }; /* 0 ends the list */
    CHECK(row_of(&t) == 0);
    promise("census: a row names the likeliest symbol and how clear it is");
}

/* As they may be in a file that someone made. */
static void
test_hostile(void)
{
    struct rng r;
    int wrong = 0;

    rng_seed(&r, 2);
    for (int i = 0; i < 100000; i++) {
        struct census t;
        int kind[CENSUS_SYMBOLS];
        uint32_t row;
        int n;
        for (size_t k = 0; k < sizeof t; k++)
            ((uint8_t *)&t)[k] =
                (uint8_t)(rng_below(&r, 256) * (rng_below(&r, 8) > 0));
        n = tally(&t, kind, &row);
        wrong += n < 0 || n > CENSUS_SYMBOLS || row >> CENSUS_ROW_BITS;
        for (int k = 0; k < n; k++)
            wrong += kind[k] < 0 || kind[k] >= CENSUS_KINDS || t.count[k] == 0;
        census_add(&t, (uint8_t)i);
        wrong += t.symbol[0] != (uint8_t)i || t.count[0] == 0;
    }
    CHECK(wrong == 0);
    promise("census: whatever the bytes, kinds and rows are in range");
}

int
main(void)
{
    test_counts();
    test_groups();
    test_range();
    test_kinds();
    test_rows();
    test_hostile();
    return check_done();
}
