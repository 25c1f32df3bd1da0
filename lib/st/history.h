/*
 * history.h - versions of a tensor, kept by git.
 *
 * They are commits under refs/st/NAME in the repository that holds the tensor,
 * or in a bare repository of its own, TENSOR/.history, where there is none.
 * The tree of a commit is the tensor as st(5) has it. The index, the branches
 * and the working tree of the user's repository are neither read nor written.
 */
#ifndef LU_HISTORY_H
#define LU_HISTORY_H

#include "st/st.h"

struct version {
    char *commit, *message; /* owned */
    long long time;         /* seconds since 1970 */
};

struct history {
    struct st t;
    char *git, *ref; /* the repository and the name in it; owned */
    struct version *v;
    size_t count; /* versions; number k is v[k - 1] */
    int private;  /* the repository is the tensor's own */
};

/* Read the list of versions. save: there will be a new one; makes a repository
 * where there is none, and keeps others from saving until history_close. */
int history_open(struct history *h, const char *tensor, int save,
                 struct why *w);
void history_close(struct history *h);

/* Keep the present state; 1: as a new version, 0: it is the last one, -1. */
int history_save(struct history *h, const char *message, struct why *w);

/* 1 when the present state is not the last version, 0, -1. */
int history_unsaved(struct history *h, struct why *w);

/* Bring every element back to what it was in version k, each under its lock.
 * change is called for each that differs, with "text", "coeff", "made" or
 * "removed" for what is (or, dry, would be) done. */
int history_restore(struct history *h, size_t k, int dry,
                    void (*change)(const struct st *t, size_t i,
                                   const char *what, void *ctx),
                    void *ctx, struct why *w);

#endif
