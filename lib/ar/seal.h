/*
 * seal.h - what a candidate and its run must not change: the sealed tree in
 * which the metric is measured, and the protected paths outside it.
 */
#ifndef LU_SEAL_H
#define LU_SEAL_H

#include <sys/stat.h>

#include "ar/study.h"

enum seal_root { SEAL_TREE, SEAL_REPO, SEAL_ABS };

struct sealed {
    char *path, *full; /* owned; full is where it lies */
    enum seal_root root;
    mode_t mode;
    int link;
    char sha[OID];
    struct stat seen; /* when the hash was last right; st_ino 0: never */
    int present;
};

struct seal {
    struct sealed *e;
    size_t n;
    char **pattern; /* of the protected list, relative to the top */
    size_t patterns;
};

/* Build sealed/ and seal.tsv from the base commit and the file protect. */
int seal_make(struct study *s, struct why *w);

int seal_load(struct seal *l, const struct study *s, struct why *w);
void seal_free(struct seal *l);

/* The parts of making one: read protect; add what lies under root/path;
 * hash it all and write seal.tsv. */
int seal_patterns(struct seal *l, const struct study *s, struct why *w);
int seal_add(struct seal *l, const struct study *s, enum seal_root root,
             const char *path, struct why *w);
int seal_collect(struct seal *l, const struct study *s, enum seal_root root,
                 const char *path, struct why *w);
int seal_finish(struct seal *l, const struct study *s, struct why *w);

/* Is everything as it was? Removes what does not belong into sealed/. -1 with
 * the path that changed. A file whose inode data did not change since it was
 * last hashed is not hashed again. */
int seal_verify(struct seal *l, const struct study *s, struct why *w);

/* Does a change of path (relative to the top) touch a protected one? */
int seal_protects(const struct seal *l, const char *path);

/* The first protected path that differs between base and commit, in *path
 * (empty when there is none). */
int seal_check_commit(const struct seal *l, const struct study *s,
                      const char *commit, struct sbuf *path, struct why *w);

#endif
