/*
 * exptab.h - an experience: a tensor of shape [..., 3], read by rows of query,
 * key and value.
 *
 * Element 3 * row is the row's query. Reading all of them in order is what
 * this is fast at: a directory is opened once for many rows, one buffer holds
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
    struct sbuf text; /* private from here on */
    int dir;          /* holds the row read last; -1 */
    size_t prefix;    /* what dir is, and how many digits it has */
    int digits;
    int coeff;   /* file of coefficients; -1 when there is none */
    char *block; /* a piece of it */
    size_t block_at, block_n;
};

/* Fails when the shape is not an experience's. */
int exptab_open(struct exptab *e, struct st *t, struct why *w);
void exptab_close(struct exptab *e);

/* The query of a row, in *text until the next call. 1; 0 when it is absent or
 * empty, so that the row is never chosen; -1. */
int exptab_query(struct exptab *e, size_t row, const char **text, size_t *len,
                 struct why *w);

/* Something that changes whenever the query of a row may have changed, in
 * *sign. 0 or -1. */
int exptab_sign(struct exptab *e, size_t row, uint64_t *sign, struct why *w);

/* "4", or "1,4" when there are more dimensions, in *b. */
void exptab_row_text(const struct exptab *e, size_t row, struct sbuf *b);

#endif
