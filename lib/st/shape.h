/*
 * shape.h - dimensions of a tensor, and the numbers of its elements.
 *
 * Elements are numbered in row-major order (the last coordinate runs
 * fastest). A scalar has no dimensions and one element; a dimension of 0
 * leaves none.
 */
#ifndef LU_SHAPE_H
#define LU_SHAPE_H

#include <stddef.h>

#include "common/sbuf.h"
#include "common/why.h"

enum { SHAPE_MAX = 8 }; /* dimensions */

struct shape {
    int ndim;
    size_t dim[SHAPE_MAX];
    size_t count; /* product of dim[]; at most SHAPE_MOST */
};

/* Flat numbers fit a path of decimal digits and a file offset. */
#define SHAPE_MOST ((size_t)1 << 40)

/* Fill in count from ndim and dim. Fails when it is too large. */
int shape_settle(struct shape *s, struct why *w);

/* A JSON list of whole numbers, "[2, 3]", spaces optional, nothing after. */
int shape_parse(struct shape *s, const char *text, struct why *w);

/* The text that shape_parse reads, as Python's json.dumps writes it: comma
 * and space, no newline. */
void shape_text(const struct shape *s, struct sbuf *b);

int shape_same(const struct shape *a, const struct shape *b);

/* Coordinates of element i, 0 <= i < count, into at[ndim]. */
void shape_coords(const struct shape *s, size_t i, size_t *at);

/* The element at coordinates at[ndim], each within its dimension. */
size_t shape_index(const struct shape *s, const size_t *at);

/* "1,2" (or "" for a scalar) to an element. Negative coordinates count from
 * the end. A wrong number of them or one out of range is a failure. */
int shape_parse_coords(const struct shape *s, const char *text, size_t *i,
                       struct why *w);

/* Element i as "1,2"; "" for a scalar. */
void shape_coords_text(const struct shape *s, size_t i, struct sbuf *b);

#endif
