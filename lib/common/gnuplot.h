/*
 * gnuplot.h - drawings by gnuplot(1): kinds, sizes, text, one run.
 *
 * No init file of the user and no file of ours: the program goes in by a pipe,
 * the drawing comes out by another.
 */
#ifndef LU_GNUPLOT_H
#define LU_GNUPLOT_H

#include "common/sbuf.h"
#include "common/why.h"

enum gnuplot_kind { GNUPLOT_DUMB, GNUPLOT_SVG, GNUPLOT_PNG };

struct gnuplot {
    enum gnuplot_kind kind;
    int width, height; /* characters, or pixels */
};

/* The kind by the name of the picture, .svg or .png; text when path is NULL.
 * The size from "WxH"; when that is NULL 1200x675, the terminal's on standard
 * output, or 79x24. */
int gnuplot_setup(struct gnuplot *g, const char *path, const char *size,
                  struct why *w);

/* Append at most max characters of s, inside double quotation marks, without
 * anything that gnuplot, a terminal or SVG could take for more than text; two
 * dots when cut. */
void gnuplot_text(struct sbuf *b, const char *s, size_t max,
                  enum gnuplot_kind kind);

/* Append "set terminal ..." for g. */
void gnuplot_terminal(struct sbuf *b, const struct gnuplot *g);

/* Run the program; the picture replaces path, text is appended to *text
 * without the blanks and empty lines that fill it up. */
int gnuplot_draw(const struct sbuf *program, const char *path,
                 struct sbuf *text, struct why *w);

#endif
