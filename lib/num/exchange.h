/*
 * exchange.h - what ranks send each other in a step: a sum of gradients, and
 * for each position of the batch a record, which all ranks get of all.
 *
 * The positions are shared among the members of all ranks, numbered rank by
 * rank, as `at` has it: each has a block of its records, laid out as the
 * caller likes. Blocks and gradients are in model memory (kern.h).
 */
#ifndef LU_EXCHANGE_H
#define LU_EXCHANGE_H

#include "kern.h"
#include "num/comm.h"

struct exchange {
    struct comm *comm;
    const struct kern *k;
    int team;     /* members of a rank */
    size_t unit;  /* bytes of a record, a multiple of 4 */
    size_t *at;   /* [members + 1] first position of each: set it each step */
    char *host;   /* owned: what is sent; NULL: one rank alone */
    char *blocks; /* the same in model memory; host where that is host's */
    float *sum;   /* where a device's gradient is summed */
    int lost;     /* 1: a rank is gone */
    struct why why;
};

/* size: floats of the gradient. NULL or one rank needs no memory. */
int exchange_open(struct exchange *x, struct comm *comm, const struct kern *k,
                  int team, size_t most, size_t unit, size_t size,
                  struct why *w);
void exchange_close(struct exchange *x);

/* Members of all ranks, and the number of this rank's i-th. */
int exchange_members(const struct exchange *x);
int exchange_member(const struct exchange *x, int i);

/* The block of a member of any rank, of *count records; NULL alone. */
void *exchange_block(const struct exchange *x, int member, size_t *count);

/*
 * By one member when all have filled their blocks: grad[size] becomes the sum
 * over all ranks, total[2] as well, and the blocks of the others are there.
 * -1: lost and why are set.
 */
int exchange_do(struct exchange *x, float *grad, size_t size, double total[2]);

#endif
