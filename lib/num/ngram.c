#include <string.h>

#include "num/ngram.h"

enum { OUTSIDE = 256, LONGEST_WORD = 24, MATCH_BITS = 12, MATCH_LENGTHS = 16 };

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
    return (g->orders > 1 ? g->orders - 1 : 0) + g->words + (g->match > 0);
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

/* The match feature of positions from .. from + n - 1. The window is walked
 * from its start: last[h] is where bytes of hash h were seen to end. */
static void
match_rows(const struct ngram *g, uint32_t *rows, const uint8_t *data,
           size_t start, size_t from, size_t n)
{
    enum { LONGEST = 32 };
    static const uint8_t bucket[LONGEST + 1] = {
        0,  0,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 10, 11, 11, 12,
        12, 12, 12, 13, 13, 13, 13, 14, 14, 14, 14, 14, 14, 14, 14, 15
    };
    size_t last[1 << MATCH_BITS] = { 0 };    /* 0: none; else the end + 1 */
    size_t least = (size_t)g->match, at = 0; /* at: the byte to follow */

    for (size_t p = start; p < from + n; p++) {
        uint64_t h = 0;
        size_t len = 0, end = p + 1;
        if (at && data[at] == data[p])
            at++; /* the old match goes on */
        else
            at = 0;
        if (end >= start + least) {
            for (size_t i = 0; i < least; i++)
                h = mix(h, data[p - i]);
            h = row_of(h, MATCH_BITS);
            if (!at && last[h])
                at = last[h] - 1;
            last[h] = end + 1;
        }
        if (at)
            len = agree(data, start, at, end, LONGEST);
        if (len < least)
            at = 0;
        if (p < from)
            continue;
        rows[p - from] =
            at ? ((uint32_t)data[at] * MATCH_LENGTHS + bucket[len]) &
                     ((1u << g->bits) - 1)
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
                *row = row_of(h, g->bits);
                row += ld;
            }
        }
        if (g->words)
            word_rows(g, row, ld, data, start, p);
    }
    if (g->match)
        match_rows(g, rows + (size_t)(ngram_features(g) - 1) * ld, data, start,
                   from, n);
}
