/*
 * plot.h - the progress of a study as a program for gnuplot.
 *
 * Text from the rows goes in as data or as quoted strings that have lost
 * every character that means something to gnuplot.
 */
#ifndef LU_PLOT_H
#define LU_PLOT_H

#include "ar/rows.h"
#include "common/gnuplot.h"
#include "common/sbuf.h"
#include "common/why.h"

struct plot {
    struct gnuplot g;
    int higher;       /* greater is better */
    const char *name; /* what the study is called; NULL: nothing */
};

/* Append the program, data included. -1 when no row has a metric. */
int plot_script(struct sbuf *b, const struct rows *r, const struct plot *p,
                struct why *w);

#endif
