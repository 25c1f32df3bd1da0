/*
 * amend.h - patch elements of a tensor with the diffs in another, each whole
 * or not at all, and count what became of them.
 */
#ifndef LU_AMEND_H
#define LU_AMEND_H

#include "common/out.h"
#include "st/patch.h"
#include "st/rej.h"
#include "st/st.h"

struct amend {
    struct st *from, *diffs; /* elements are read, and their diffs */
    struct st *to;           /* and written: often the same as from */
    int fuzz, dry;           /* PATCH_FUZZ; write nothing: 0 */
    struct rej rej;          /* of to */
    long long applied, rejected, fuzzed, skipped, rej_files; /* results */
};

/* What would become of one element. */
struct amended {
    size_t i;
    struct sbuf text, diff, old;
    struct patch p;
    double coeff;
    int there; /* the element was there before */
};

/* dir is where `to` is, whose name it need not have yet. */
void amend_init(struct amend *m, struct st *from, struct st *diffs,
                struct st *to, const char *dir);

/* Find out, without writing. A diff that is absent or whose coefficient is 0
 * is skipped. */
int amend_try(struct amend *m, size_t i, struct amended *a, struct why *w);

/* Write it, keep a diff that did not fit, and count. Elements that had the
 * coefficient 0, or were absent, get 1. */
int amend_commit(struct amend *m, struct amended *a, struct why *w);

/* For the next use of *a; and at the end. */
void amended_clear(struct amended *a);
void amended_free(struct amended *a);

/* The counts as a record: applied rejected fuzzed skipped rej_files. */
extern const char *const amend_cols[];
void amend_print(const struct amend *m, struct out *o);

void amend_close(struct amend *m);

#endif
