/*
 * ngram.h - hashed contexts: which table rows describe the bytes so far.
 *
 * Feature k of a position is a row number: the hash of the last k + 2 bytes
 * for k < orders - 1, then, with words >= 1, of the letters since the last
 * non-letter, and with words == 2, of those and the word before. The last
 * `repeats` features each look for the latest place in the window that ended
 * in the same 2, 4 or 8 bytes: the row says which byte followed there and how
 * long the two places agree; row 0 says that there is none. Bytes before the
 * start of the window count as one special symbol, so nothing outside the
 * window is seen.
 */
#ifndef LU_NGRAM_H
#define LU_NGRAM_H

#include <stddef.h>
#include <stdint.h>

enum { NGRAM_MAX_ORDER = 16, NGRAM_MAX_WORDS = 2, NGRAM_MAX_REPEATS = 3 };

struct ngram {
    int orders;  /* longest n-gram; below 2 there are none */
    int words;   /* 0 to NGRAM_MAX_WORDS word features */
    int repeats; /* 0 to NGRAM_MAX_REPEATS */
    int bits;    /* a table has at most 1 << bits rows */
};

int ngram_features(const struct ngram *g);

/* log2 of the rows of feature k: less than g->bits where fewer can occur. */
int ngram_bits(const struct ngram *g, int k);

/* Rows for the n positions data[from] .. data[from + n - 1], all of one window
 * that starts at data[start], start <= from. rows[k * ld + i] is feature k of
 * position from + i. */
void ngram_rows(const struct ngram *g, uint32_t *rows, size_t ld,
                const uint8_t *data, size_t start, size_t from, size_t n);

#endif
