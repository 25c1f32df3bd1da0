/*
 * keywords.h - new queries for the rows of an experience, from a table.
 *
 * The table has the columns coords and text, as st-cat writes them; coords
 * name any element of a row. All lines of all texts for a row, without white
 * space around them, each once and in the order of their bytes, are its query.
 */
#ifndef LU_KEYWORDS_H
#define LU_KEYWORDS_H

#include "common/sbuf.h"
#include "common/why.h"
#include "st/shape.h"

struct keyword {
    size_t row;
    const char *s;
    size_t len; /* 0: the row was named */
};

struct keywords {
    struct sbuf table;
    struct keyword *k; /* sorted */
    size_t n, cap;
};

/* Read the table ("-" is standard input) for elements of a tensor of shape s.
 * *k is zeroed, and to be freed also after a failure. */
int keywords_read(struct keywords *k, const char *path, const struct shape *s,
                  struct why *w);

/* Append the query of a row to *b; 0 when the table does not name it. */
int keywords_of(const struct keywords *k, size_t row, struct sbuf *b);
void keywords_free(struct keywords *k);

#endif
