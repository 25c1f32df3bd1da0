/*
 * session.h - a training run under limits: steps, schedule, saves, stop.
 *
 * Limits are looked at between steps, so time is exceeded by at most one step
 * and the last save. A loss that is not a number, or three times that of a
 * uniform guess after the first step, ends the run with nothing more saved.
 *
 * With ranks all call session_run: rank 0's clock and stop count, so that all
 * take the same steps, and rank 0 alone saves.
 *
 * With a text to evaluate on, the run is measured meanwhile; that time, and
 * the save of a new best, are not charged. With patience, the file holds the
 * best model so far and nothing else, and when so many evaluations in a row
 * bring no better one, the learning rate begins to fall at once, for as long
 * as its share of the shortened run: a plateau at the full rate says little
 * about where the decay leads. Without a decay, or within it, the run ends.
 */
#ifndef LU_SESSION_H
#define LU_SESSION_H

#include <signal.h>

#include "num/curve.h"
#include "num/ffnfile.h"
#include "num/train.h"

struct session_val {
    const uint8_t *text; /* NULL: nothing is evaluated */
    size_t n;            /* at least the model's context + 1 */
    double secs;         /* of training between evaluations, or 0 */
    uint64_t steps;      /* the same in steps, or 0 */
    long patience;       /* 0: as long as it takes; else path is needed */
    void (*show)(void *, double share); /* while it takes, or NULL */
};

struct session {
    struct train *t;
    const char *path;     /* checkpoint, or NULL */
    double budget;        /* seconds of training; INFINITY for none */
    uint64_t steps;       /* UINT64_MAX for any */
    double warmup, decay; /* see sched.h */
    double save_every;    /* seconds, 0 for only at the end */
    int whole_passes;     /* 1: cut the first pass over the text short, so that
                             the last one ends with the run */
    long max_passes;      /* over the text, with whole_passes; 0 for any */
    struct ffnlife life;  /* seconds before this run; evaluations of it */
    struct session_val val;
    struct curve *curve;         /* or NULL */
    volatile sig_atomic_t *stop; /* set from outside: finish the step, end */
    void (*show)(const struct session *s, int last); /* progress, or NULL */
    /* results */
    double elapsed;       /* training, so far */
    double train_seconds; /* and the last save */
    double eval_seconds;  /* of evaluations meanwhile */
    double done;          /* share of the nearest limit, 0..1 */
    double avg_loss;      /* nats, over about the last 50 steps */
    int other;            /* the file holds a better model than memory */
    uint64_t first_step, first_seen;
    /* its own */
    double start, last_save, last_line;
    double last_eval;    /* elapsed */
    double best;         /* bits per byte in this run */
    uint64_t eval_step;  /* of the last evaluation */
    double shrink;       /* of the run, once patience was at an end; or 0 */
    long stale;          /* evaluations since the best */
    int over;            /* no better model is expected */
    uint64_t first_pass; /* positions seen when it is cut short; 0: done */
    uint64_t all_passes; /* positions in all of them; 0: not planned */
    uint64_t last_epoch; /* the text's, of the last one */
};

enum session_end {
    SESSION_DONE = 0,
    SESSION_DIVERGED = 1,
    SESSION_LOST = 2, /* a rank is gone */
    SESSION_FAILED = -1
};

/* Run to the end; the model is saved unless nothing was trained and the file
 * is there already. */
enum session_end session_run(struct session *s, struct why *w);

#endif
