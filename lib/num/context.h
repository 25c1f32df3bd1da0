/*
 * context.h - hashes of what stands before a position of a window.
 *
 * Contexts 0 to 23 are the last 1 to 24 bytes. Then: the letters since the
 * last non-letter (after one: it and the word before); those and the word
 * before; the three bytes before the last; the start of the line, the column
 * and the last byte. Bytes before the window count as one special symbol.
 */
#ifndef LU_CONTEXT_H
#define LU_CONTEXT_H

#include <stddef.h>
#include <stdint.h>

#include "common/why.h"

enum {
    CONTEXT_MAX_ORDER = 24,
    CONTEXT_WORD = CONTEXT_MAX_ORDER,
    CONTEXT_WORDS,
    CONTEXT_GAP,
    CONTEXT_LINE,
    CONTEXTS
};
enum { CONTEXT_NAMES = 128 };

/* A set of contexts is a word with bit `which` set for each. In text: lengths,
 * ranges and names with commas between, as in "2-6,8,word,words,gap,line", or
 * "none". Parsing fails on anything else, naming it. */
int context_set(uint32_t *set, const char *text, struct why *w);
void context_names(uint32_t set, char text[CONTEXT_NAMES]);

/* What the bytes of a window so far leave behind, beside themselves. */
struct context {
    uint64_t word, before, earlier; /* hashes of words, the last one open */
    uint8_t mark;                   /* the last non-letter */
    uint8_t column, first, second;  /* of the line */
};

void context_start(struct context *c);
void context_step(struct context *c, uint8_t byte);

/* The hash of context `which` after data[at], which context_step has seen; the
 * window starts at data[start]. */
uint64_t context_hash(const struct context *c, int which, const uint8_t *data,
                      size_t start, size_t at);

enum { CONTEXT_BLOCK = 32 };

/* The hashes of a set of orders after data[at] .. data[at + n - 1], n at most
 * CONTEXT_BLOCK: context i after data[at + j] into to[i * ld + j]. */
void context_orders(uint64_t *to, size_t ld, uint32_t set, const uint8_t *data,
                    size_t start, size_t at, int n);

/* The same of any contexts: context i after data[at + j] into to[i][j]. c has
 * seen the window up to here, and sees these. */
void context_block(uint64_t to[CONTEXTS][CONTEXT_BLOCK], struct context *c,
                   uint32_t set, const uint8_t *data, size_t start, size_t at,
                   int n);

/* A row of a table of 1 << bits, from its highest bits. */
static inline uint32_t
context_row(uint64_t hash, int bits)
{
    return (uint32_t)(hash >> (64 - bits));
}

#endif
