/*
 * course.h - curves of training runs, read back and drawn.
 */
#ifndef LU_COURSE_H
#define LU_COURSE_H

#include <stddef.h>

#include "common/gnuplot.h"
#include "common/sbuf.h"
#include "common/why.h"

struct course {
    const char *name; /* not owned */
    size_t n;
    double *x, *loss, *val; /* [n] owned; loss and val may be NAN */
};

/* Read what curve.h writes, from path or "-"; column names the x axis. A torn
 * last line, of a run that goes on or was killed, is left out. */
int course_read(struct course *c, const char *path, const char *column,
                struct why *w);
void course_free(struct course *c);

/* Append the program that draws n curves; -1 when they have no points. */
int course_script(struct sbuf *b, const struct course *c, size_t n,
                  const char *column, const struct gnuplot *g, struct why *w);

#endif
