/*
 * git.h - git as a subroutine: plumbing commands on one repository, with
 * hooks, signing, file-system monitors and the caller's GIT_* variables out
 * of the way.
 */
#ifndef LU_GIT_H
#define LU_GIT_H

#include "common/sbuf.h"
#include "common/why.h"

/* A repository as seen from somewhere inside it. */
struct repo {
    char *common; /* its git directory, shared by all worktrees; absolute */
    char *top;    /* the caller's working tree; common when bare */
};

int repo_find(struct repo *r, struct why *w); /* from the current directory */
void repo_free(struct repo *r);

/* One call. git_dir, tree and index may be NULL. */
struct git {
    const char *git_dir, *tree, *index;
    int anonymous;  /* 1: the configuration has no name to sign commits with */
    const char *in; /* text for standard input */
    size_t in_len;
    struct sbuf out; /* what it printed; the last newline is removed */
    int code;
};

/*
 * git(g, w, "update-ref", name, ...) runs git with at most 20 arguments. 0
 * when it exits 0; otherwise -1 and its last complaint. Free g->out; it is
 * cleared first.
 */
#define git(g, w, ...)                                                         \
    git_run((g), (w), (const char *const[]){ __VA_ARGS__, NULL })
int git_run(struct git *g, struct why *w, const char *const *arg);

/* 1 when git has no name and address to commit under in this repository. */
int git_anonymous(const char *git_dir);

/* A full object name: 40 or 64 lower-case hexadecimal digits. */
int git_is_oid(const char *s);

#endif
