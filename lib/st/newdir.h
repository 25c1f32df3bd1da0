/*
 * newdir.h - a directory that appears under its name whole or not at all.
 *
 * It is filled under a temporary name beside the place it is meant for, so
 * that relative links out of it already lead where they will lead later.
 */
#ifndef LU_NEWDIR_H
#define LU_NEWDIR_H

#include "common/why.h"

struct newdir {
    char *name; /* owned: what it will be called */
    char *tmp;  /* owned: what it is called meanwhile */
};

/* Make an empty directory d->tmp. name must not exist, or be an empty
 * directory. From now on signals are remembered (see run_catch). */
int newdir_open(struct newdir *d, const char *name, struct why *w);

/* Give it its name when bad is 0, or else remove it with all that is in it;
 * returns -1 unless it has got its name. *w is kept when bad is set. */
int newdir_close(struct newdir *d, int bad, struct why *w);

#endif
