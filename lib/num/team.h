/*
 * team.h - a fixed team of threads that run one function together.
 *
 * Waiting blocks instead of spinning, so that a busy machine is shared fairly.
 */
#ifndef LU_TEAM_H
#define LU_TEAM_H

#include <stddef.h>

#include "common/jobserver.h"
#include "common/why.h"

struct team;

/* A team of n >= 1 members, the caller being member 0. NULL with a reason. */
struct team *team_open(int n, struct why *w);
void team_close(struct team *t); /* NULL is fine */

/* Processors this process may run on, at least 1. */
int team_cpus(void);

/*
 * How many threads a process that shares its processors with others like it
 * (sharing - 1 of them) may start unasked: its part of the processors. Where
 * make has a jobserver, no more than it has tokens for now, all of them
 * together; *js then holds the tokens, else it is NULL. At least 1.
 */
int team_default(int sharing, struct jobserver **js);

int team_size(const struct team *t);

/* Call fn(ctx, member, members) on every member; returns when all are done. */
void team_run(struct team *t, void (*fn)(void *, int, int), void *ctx);

/* From inside fn: wait until every member is here. */
void team_wait(struct team *t);

/* The part of n items that belongs to a member: [*from, *to). */
void team_share(size_t n, int member, int members, size_t *from, size_t *to);

#endif
