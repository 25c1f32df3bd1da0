#include "num/ngram.h"

enum {
    OUTSIDE = 256,
    LONGEST_WORD = 24,
    REPEAT_BITS = 12,
    REPEAT_LENGTHS = 16,
    REPEAT_ROW_BITS = 12
};

/* Multiplicative hashing: the high bits of h * odd are well mixed. */
static uint64_t
mix(uint64_t h, unsigned symbol)
{
    h = (h + symbol + 1) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 32;
}

static uint32_t
row_of(uint64_t h, int bits)
{
    return (uint32_t)(h * 0xd6e8feb86659fd93u >> (64 - bits));
}

static int
is_letter(uint8_t c)
{
    return (c | 32) >= 'a' ? (c | 32) <= 'z' || c >= 0x80 : 0;
}

int
ngram_features(const struct ngram *g)
{
    return (g->orders > 1 ? g->orders - 1 : 0) + g->words + g->repeats;
}

int
ngram_bits(const struct ngram *g, int k)
{
    int most = 32;

    if (k >= ngram_features(g) - g->repeats)
        most = REPEAT_ROW_BITS;
    else if (k == 0 && g->orders > 1)
        most = 16;
    return most < g->bits ? most : g->bits;
}

/* Hash the letters that end before position end, back to at most `start`;
 * *end moves to where the word began. */
static uint64_t
word(const uint8_t *data, size_t start, size_t *end, uint64_t h)
{
    size_t p = *end;

    for (int i = 0; p > start && is_letter(data[p - 1]) && i < LONGEST_WORD;
         i++)
        h = mix(h, data[--p]);
    *end = p;
    return h;
}

static void
word_rows(const struct ngram *g, uint32_t *rows, size_t ld, const uint8_t *data,
          size_t start, size_t p)
{
    size_t end = p + 1;
    uint64_t h = word(data, start, &end, 1);

    if (end == p + 1) /* between words: the byte itself */
        h = mix(h, data[--end]);
    rows[0] = row_of(h, g->bits);
    if (g->words < 2)
        return;
    for (int i = 0; end > start && !is_letter(data[end - 1]) && i < 4; i++)
        end--;
    h = mix(h, OUTSIDE);
    rows[ld] = row_of(word(data, start, &end, h), g->bits);
}

/* How many bytes before a and b agree, up to most, not past start. */
static size_t
agree(const uint8_t *data, size_t start, size_t a, size_t b, size_t most)
{
    size_t n = 0;

    while (n < most && a > start + n && data[a - 1 - n] == data[b - 1 - n])
        n++;
    return n;
}

/*
 * One repeat feature of positions from .. from + n - 1. The window is walked
 * from its start: last[h] tells where bytes of hash h were last seen to end.
 * A repeat once found is followed as long as it holds.
 */
static void
repeat_rows(const struct ngram *g, uint32_t *rows, const uint8_t *data,
            size_t start, size_t from, size_t n, size_t least)
{
    enum { LONGEST = 32 };
    static const uint8_t bucket[LONGEST + 1] = {
        0,  0,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 10, 11, 11, 12,
        12, 12, 12, 13, 13, 13, 13, 14, 14, 14, 14, 14, 14, 14, 14, 15
    };
    uint32_t last[1 << REPEAT_BITS] = { 0 }; /* 0: none; else end - start + 1 */
    uint64_t recent = 0, mask = ~(uint64_t)0 >> (64 - 8 * least);
    uint32_t row_mask = (1u << ngram_bits(g, ngram_features(g) - 1)) - 1;
    size_t at = 0; /* of the byte that followed; 0: no repeat */

    for (size_t p = start; p < from + n; p++) {
        size_t end = p + 1;
        recent = recent << 8 | data[p];
        at = at && data[at] == data[p] ? at + 1 : 0;
        if (end - start >= least) {
            uint32_t h = row_of(recent & mask, REPEAT_BITS);
            if (!at && last[h])
                at = start + last[h] - 1;
            if (at && agree(data, start, at, end, least) < least)
                at = 0;
            last[h] = (uint32_t)(end - start + 1);
        }
        if (p >= from)
            rows[p - from] =
                at ? (data[at] * (uint32_t)REPEAT_LENGTHS +
                      bucket[agree(data, start, at, end, LONGEST)]) &
                         row_mask
                   : 0;
    }
}

void
ngram_rows(const struct ngram *g, uint32_t *rows, size_t ld,
           const uint8_t *data, size_t start, size_t from, size_t n)
{
    int last = g->orders > 1 ? g->orders : 0;

    for (size_t i = 0; i < n; i++) {
        size_t p = from + i;
        uint32_t *row = rows + i;
        uint64_t h = 0;
        for (int o = 1; o <= last; o++) {
            size_t back = (size_t)o - 1;
            h = mix(h, p >= start + back ? data[p - back] : OUTSIDE);
            if (o >= 2) {
                *row = row_of(h, ngram_bits(g, o - 2));
                row += ld;
            }
        }
        if (g->words)
            word_rows(g, row, ld, data, start, p);
    }
    rows += (size_t)(ngram_features(g) - g->repeats) * ld;
    for (int i = 0; i < g->repeats; i++)
        repeat_rows(g, rows + (size_t)i * ld, data, start, from, n,
                    (size_t)2 << i);
}
