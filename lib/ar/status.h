/*
 * status.h - where a study stands, as numbers: what ar-status(1) shows.
 */
#ifndef LU_STATUS_H
#define LU_STATUS_H

#include "ar/study.h"

enum running { RUN_IDLE, RUN_NOW, RUN_INTERRUPTED };

struct status {
    const struct exp *baseline, *best; /* NULL: none yet; in the study */
    long tried;                        /* decided, without the baseline */
    long kept, discarded, crashed;     /* of those */
    double gain;      /* of best over baseline, in percent; NAN: unknown */
    double per_hour;  /* experiments, while one was in the making; NAN */
    enum running now; /* a program holds the lock; or stopped half-way */
    const struct exp *open; /* the experiment in the making, or NULL */
    double since;           /* seconds since its last record; NAN */
};

/* s was opened by study_open(); nothing is locked or written. */
int status_of(struct status *st, struct study *s, struct why *w);

/* What the experiment is at: "training" and the like. */
const char *status_phase(const struct exp *e);

#endif
