/*
 * tree.h - the study's own worktree and its refs. Everything that git does to
 * files happens in wt/0, with an index of our own; the proposer's worktree
 * index is a copy that we never read back.
 */
#ifndef LU_TREE_H
#define LU_TREE_H

#include "ar/study.h"

struct tree {
    char *path, *admin, *index; /* owned */
    int anonymous;
};

/* rm -rf. Only for what is inside the study's directory. */
int tree_remove(const char *path, struct why *w);

/* Find or make the worktree, whatever was done to it meanwhile. */
int tree_ensure(struct study *s, struct tree *t, struct why *w);
void tree_free(struct tree *t);

/* Make the files exactly those of commit: nothing else, nothing ignored. */
int tree_lay(struct study *s, struct tree *t, const char *commit,
             struct why *w);

/*
 * Record the files as a commit on parent; only the files count, not what was
 * committed in the worktree meanwhile. tree and commit are the parent's own
 * when nothing changed.
 */
int tree_commit(struct study *s, struct tree *t, const char *parent,
                const char *message, char commit[OID], char tree[OID],
                struct why *w);

/* The tree of a commit. */
int tree_of(struct study *s, const char *commit, char tree[OID], struct why *w);

/* Point refs/ar/TAG/exp/SEQ at commit. */
int tree_mark(struct study *s, long seq, const char *commit, struct why *w);

/* Create base, best and the branch; a repetition is harmless. */
int tree_found(struct study *s, struct why *w);

/*
 * Move branch and best from s->from to s->tip. STUDY_BUSY when the branch is
 * at neither; refused while the branch is checked out somewhere.
 */
int tree_move(struct study *s, struct why *w);

/* Refuse when the branch is checked out outside wt/0. */
int tree_branch_free(struct study *s, struct why *w);

/* Where the branch is; "" when it does not exist. */
int tree_branch(struct study *s, char at[OID], struct why *w);

/* The proposer may have checked out the branch in wt/0 and moved it: put it
 * back. Anyone else's move is STUDY_BUSY. */
int tree_branch_restore(struct study *s, struct tree *t, struct why *w);

#endif
