/*
 * plan.h - what a run would cost, before it is run.
 *
 * Sizes are counted as they are allocated. Time is measured: some steps of
 * the very model on the very text, or on one made up of words as frequent as
 * those of a language (Zipf's law), because tables that miss the cache and
 * tables that hit it differ by more than a formula would know.
 */
#ifndef LU_PLAN_H
#define LU_PLAN_H

#include <stdint.h>

#include "common/sbuf.h"
#include "common/why.h"
#include "num/ffn.h"
#include "num/train.h"

struct plan {
    struct ffn_config model;
    struct train_config rule;
    int precision; /* enum ffn_precision */
    int threads;
    const uint8_t *text; /* to train on, or NULL */
    size_t n, val;       /* bytes of it, and of the text to evaluate on */
    size_t segment;
    /* results */
    size_t params, dense;
    double memory, checkpoint;      /* bytes, the process included */
    double byte_flops, step_flops;  /* multiply and add are two */
    double step_seconds;            /* NAN: not measured */
    double bytes_a_second, seconds; /* of training; of one pass, NAN: no text */
};

/* Everything but the times. -1: the shapes are impossible. */
int plan_sizes(struct plan *p, struct why *w);

/* The times, after the sizes; takes a second or two, more only where a few
 * hundred positions do. -1: it would not fit into this machine's memory. */
int plan_times(struct plan *p, struct why *w);

/* "key: value" lines, memory in MiB as in the closing block of a run; what was
 * not measured has no value. */
void plan_text(const struct plan *p, struct sbuf *b);

#endif
