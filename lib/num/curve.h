/*
 * curve.h - the course of a training run as TSV, a line at a time.
 *
 * Columns: step, seconds, bytes, lr, loss (bits), grad_norm, val_bpb (empty
 * where nothing was evaluated), bytes_per_s. Loss and norm are means over the
 * steps since the line before. Each line is one write, so a killed run leaves
 * at most its last line torn; opening cuts that off, and the lines of steps
 * that were lost with the process and will be taken again.
 */
#ifndef LU_CURVE_H
#define LU_CURVE_H

#include "common/why.h"
#include "num/train.h"

struct curve {
    int fd;
    const char *path; /* not owned */
    /* since the line before */
    double loss, grad_norm;
    uint64_t steps, seen;
    double seconds;
};

/* Create path, or continue it after step t->steps. A file that is no curve is
 * refused and left alone. */
int curve_open(struct curve *c, const char *path, const struct train *t,
               struct why *w);
int curve_close(struct curve *c, struct why *w);

/* Take the step just made into account. */
void curve_step(struct curve *c, const struct train *t);

/* Write a line if there was a step since the last one. Seconds are those of
 * training, in this run and in the life of the model; val_bpb may be NAN. */
int curve_line(struct curve *c, const struct train *t, double seconds,
               double life, double val_bpb, struct why *w);

#endif
