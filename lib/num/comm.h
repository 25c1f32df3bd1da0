/*
 * comm.h - ranks that train one model together: processes that each hold all
 * of it and add up what they learned from their share of a step.
 *
 * Every rank calls the same functions in the same order with the same sizes.
 * Sums are taken in the order of the ranks, so a result depends on how many
 * there are but never on timing, and all ranks get the same bits, by whichever
 * way they are connected. A peer that dies is noticed by the next call of the
 * others, which fails; after a failure only comm_close may follow.
 */
#ifndef LU_COMM_H
#define LU_COMM_H

#include <stddef.h>

#include "common/why.h"

enum { COMM_MAX_RANKS = 256 };

struct comm;

/*
 * spec: "self", one rank; "shm:N", this process as rank 0 and N - 1 children
 * that it forks here, connected by shared memory; "mpi", the ranks that mpirun
 * or srun started, by the plugin; "auto", mpi where such a launcher's
 * environment is found, else self. Threads must not have been started yet.
 * NULL with a reason. A child of shm returns from here as well, and ends by
 * _exit: the rest of stdio's buffers is its parent's.
 */
struct comm *comm_open(const char *spec, struct why *w);

/* 0 when spec can be opened, by its form; -1 with a reason. */
int comm_check(const char *spec, struct why *w);

/* NULL is one rank alone for all of these. */
int comm_rank(const struct comm *c);
int comm_size(const struct comm *c);
int comm_sharing(const struct comm *c); /* ranks on this one's processors */

/* x[n] becomes the sum of all ranks' x, taken in the order of the ranks. */
int comm_sum_f32(struct comm *c, float *x, size_t n, struct why *w);

/* Blocks of bytes: rank r has filled all[at[r]] .. all[at[r + 1] - 1]; after
 * this every rank has all of them. at[size + 1] is the same on all ranks. */
int comm_gather(struct comm *c, void *all, const size_t *at, struct why *w);

/* Rank 0's n bytes to all. */
int comm_bcast(struct comm *c, void *p, size_t n, struct why *w);

/* Wait until all are here. */
int comm_barrier(struct comm *c, struct why *w);

/* Collective after success. On rank 0 of shm it ends the children, at once
 * when something failed, and reaps them. NULL does nothing. */
void comm_close(struct comm *c);

/* The same without the others, who are to end as well: children of shm are
 * killed, others by their launcher, when this process exits with a failure. */
void comm_abandon(struct comm *c);

/* Split transfers at this many bytes: for tests. */
void comm_limit(struct comm *c, size_t bytes);

#endif
