/*
 * bytes.h - a text as training data: which positions each step sees.
 *
 * The text is cut into windows of `context` bytes; a position sees the bytes
 * of its window up to itself and predicts the next one. Windows are cut into
 * segments, and an epoch visits all segments in an order drawn from the seed
 * and the epoch's number; each epoch shifts the windows, so that no byte is
 * always the first of one. In sequence order nothing is shifted or shuffled.
 */
#ifndef LU_BYTES_H
#define LU_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include "common/why.h"

struct segment {
    size_t start; /* of the window it lies in */
    size_t from;  /* first position */
    size_t n;     /* positions; the target of the last is data[from + n] */
};

struct bytes {
    const uint8_t *data; /* not owned */
    size_t n;
    size_t context, segment;
    int in_order; /* 1: from byte 0 to the end, again and again */
    uint64_t seed;
    /* the state, which a checkpoint keeps */
    uint64_t epoch;
    size_t next; /* segment within the epoch */
    /* derived */
    size_t count, shift;
    uint32_t *order; /* owned */
};

/* Fails when n < 2. segment is at most context. */
int bytes_open(struct bytes *b, const uint8_t *data, size_t n, size_t context,
               size_t segment, int in_order, uint64_t seed, struct why *w);
void bytes_close(struct bytes *b);

/* Go to a saved place. Fails when it does not exist in this text. */
int bytes_seek(struct bytes *b, uint64_t epoch, size_t next, struct why *w);

/* The next segment; moves on to the next epoch by itself. */
struct segment bytes_next(struct bytes *b);

#endif
