/*
 * rows.h - elements as lines of a table: coordinates, coefficient, text.
 *
 * The header line names the columns, in any order: coords, coeff, text.
 * Others are ignored. Without the column coeff an element's coefficient is 1,
 * without text it is empty. An element is absent where text is empty and coeff
 * is 0 or empty; a text with an empty coeff has 1.
 */
#ifndef LU_ROWS_H
#define LU_ROWS_H

#include "st/st.h"

struct rows {
    char *next; /* the next line; the table is cut up in place */
    size_t line;
    int coords, coeff, text; /* columns, -1 for none */
    size_t cols;
};

struct row {
    const char *coords;
    double coeff;
    const char *text; /* NULL: absent */
};

/* Read the header of a table of len bytes, ending in a NUL of its own. */
int rows_open(struct rows *r, char *table, size_t len, struct why *w);

/* 1, 0 at the end, or -1 with the number of the line. */
int rows_next(struct rows *r, struct row *row, struct why *w);

/* The smallest shape that holds all rows from here on, which stay. */
int rows_shape(const struct rows *r, struct shape *s, struct why *w);

#endif
