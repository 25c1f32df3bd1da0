/*
 * exptab.h - an experience: a tensor of shape [..., 3], read by rows of query,
 * key and value.
 *
 * Element 3 * row is the row's query. Reading all of them in order is what
 * this is fast at: a directory is opened once for 33 rows, one buffer holds
 * each text in turn, and keys and values are not touched.
 */
#ifndef LU_EXPTAB_H
#define LU_EXPTAB_H

#include <stddef.h>
#include <stdint.h>

#include "common/sbuf.h"
#include "common/why.h"
#include "st/st.h"

enum { EXPTAB_WIDTH = 3 }; /* query, key, value */

struct exptab {
    struct st *t; /* not owned */
    size_t rows;
    int64_t young;    /* see exptab_sign */
    struct sbuf text; /* private from here on */
    int dir;          /* holds the row read last; -1 */
    size_t prefix;    /* what dir is, and how many digits it has */
    int digits;
    int coeff; /* there is a file of coefficients */
};

/* Fails when the shape is not an experience's. */
int exptab_open(struct exptab *e, struct st *t, struct why *w);
void exptab_close(struct exptab *e);

/* Forget what was read: from here on the tensor counts as it is now. */
void exptab_renew(struct exptab *e);

/* The query of a row, in *text until the next call. 1; 0 when it is absent or
 * empty, so that the row is never chosen; -1. */
int exptab_query(struct exptab *e, size_t row, const char **text, size_t *len,
                 struct why *w);

/* Something that changes when the file of a row's query does, in *sign: 1, or
 * 2 where the file is a link; 0 where it cannot be told. A file as young as
 * e->young (nanoseconds since 1970, when not 0) may change again within one
 * tick of the clock: its sign is 0, which no other is. */
int exptab_sign(struct exptab *e, size_t row, uint64_t *sign);

/* "4", or "1,4" when there are more dimensions, in *b. */
void exptab_row_text(const struct exptab *e, size_t row, struct sbuf *b);

#endif
