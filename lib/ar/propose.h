/*
 * propose.h - choose the next change to a settings file from what the
 * experiments so far have shown.
 *
 * Each way to move (a setting up, a setting down, a setting to a value) is
 * scored by how often it won against the row it started from. Ways not tried
 * come first, a way that won is taken again with a larger step, one that lost
 * with a smaller one. A combination of settings that was measured is never
 * proposed again.
 */
#ifndef LU_PROPOSE_H
#define LU_PROPOSE_H

#include <stddef.h>
#include <stdint.h>

#include "ar/space.h"
#include "common/why.h"

/* One row of the study, oldest first. */
struct trial {
    const char *conf; /* its settings file, NULL when not known */
    double metric;    /* NaN when not known */
    int kept;
};

struct change {
    const struct space_dim *dim;
    char from[SPACE_TEXT]; /* as the file has it; empty when it has none */
    char to[SPACE_TEXT];
};

struct proposal {
    struct change *change; /* owned */
    size_t n;
    char reason[256];
};

/*
 * conf is the settings file to start from. The same arguments give the same
 * proposal. 1 with a proposal, 0 when nothing new is left, -1 with a reason.
 */
int propose(const struct space *sp, const char *conf, const struct trial *t,
            size_t n, uint64_t seed, struct proposal *p, struct why *w);
void propose_free(struct proposal *p);

#endif
