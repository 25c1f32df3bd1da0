/*
 * batch.h - several new tensors, all of them or none.
 */
#ifndef LU_BATCH_H
#define LU_BATCH_H

#include <stddef.h>

#include "common/why.h"
#include "st/build.h"

struct batch {
    char **name; /* owned: those that are there */
    size_t n;
};

/* Begin the next one: "BASE.N", or a fresh name when base is NULL. */
int batch_open(struct batch *all, struct build *b, const char *base,
               const struct shape *s, struct why *w);

/* Finish it, or when bad is set remove it; -1 unless it is there. */
int batch_close(struct batch *all, struct build *b, int bad, struct why *w);

/* Remove all that are there. */
void batch_undo(struct batch *all);

#endif
