/*
 * child.h - the user's three commands as child processes: their environment,
 * their logs, and what is left of them after a crash of ours.
 */
#ifndef LU_CHILD_H
#define LU_CHILD_H

#include "ar/study.h"
#include "common/run.h"

struct child {
    const char *cmd; /* for sh -c */
    const char *dir;
    const char *name; /* of the log files: NAME.stdout; "" for stdout */
    long rep;         /* of log/SEQ.REP */
    long seed;
    double limit;
    struct sbuf *out; /* may be NULL: what it printed, bounded */
    struct run r;     /* result */
};

/* Run it for experiment e. -1 when it could not be started. */
int child_run(struct study *s, const struct exp *e, struct child *c,
              struct why *w);

/* The directory of a run's logs, in *b. */
const char *child_log(const struct study *s, const struct exp *e, long rep,
                      struct sbuf *b);

/* Write meta.tsv and tail into it. */
int child_report(struct study *s, const struct exp *e, const struct child *c,
                 const char *class, struct why *w);

/* Kill what an interrupted run of this study left behind. Returns how many. */
int child_strays(const struct study *s);

#endif
