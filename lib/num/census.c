#include <string.h>

#include "num/census.h"

/* The smallest count of each step. */
static const uint8_t edge[KERN_STEPS] = { 0, 1,  2,  3,  4,  5,
                                          7, 10, 16, 29, 61, 121 };

_Static_assert(sizeof(struct census) == 16 &&
                   offsetof(struct census, count) == 9,
               "two words: tag and six symbols; a symbol and the counts");

/* A record in registers: one byte for each symbol and each count, the first in
 * the lowest byte, and nothing in the highest. */
struct lists {
    uint64_t symbols, counts;
};

static const uint64_t seven = 0x00ffffffffffffff;

static inline struct lists
load(const struct census *t)
{
    uint64_t w[2];

    memcpy(w, t, sizeof w);
    return (struct lists){ (w[0] >> 16 | w[1] << 48) & seven, w[1] >> 8 };
}

/* In one piece: a processor that has to put a record together from two recent
 * stores waits for both to reach the cache. */
static inline void
store(struct census *t, struct lists l)
{
    typedef uint64_t pair __attribute__((vector_size(16)));
    pair w = { l.symbols << 16 | t->tag, l.counts << 8 | l.symbols >> 48 };

    memcpy(t, &w, sizeof w);
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
    struct lists l = load(t);

    l.counts -= l.counts >> 3 & 0x1f1f1f1f1f1f1f;
    store(t, l);
}

struct census *
census_make(struct census *table, int bits, uint64_t hash)
{
    struct census *g = table + census_group(bits, hash);
    int fewest = INT32_MAX, least;

    for (int i = 0; i < CENSUS_GROUP; i++) {
        int total = total_of(load(&g[i]).counts) * CENSUS_GROUP + i;
        fewest = total < fewest ? total : fewest;
    }
    least = fewest % CENSUS_GROUP;
    for (int i = 0; i < CENSUS_GROUP && fewest / CENSUS_GROUP > 2; i++)
        if (i != least)
            weaken(&g[i]);
    g[least].tag = census_tag(hash);
    store(&g[least], (struct lists){ 0, 0 });
    return &g[least];
}

/* 0x80 in each byte that is 0. */
static inline uint64_t
zeros(uint64_t x)
{
    const uint64_t low = 0x7f7f7f7f7f7f7f7f;

    return ~(((x & low) + low) | x | low);
}

/* Put x before the first i bits of a list; what was there, or last, goes. */
static inline uint64_t
to_front(uint64_t list, int i, uint64_t x)
{
    uint64_t before = ((uint64_t)1 << i) - 1;

    return (list & ~(before << 8 | 0xff)) | (list & before) << 8 | x;
}

void
census_add(struct census *t, uint8_t symbol)
{
    struct lists l = load(t);
    uint64_t same = zeros(l.symbols ^ symbol * 0x0101010101010101u);
    uint64_t end = zeros(l.counts) | (uint64_t)0x80 << 48;
    int i = __builtin_ctzll(same | end) & ~7;
    uint64_t n = same >> i & 0x80 ? l.counts >> i & 0xff : 0;

    if (n == 255) { /* halve all, and round up */
        l.counts = (l.counts >> 1 & 0x7f7f7f7f7f7f7f7f) +
                   (l.counts & 0x0101010101010101);
        n = 127;
    }
    l.symbols = to_front(l.symbols, i, symbol);
    l.counts = to_front(l.counts, i, n + 1);
    store(t, l);
}

void
census_typical(int kind, double *count, double *others)
{
    *count = edge[kind / 2 / KERN_STEPS];
    *others = edge[kind / 2 % KERN_STEPS];
}
