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

enum { CENSUS_SYMBOLS = 7, CENSUS_GROUP = 4, CENSUS_MIN_BITS = 2 };

struct census {
    uint16_t tag; /* 0: free */
    uint8_t symbol[CENSUS_SYMBOLS];
    uint8_t count[CENSUS_SYMBOLS]; /* the first 0 ends the list */
};

/* The record of a hashed context in a table of 1 << bits, or NULL. */
const struct census *census_find(const struct census *table, int bits,
                                 uint64_t hash);

/* The same, made when there is none. */
struct census *census_claim(struct census *table, int bits, uint64_t hash);

/* Ask for the cache line that find and claim will look at. */
void census_fetch(const struct census *table, int bits, uint64_t hash);

void census_add(struct census *t, uint8_t symbol);

/*
 * Kinds of entries: by the count of the symbol, the count of all others, and
 * whether it was the last one seen. An entry's kind is below CENSUS_KINDS;
 * census_kind tells it for entry i < CENSUS_SYMBOLS whose count is not 0, total
 * being the sum of all counts.
 */
enum { CENSUS_STEPS = 12, CENSUS_KINDS = CENSUS_STEPS * CENSUS_STEPS * 2 };
int census_kind(const struct census *t, int i, int total);
int census_total(const struct census *t);

/* Typical counts of a kind, for start values. */
void census_typical(int kind, double *count, double *others);

/* A row in [0, CENSUS_ROWS): the likeliest symbol and how clear it is; 0 for
 * a record without symbols. */
enum { CENSUS_ROW_BITS = 13, CENSUS_ROWS = 1 << CENSUS_ROW_BITS };
uint32_t census_row(const struct census *t, int total);

#endif
