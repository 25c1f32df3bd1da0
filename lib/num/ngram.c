#include "num/ngram.h"

enum { OUTSIDE = 256, LONGEST_WORD = 24 };

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
    return (g->orders > 1 ? g->orders - 1 : 0) + g->words;
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
}
