/*
 * ranks.h - what ranks settle before they train together.
 *
 * All are for every rank to call; -1 with a reason, which is empty on ranks
 * that need not say it because another one does.
 */
#ifndef LU_RANKS_H
#define LU_RANKS_H

#include "common/jobserver.h"
#include "common/sbuf.h"
#include "num/train.h"

/* Rank 0's text for all: a launcher hands standard input to nobody else. */
int ranks_text(struct comm *c, struct sbuf *text, struct why *w);

/* Threads of each rank: *threads, or if that is 0, team_default of rank 0;
 * no more than there are streams for, where there are several ranks: one for
 * each of them at least. *js as in team.h. */
int ranks_threads(struct comm *c, long *threads, long batch, long streams,
                  struct jobserver **js, struct why *w);

/* Fail on all ranks if bad is -1 on any. The first of them keeps its *w. */
int ranks_agree(struct comm *c, int bad, struct why *w);

/* Fail on a rank that would train something else than rank 0: on another host
 * a file of the same name may be another. */
int ranks_compare(const struct train *t, struct why *w);

#endif
