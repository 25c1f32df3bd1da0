/*
 * shard.h - one part of work that several processes share: of N parts the
 * I-th, from 0, has the items I, I + N, I + 2N, ...
 */
#ifndef LU_SHARD_H
#define LU_SHARD_H

#include <stddef.h>

#include "common/why.h"

struct shard {
    size_t i, n; /* n 0: all of it */
};

/*
 * "I/N"; or "auto", what the launcher of this process says: of a job array of
 * Slurm SLURM_ARRAY_TASK_ID (less _MIN, in steps of _STEP) of _COUNT, and in
 * each task of it, or without one, OMPI_COMM_WORLD_RANK of _SIZE or, in a
 * step, SLURM_PROCID of SLURM_STEP_NUM_TASKS; without any, all of it. -1 with
 * a reason.
 */
int shard_parse(struct shard *s, const char *text, struct why *w);

/* Is item k, counted from 0, in this part? */
int shard_has(const struct shard *s, size_t k);

#endif
