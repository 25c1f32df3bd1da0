/*
 * rng.h - a small seeded generator with a fixed sequence.
 *
 * Knuth's MMIX linear congruential generator modulo 2^64; only the high bits
 * are used. The sequence is part of the checkpoint format and of the
 * compatibility mode: it never changes.
 */
#ifndef LU_RNG_H
#define LU_RNG_H

#include <stdint.h>

struct rng {
    uint64_t state;
};

void rng_seed(struct rng *r, uint64_t seed);
float rng_uniform(struct rng *r); /* [0, 1), 24 bits */
float rng_normal(struct rng *r);  /* mean 0, variance 1 (Box-Muller) */
uint64_t rng_below(struct rng *r, uint64_t n); /* 0 .. n-1, n > 0 */

#endif
