#include <string.h>

#include "num/census.h"

/* Steps of a count: exact while small, then about 1.7 times apart. */
static const uint8_t edge[CENSUS_STEPS] = { 0, 1,  2,  3,  4,  5,
                                            7, 10, 16, 29, 61, 121 };
static const uint8_t step_of[128] = {
    0,  1,  2,  3,  4,  5,  5,  6,  6,  6,  7,  7,  7,  7,  7,  7,  8,  8,  8,
    8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  9,  9,  9,  9,  9,  9,  9,  9,  9,
    9,  9,  9,  9,  9,  9,  9,  9,  9,  9,  9,  9,  9,  9,  9,  9,  9,  9,  9,
    9,  9,  9,  9,  10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10,
    10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10,
    10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10,
    10, 10, 10, 10, 10, 10, 10, 11, 11, 11, 11, 11, 11, 11
};

_Static_assert(sizeof(struct census) == 16 &&
                   offsetof(struct census, count) == 9,
               "the counts are the last seven of sixteen bytes");

/* All counts as one number, the first in its lowest byte. */
static inline uint64_t
counts_of(const struct census *t)
{
    uint64_t c;

    memcpy(&c, (const char *)t + 8, sizeof c);
    return c >> 8;
}

/* Sums of neighbouring bytes, then of those. */
static inline int
total_of(uint64_t c)
{
    const uint64_t even = 0x00ff00ff00ff00ff;

    return (int)(((c & even) + (c >> 8 & even)) * 0x0001000100010001 >> 48);
}

/* Those that stay grow weaker with each new one, so none stays for ever. */
static void
weaken(struct census *t)
{
    for (int i = 0; i < CENSUS_SYMBOLS; i++)
        if (t->count[i] > 1)
            t->count[i] = (uint8_t)(t->count[i] - t->count[i] / 8);
}

struct census *
census_claim(struct census *table, int bits, uint64_t hash)
{
    struct census *t = census_find(table, bits, hash);
    struct census *g = table + census_group(bits, hash);
    int least = 0, fewest = 256 * CENSUS_SYMBOLS;

    if (t)
        return t;
    for (int i = 0; i < CENSUS_GROUP; i++) {
        int total = total_of(counts_of(&g[i]));
        if (total < fewest) {
            fewest = total;
            least = i;
        }
    }
    for (int i = 0; i < CENSUS_GROUP && fewest > 2; i++)
        if (i != least)
            weaken(&g[i]);
    g[least] = (struct census){ .tag = census_tag(hash) };
    return &g[least];
}

static int
halve(struct census *t)
{
    for (int i = 0; i < CENSUS_SYMBOLS; i++)
        t->count[i] = (uint8_t)((t->count[i] + 1) / 2);
    return 128;
}

void
census_add(struct census *t, uint8_t symbol)
{
    int i = 0, n = 1;

    if (t->count[0] && t->symbol[0] == symbol) { /* most often so */
        t->count[0] =
            (uint8_t)(t->count[0] == 255 ? halve(t) : t->count[0] + 1);
        return;
    }
    while (i < CENSUS_SYMBOLS - 1 && t->count[i] && t->symbol[i] != symbol)
        i++;
    if (t->count[i] && t->symbol[i] == symbol)
        n = t->count[i] == 255 ? halve(t) : t->count[i] + 1;
    for (; i > 0; i--) {
        t->symbol[i] = t->symbol[i - 1];
        t->count[i] = t->count[i - 1];
    }
    t->symbol[0] = symbol;
    t->count[0] = (uint8_t)n;
}

static inline int
step(int n)
{
    return step_of[n < 127 ? n : 127];
}

int
census_read(const struct census *t, uint16_t kind[CENSUS_SYMBOLS],
            uint32_t *row)
{
    static const uint8_t doubt[CENSUS_STEPS] = { 0, 1, 1, 2, 2, 2,
                                                 3, 3, 3, 3, 3, 3 };
    uint64_t c = counts_of(t);
    int total = total_of(c), n = 0, best = 0, most = 0, sure;

    for (; c & 0xff; c >>= 8, n++) {
        int count = (int)(c & 0xff);
        kind[n] =
            (uint16_t)((step(count) * CENSUS_STEPS + step(total - count)) * 2 +
                       (n == 0));
        if (count > most) {
            most = count;
            best = n;
        }
    }
    sure = step(most);
    *row = n == 0
               ? 0
               : (t->symbol[best] * 8u + (uint32_t)(sure < 7 ? sure : 7)) * 4 +
                     doubt[step(total - most)];
    return n;
}

void
census_typical(int kind, double *count, double *others)
{
    *count = edge[kind / 2 / CENSUS_STEPS];
    *others = edge[kind / 2 % CENSUS_STEPS];
}
