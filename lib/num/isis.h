/*
 * isis.h - compatibility with the FFN cerebellum of modgrad/isis.
 *
 * The same architecture (no context features, pre-norm, SwiGLU, untied), the
 * same initial values to the bit of a float, and its checkpoint bundles.
 */
#ifndef LU_ISIS_H
#define LU_ISIS_H

#include "num/ffn.h"
#include "num/train.h"

enum isis_size { ISIS_SMALL, ISIS_MEDIUM, ISIS_LARGE, ISIS_XL };

/* The named configuration with its own window of 64 bytes. */
struct ffn_config isis_config(enum isis_size size);

/* AdamW on summed gradients, one window a step; the learning rate falls with
 * the number of parameters. */
struct train_config isis_rule(const struct ffn_config *c);

/* The embedding and the head share one generator seeded 42 (uniform within
 * 1/sqrt(d)); every linear layer has its own, seeded inputs XOR outputs, and
 * draws normal values of variance 2/inputs: so gate and up start equal. */
void isis_init(struct ffn *f);

/* Training state in a bundle. m and v are laid out as the model's w. */
struct isis_state {
    float *m, *v; /* owned by the caller: free() */
    uint64_t steps, seen, seconds;
};

/* 1 when data starts like a bundle. */
int isis_recognise(const void *data, size_t n);

/* Build *f and *s from a bundle. Fails on anything unexpected. */
int isis_read(struct ffn *f, struct isis_state *s, const void *data, size_t n,
              struct why *w);

#endif
