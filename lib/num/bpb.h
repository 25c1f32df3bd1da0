/*
 * bpb.h - bits per byte of a text under a model.
 *
 * Windows stand at 0, c, 2c ... while a whole one and its last target fit;
 * each scores c targets, so the first byte and a tail are never targets. In
 * rolling mode windows overlap by half, which is not scored again: all bytes
 * but the first are targets, and those after the first window see at least
 * c / 2 bytes. The sum is in double, the denominator is raw bytes.
 *
 * With a rate, the model learns from each BPB_BLOCK bytes after they have been
 * scored, by plain gradient descent on its dense weights, and forgets at the
 * end of the window (Krause et al. 2018, dynamic evaluation, section 3).
 */
#ifndef LU_BPB_H
#define LU_BPB_H

#include <stddef.h>
#include <stdint.h>

#include "common/why.h"
#include "num/ffn.h"
#include "num/team.h"

enum { BPB_BLOCK = 128 };

struct bpb {
    double nats, bits_per_byte;
    size_t targets, windows;
    size_t right; /* targets that had the largest logit */
    double rate;  /* set by the caller: of learning meanwhile, 0 for none */
    /* NULL, or set by the caller: called with the share done, last with 1 */
    void (*show)(void *ctx, double share);
    void *ctx;
};

/* Fails when n < context + 1 (rolling: n < 2), naming what is needed. */
int bpb_eval(struct bpb *b, const struct ffn *f, struct team *team,
             const uint8_t *data, size_t n, size_t context, int rolling,
             struct why *w);

/* The window for a text of n bytes: the model's, or all of a shorter one. */
size_t bpb_context(const struct ffn *f, size_t n);

/* Bytes that an evaluation needs beyond the model and the text. */
size_t bpb_memory(const struct ffn *f, int members);

#endif
