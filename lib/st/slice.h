/*
 * slice.h - a selection of elements in NumPy's notation: 0:3,:,-1
 *
 * One item for each dimension, separated by commas: a number (the dimension
 * goes), start:stop:step (as in Python, cut off at the ends), a list [1,1,0],
 * or ... once for as many full dimensions as are missing. Missing items at the
 * end are full. Several lists make an outer product. Negative numbers count
 * from the end.
 */
#ifndef LU_SLICE_H
#define LU_SLICE_H

#include <stddef.h>

#include "common/why.h"
#include "st/shape.h"

struct slice {
    struct slice_pick {
        long long start, step;
        size_t *list; /* owned; NULL: start, start + step, ... */
        int gone;     /* 1: one number, no dimension of the result */
    } pick[SHAPE_MAX];
    struct shape from, shape; /* of the source, of the result */
};

/* Parse text for a tensor of shape from. Free *s also after a failure. */
int slice_parse(struct slice *s, const struct shape *from, const char *text,
                struct why *w);

/* The element of the source that is element i of the result. */
size_t slice_source(const struct slice *s, size_t i);

void slice_free(struct slice *s);

#endif
