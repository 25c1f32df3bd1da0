/*
 * sample.h - text from a model, a byte at a time.
 *
 * A model sees at most `context` bytes. When the text outgrows that, the older
 * half of the window is dropped: so the window holds between half and all of
 * the context, and a reader that walks it has little to repeat. Before the
 * first byte of an empty text stands a newline that is not part of it.
 */
#ifndef LU_SAMPLE_H
#define LU_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "common/sbuf.h"
#include "common/why.h"
#include "num/ffn.h"
#include "num/rng.h"

/* How a byte is drawn: first the temperature, then top_k, then top_p. */
struct sample_rule {
    double temperature; /* 0: the most likely byte */
    int top_k;          /* of so many most likely ones; 0: of all */
    double top_p;       /* of the fewest that have this share; 1: of all */
};

/* The byte drawn by u in [0, 1) from 256 logits; bytes with allow[i] == 0 are
 * left out unless allow is NULL. Of equals the smaller byte counts as more
 * likely. -1: no logit that is allowed is a number. */
int sample_draw(const float *logits, const struct sample_rule *r,
                const unsigned char *allow, double u);

/* Where a text stands in a UTF-8 character (Unicode 15, table 3-7). */
struct sample_utf8 {
    int left;       /* bytes that its character still needs */
    uint8_t lo, hi; /* what the next one may be, when left > 0 */
};

/* Take one byte into account; what is ill-formed begins anew. */
void sample_utf8_next(struct sample_utf8 *s, uint8_t byte);

/* Bytes that keep the text well-formed and can be completed within `room`. */
void sample_utf8_allow(const struct sample_utf8 *s, size_t room,
                       unsigned char allow[FFN_VOCAB]);

struct sample {
    const struct ffn *f;
    struct ffn_work work;
    struct reader read;
    struct sbuf text; /* the window, and what was before it */
    size_t start;     /* of the window */
    float logits[FFN_VOCAB];
};

int sample_open(struct sample *s, const struct ffn *f, struct why *w);
void sample_close(struct sample *s);

/* Append n bytes to the text. */
int sample_push(struct sample *s, const void *data, size_t n, struct why *w);

/* Fill in logits of the byte that comes next. -1: one is not a number. */
int sample_look(struct sample *s, struct why *w);

#endif
