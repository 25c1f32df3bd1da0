/*
 * bytes.h - a text as training data: which positions each step sees.
 *
 * The text is cut into windows of `context` bytes; a position sees the bytes
 * of its window up to itself and predicts the next one. Several streams each
 * walk a window of their own from its start to its end, a segment at a time,
 * and then take the next one. An epoch visits all windows: as many neighbours
 * as there are streams side by side, and these groups in an order drawn from
 * the seed and the epoch's number. Each epoch shifts the windows, so that no
 * byte is always the first of one. In order, nothing is shifted or shuffled.
 *
 * Windows are made a little shorter than that, so that the streams end an epoch
 * together. A text with less than four for each stream has much shorter ones.
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
    int last;     /* 1: the window ends with it */
};

/* Where a stream is: at == end when it is between windows. */
struct place {
    size_t start, at, end;
    uint64_t epoch;
};

struct bytes {
    const uint8_t *data; /* not owned */
    size_t n;
    size_t context, segment;
    int streams;
    int in_order; /* 1: from byte 0 to the end, again and again */
    uint64_t seed;
    /* the state, which a checkpoint keeps */
    uint64_t epoch;
    size_t next;         /* window within the epoch */
    struct place *place; /* [streams], owned */
    /* derived */
    size_t count, window, shift; /* window: bytes of one, the last has less */
    uint32_t *order;             /* owned */
};

/* Fails when n < 2. segment is at most context. */
int bytes_open(struct bytes *b, const uint8_t *data, size_t n, size_t context,
               size_t segment, int streams, int in_order, uint64_t seed,
               struct why *w);
void bytes_close(struct bytes *b);

/* Go to a saved place. Fails when it does not exist in this text; with places
 * NULL all streams are between windows. */
int bytes_seek(struct bytes *b, uint64_t epoch, size_t next,
               const struct place *places, struct why *w);

/* The next segment of a stream. To be called for each in turn: stream 0 goes on
 * to the next epoch when all have ended; until then one that has nothing left
 * gets an empty segment. */
struct segment bytes_next(struct bytes *b, int stream);

/* 1 when the next segments will begin a new epoch. */
int bytes_spent(const struct bytes *b);

/* The windows of the epoch, whole: call with *i = 0, and again until it says 0.
 * done = 1: those that streams have read to the end; 0: all others. */
int bytes_windows(const struct bytes *b, int done, size_t *i,
                  struct segment *s);

#endif
