/*
 * init.h - make a study, or take up one that was interrupted while it was
 * made; and take one away again.
 */
#ifndef LU_INIT_H
#define LU_INIT_H

#include "ar/loop.h"

struct init {
    const char *tag, *metric, *run, *eval, *accept;
    const char *protect; /* file with the protected list, or NULL */
    const char *base;    /* commit to start from; NULL: HEAD */
    double budget, limit, grace;
    long seed, cap;
    int trust_run;
};

/*
 * Make it and measure the baseline. *warn gets one line for each protected
 * file whose committed version was sealed though the user's tree has another.
 * 0, 1 when the baseline crashed, or STUDY_FAIL, STUDY_BUSY, STUDY_INT.
 */
int init_study(struct loop *l, const struct init *in, struct sbuf *warn,
               struct why *w);

/*
 * Make TAG.I, the I-th of several studies that go on from TAG at once: its
 * settings, from the tip of its branch, with other seeds. Fine when it is
 * there already. Its name to *name, owned by the caller. As init_study.
 */
int init_part(const char *tag, size_t i, char **name, struct why *w);

/* Remove the study of this tag: its directory, its refs, its worktree, and the
 * branch when nothing was kept on it. */
int init_remove(const char *tag, struct why *w);

/* Where to look when the baseline crashed. */
void init_explain(struct loop *l, struct sbuf *b);

#endif
