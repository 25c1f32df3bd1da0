#include <math.h>
#include <string.h>

#include "num/census.h"

/* Steps of a count: exact while small, then about 1.7 times apart. */
static const uint8_t edge[CENSUS_STEPS] = { 0, 1,  2,  3,  4,  5,
                                            7, 10, 16, 29, 61, 121 };

static int
step_of(int n)
{
    static const uint8_t low[64] = { 0, 1, 2, 3, 4, 5, 5, 6, 6, 6,  7,  7, 7,
                                     7, 7, 7, 8, 8, 8, 8, 8, 8, 8,  8,  8, 8,
                                     8, 8, 8, 9, 9, 9, 9, 9, 9, 9,  9,  9, 9,
                                     9, 9, 9, 9, 9, 9, 9, 9, 9, 9,  9,  9, 9,
                                     9, 9, 9, 9, 9, 9, 9, 9, 9, 10, 10, 10 };

    return n < 64 ? low[n] : n < edge[11] ? 10 : 11;
}

/* Middle bits choose the group, the highest fifteen are the tag. */
static size_t
group_of(int bits, uint64_t hash)
{
    return (size_t)(hash >> 12 & ((1u << bits) - 1)) &
           ~(size_t)(CENSUS_GROUP - 1);
}

static uint16_t
tag_of(uint64_t hash)
{
    return (uint16_t)(hash >> 48 | 1);
}

void
census_fetch(const struct census *table, int bits, uint64_t hash)
{
    __builtin_prefetch(table + group_of(bits, hash), 1);
}

const struct census *
census_find(const struct census *table, int bits, uint64_t hash)
{
    const struct census *g = table + group_of(bits, hash);
    uint16_t tag = tag_of(hash);

    for (int i = 0; i < CENSUS_GROUP; i++)
        if (g[i].tag == tag)
            return &g[i];
    return NULL;
}

int
census_total(const struct census *t)
{
    int total = 0;

    for (int i = 0; i < CENSUS_SYMBOLS; i++)
        total += t->count[i];
    return total;
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
    struct census *g = table + group_of(bits, hash);
    int least = 0, fewest = 256 * CENSUS_SYMBOLS;

    for (int i = 0; i < CENSUS_GROUP; i++)
        if (g[i].tag == tag_of(hash))
            return &g[i];
    for (int i = 0; i < CENSUS_GROUP; i++) {
        int total = census_total(&g[i]);
        if (total < fewest) {
            fewest = total;
            least = i;
        }
    }
    for (int i = 0; i < CENSUS_GROUP && fewest > 2; i++)
        if (i != least)
            weaken(&g[i]);
    g[least] = (struct census){ .tag = tag_of(hash) };
    return &g[least];
}

void
census_add(struct census *t, uint8_t symbol)
{
    int i = 0, n = 1;

    while (i < CENSUS_SYMBOLS - 1 && t->count[i] && t->symbol[i] != symbol)
        i++;
    if (t->count[i] && t->symbol[i] == symbol)
        n = t->count[i] + 1;
    if (n > 255) {
        for (int j = 0; j < CENSUS_SYMBOLS; j++)
            t->count[j] = (uint8_t)((t->count[j] + 1) / 2);
        n = 128;
    }
    for (; i > 0; i--) {
        t->symbol[i] = t->symbol[i - 1];
        t->count[i] = t->count[i - 1];
    }
    t->symbol[0] = symbol;
    t->count[0] = (uint8_t)n;
}

int
census_kind(const struct census *t, int i, int total)
{
    int n = t->count[i];

    return (step_of(n) * CENSUS_STEPS + step_of(total - n)) * 2 + (i == 0);
}

void
census_typical(int kind, double *count, double *others)
{
    *count = edge[kind / 2 / CENSUS_STEPS];
    *others = edge[kind / 2 % CENSUS_STEPS];
}

uint32_t
census_row(const struct census *t, int total)
{
    static const uint8_t doubt[CENSUS_STEPS] = { 0, 1, 1, 2, 2, 2,
                                                 3, 3, 3, 3, 3, 3 };
    int best = 0, sure;

    for (int i = 1; i < CENSUS_SYMBOLS; i++)
        if (t->count[i] > t->count[best])
            best = i;
    if (!t->count[best])
        return 0;
    sure = step_of(t->count[best]);
    sure = sure < 7 ? sure : 7;
    return ((uint32_t)t->symbol[best] * 8 + (uint32_t)sure) * 4 +
           doubt[step_of(total - t->count[best])];
}
