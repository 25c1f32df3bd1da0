/*
 * loop.h - one experiment after the other: propose, record, seal, run,
 * measure, decide, move the branch. What was interrupted is taken up where
 * the journal says it stopped.
 */
#ifndef LU_LOOP_H
#define LU_LOOP_H

#include "ar/decide.h"
#include "ar/metric.h"
#include "ar/seal.h"
#include "ar/study.h"
#include "ar/tree.h"

struct loop {
    struct study s;
    struct tree t;
    struct seal seal;
    struct metric m;
    struct policy p;
    const char *proposer;
    double patience; /* seconds a proposer may take */
};

/*
 * Lock and load the study tag and finish what was announced in its journal.
 * 0, or STUDY_FAIL, STUDY_BUSY, STUDY_INT.
 */
int loop_open(struct loop *l, const char *tag, struct why *w);

/* The same for a study that is located, locked and replayed. */
int loop_ready(struct loop *l, struct why *w);

/* Run the open experiment to its end, or begin and run the next one. */
int loop_step(struct loop *l, const struct exp **done, struct why *w);

/* Measure the base commit if that was not done; begins experiment 0. */
int loop_baseline(struct loop *l, struct why *w);

/* Overrule: keep experiment seq, or drop it. 1: nothing to do. */
int loop_keep(struct loop *l, long seq, struct why *w);
int loop_drop(struct loop *l, long seq, struct why *w);

void loop_close(struct loop *l);

#endif
