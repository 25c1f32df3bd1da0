/*
 * census.h - which symbols followed a context: how often, how lately.
 *
 * A census is one record of a hash table: up to seven symbols, the latest
 * first, with counts to 255. A new symbol in a full record takes the place of
 * the one not seen for longest. Records lie in groups of four, one cache line;
 * a context whose group is full takes the place of the least counted there.
 * Two contexts are one where 15 bits of tag and the group agree.
 */
#ifndef LU_CENSUS_H
#define LU_CENSUS_H

#include <stddef.h>
#include <stdint.h>

#include "kern.h"

enum { CENSUS_SYMBOLS = 7, CENSUS_GROUP = 4, CENSUS_MIN_BITS = 2 };

struct census {
    uint16_t tag; /* 0: free */
    uint8_t symbol[CENSUS_SYMBOLS];
    uint8_t count[CENSUS_SYMBOLS]; /* the first 0 ends the list */
};

/* Middle bits of a hash choose the group, the highest fifteen are the tag. */
static inline size_t
census_group(int bits, uint64_t hash)
{
    return (size_t)(hash >> 12) & (((size_t)1 << bits) - CENSUS_GROUP);
}

static inline uint16_t
census_tag(uint64_t hash)
{
    return (uint16_t)(hash >> 48 | 1);
}

/* The record of a hashed context in a table of 1 << bits, or NULL. At most one
 * tag of a group is the right one; to try all is faster than to guess. */
static inline struct census *
census_find(struct census *table, int bits, uint64_t hash)
{
    struct census *g = table + census_group(bits, hash);
    uint16_t tag = census_tag(hash);
    unsigned b = g[1].tag == tag, c = g[2].tag == tag, d = g[3].tag == tag;

    return (g[0].tag == tag) | b | c | d ? g + ((b | d) + 2 * (c | d)) : NULL;
}

/* A new one, which there must not be yet. */
struct census *census_make(struct census *table, int bits, uint64_t hash);

/* The one that there is, or a new one. */
static inline struct census *
census_claim(struct census *table, int bits, uint64_t hash)
{
    struct census *t = census_find(table, bits, hash);

    return t ? t : census_make(table, bits, hash);
}

static inline void
census_add(struct census *t, uint8_t symbol)
{
    kern_cpu.count(t, symbol);
}

/* Kinds of hints and rows of embeddings, see kern.h: tally. */
enum { CENSUS_KINDS = KERN_KINDS, CENSUS_ROW_BITS = 13 };

/* Typical counts of a kind, for start values. */
void census_typical(int kind, double *count, double *others);

#endif
