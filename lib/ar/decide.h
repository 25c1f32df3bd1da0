/*
 * decide.h - keep or discard, as a pure function of the numbers.
 */
#ifndef LU_DECIDE_H
#define LU_DECIDE_H

#include <stddef.h>

#include "common/why.h"

enum rule {
    RULE_STRICT, /* better at all */
    RULE_DELTA,  /* better by at least this much */
    RULE_REL,    /* better by at least this many per cent of the incumbent */
};

struct policy {
    enum rule rule;
    double by;
};

/* strict, delta:D or rel:P. */
int policy_parse(struct policy *p, const char *text, struct why *w);

struct verdict {
    int keep;
    double cand, inc; /* means */
    double delta;     /* cand - inc */
    double gain;      /* > 0 when the candidate is better */
};

/* Both sides need at least one finite number; -1 with the reason if not. */
int decide(const struct policy *p, int lower, const double *cand, size_t n_cand,
           const double *inc, size_t n_inc, struct verdict *v, struct why *w);

#endif
