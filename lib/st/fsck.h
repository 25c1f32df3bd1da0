/*
 * fsck.h - find out what is wrong with a tensor directory.
 *
 * Only what is no user's data is ever changed: temporary files of writers that
 * are gone are removed, and coefficients are made to agree with the data.
 */
#ifndef LU_FSCK_H
#define LU_FSCK_H

#include "common/why.h"

struct fsck_found {
    const char *tensor;
    const char *cell;    /* coordinates; NULL: no element in particular */
    const char *problem; /* one word, see st-fsck(1) */
    const char *detail;
};

struct fsck {
    int repair; /* mend what is safe */
    int zero;   /* data whose coefficient is 0 is a problem, too */
    void (*found)(const struct fsck_found *p, void *ctx);
    void *ctx;
    size_t left; /* result: problems found and not mended */
};

/* 0 when the tensor could be examined to the end, whatever was found; -1. */
int fsck(const char *name, struct fsck *f, struct why *w);

#endif
