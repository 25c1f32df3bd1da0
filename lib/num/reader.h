/*
 * reader.h - what a position knows of the bytes before it.
 *
 * A reader walks one window and says for each position, from the bytes up to
 * it and from nothing outside the window but what training has counted:
 *
 *  rows   of embedding tables: one for each hashed context, and one for each
 *	   source of hints, which names its likeliest symbol and how sure it is;
 *  hints  which symbols may follow: each adds a learned weight, by its kind,
 *	   times its source's gate to the symbol's logit.
 *
 * Sources: censuses of the training text, by contexts; censuses of the window
 *so far; repeats, which look for the latest place in the window that ended in
 * the same 2, 4, 8 ... bytes and name what followed; matches, which look for
 * such a place in the training text. What is of the training text is a memory,
 * which the model keeps.
 */
#ifndef LU_READER_H
#define LU_READER_H

#include <stddef.h>
#include <stdint.h>

#include "common/why.h"
#include "kern.h"
#include "num/census.h"
#include "num/context.h"

enum {
    READER_MAX_REPEATS = 8,
    READER_MAX_SOURCES = 2 * CONTEXTS + 2 * READER_MAX_REPEATS,
    READER_MAX_ROWS = CONTEXTS + READER_MAX_SOURCES
};

/* Sets of contexts, see context.h; of repeats and matches, their
 * least lengths. */
struct reader_config {
    uint32_t embed;  /* with an embedding of their own */
    uint32_t counts; /* counted in the training text */
    uint32_t recent; /* counted in the window */
    uint32_t repeats, matches;
    long bits;        /* a table of embeddings has at most 1 << bits rows */
    long counts_bits; /* of censuses of the text, 1 << counts_bits
                       * records; of places in it, 4 << counts_bits */
};

/* The lists that follow from a configuration. */
struct reader_plan {
    struct reader_config c;
    uint32_t all; /* contexts that are needed at all */
    int embeds, counts, recents, repeats, matches; /* how many, and which: */
    uint8_t embed[CONTEXTS], count[CONTEXTS], recent[CONTEXTS];
    uint8_t repeat[READER_MAX_REPEATS], match[READER_MAX_REPEATS];
    int recent_bits;
    int rows;                      /* embeds + sources */
    int row_bits[READER_MAX_ROWS]; /* log2 of the size of each table */
    int sources; /* counts, recents, repeats, matches in this order */
    int weights; /* of all kinds of hints of all sources */
    int weight_at[READER_MAX_SOURCES + 1]; /* first of each source */
    int hints;                             /* most that one position can have */
};

/* Fill in bits and counts_bits where they are 0: by the size of a text. */
void reader_fit(struct reader_config *c, size_t text);

/* context: bytes of a window. Fails on impossible values, naming them. */
int reader_plan(struct reader_plan *p, const struct reader_config *c,
                long context, struct why *w);

/* Start values of the weights. */
void reader_weights(const struct reader_plan *p, float *weight);

/* What the model keeps of the training text. */
struct memory {
    const struct reader_plan *plan;
    struct census *counts; /* [plan->counts][1 << counts_bits], owned */
    uint32_t *places;      /* [plan->matches][4 << counts_bits], owned: where
                              bytes ended, 0 for nowhere */
    const uint8_t *text;   /* [n] that places point into, not owned */
    size_t n;
};

int memory_open(struct memory *m, const struct reader_plan *p);
void memory_close(struct memory *m);
size_t memory_counts(const struct reader_plan *p); /* records */
size_t memory_places(const struct reader_plan *p); /* numbers */
size_t memory_size(const struct reader_plan *p);   /* bytes of both */
void memory_clear(struct memory *m);

/* Learn what follows positions from .. to - 1 of the window at text[start].
 * Parts can work side by side: this is part `part` of `parts`. */
void memory_learn(struct memory *m, size_t start, size_t from, size_t to,
                  int part, int parts);

/* Where a reader writes: position i of its own gets rows[k * ld + i] for each
 * k, and hints[hint_at[i]] .. hints[hint_at[i + 1] - 1]. */
struct reading {
    uint32_t *rows;
    size_t ld;
    struct kern_hint *hints;
    uint32_t *hint_at; /* [n + 1]; hint_at[0] is the caller's */
};

/* Room for n positions. -1: no memory. */
int reading_open(struct reading *r, const struct reader_plan *p, size_t n);
void reading_close(struct reading *r);
size_t reading_size(const struct reader_plan *p, size_t n); /* bytes */

struct reader {
    const struct reader_plan *plan;
    size_t start, next; /* the window's start; the next position */
    struct context context;
    struct census *recent;         /* [plan->recents][1 << recent_bits], owned
                                    * with what follows it: */
    uint32_t *last;                /* [repeats][1 << 16] where bytes ended */
    struct census *open[CONTEXTS]; /* these await the next byte */
    struct reader_repeat {
        size_t at; /* of the byte that followed; 0: no repeat */
        int length, missed;
    } repeat[READER_MAX_REPEATS], match[READER_MAX_REPEATS];
};

int reader_open(struct reader *r, const struct reader_plan *p, struct why *w);
void reader_close(struct reader *r);
size_t reader_memory(const struct reader_plan *p); /* bytes of one */

/* A new window, at data[start]. */
void reader_start(struct reader *r, size_t start);

/* The next n positions of the window, r->next on. */
void reader_read(struct reader *r, const struct memory *m, const uint8_t *data,
                 size_t n, struct reading *to);

#endif
