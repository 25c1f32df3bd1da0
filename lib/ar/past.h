/*
 * past.h - the settings file as it was in each row's commit.
 */
#ifndef LU_PAST_H
#define LU_PAST_H

#include "ar/propose.h"
#include "ar/rows.h"

struct past {
    struct trial *trial; /* owned, with the texts; n of them */
    size_t n;
};

/* conf is the path of today's file; the commits are looked up in the
 * repository it lies in. A commit that is gone gives a trial without conf. */
int past_read(struct past *p, const struct rows *r, const char *conf,
              struct why *w);
void past_free(struct past *p);

#endif
