#include <string.h>

#include "num/census.h"

/* The smallest count of each step. */
static const uint8_t edge[KERN_STEPS] = { 0, 1,  2,  3,  4,  5,
                                          7, 10, 16, 29, 61, 121 };

_Static_assert(sizeof(struct census) == 16 &&
                   offsetof(struct census, count) == 9,
               "two words: tag and six symbols; a symbol and the counts");

/* The last eight bytes of a record: a symbol, and above it all counts. */
static inline uint64_t
half(const struct census *t)
{
    uint64_t w;

    memcpy(&w, (const char *)t + 8, sizeof w);
    return w;
}

/* Sums of neighbouring bytes, then of those. */
static inline int
total_of(uint64_t c)
{
    const uint64_t even = 0x00ff00ff00ff00ff;

    return (int)(((c & even) + (c >> 8 & even)) * 0x0001000100010001 >> 48);
}

/* Those that stay lose an eighth with each new one, so none stays for ever. */
static void
weaken(struct census *t)
{
    uint64_t w = half(t);

    w -= w >> 3 & 0x1f1f1f1f1f1f1f00;
    memcpy((char *)t + 8, &w, sizeof w);
}

struct census *
census_make(struct census *table, int bits, uint64_t hash)
{
    struct census *g = table + census_group(bits, hash);
    int fewest = INT32_MAX, least;
    /* stored in one piece, because it is soon to be loaded so */
    uint64_t fresh __attribute__((vector_size(16))) = { 0 };

    for (int i = 0; i < CENSUS_GROUP; i++) {
        int total = total_of(half(&g[i]) >> 8) * CENSUS_GROUP + i;
        fewest = total < fewest ? total : fewest;
    }
    least = fewest % CENSUS_GROUP;
    for (int i = 0; i < CENSUS_GROUP && fewest / CENSUS_GROUP > 2; i++)
        if (i != least)
            weaken(&g[i]);
    fresh[0] = census_tag(hash);
    memcpy(&g[least], &fresh, sizeof fresh);
    return &g[least];
}

void
census_typical(int kind, double *count, double *others)
{
    *count = edge[kind / 2 / KERN_STEPS];
    *others = edge[kind / 2 % KERN_STEPS];
}
