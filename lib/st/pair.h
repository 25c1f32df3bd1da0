/*
 * pair.h - two tensors of one shape.
 */
#ifndef LU_PAIR_H
#define LU_PAIR_H

#include "st/st.h"

struct pair {
    struct st a, b;
};

/* Open both, or neither. That their shapes differ is a failure, whose reason
 * names both. */
int pair_open(struct pair *p, const char *a, int aflags, const char *b,
              int bflags, struct why *w);
void pair_close(struct pair *p);

#endif
