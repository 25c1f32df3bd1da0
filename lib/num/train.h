/*
 * train.h - one training step, and what a run carries from step to step.
 *
 * A step takes `batch` positions, shared among the team: each member runs its
 * part forward and backward, the gradients are added up, clipped and applied.
 * On a device the team has one member. The result depends on the number of
 * members only by the order of addition; with the same seed and team it is
 * reproducible to the bit.
 *
 * With ranks (comm.h) the positions are shared among the members of all of
 * them, which must have teams of one size. Each rank holds the whole model and
 * makes the same step: dense gradients are summed, those of table rows are
 * gathered, so that every rank applies all of them in the order of positions.
 */
#ifndef LU_TRAIN_H
#define LU_TRAIN_H

#include <stddef.h>
#include <stdint.h>

#include "common/why.h"
#include "num/bytes.h"
#include "num/exchange.h"
#include "num/ffn.h"
#include "num/team.h"

enum train_opt { TRAIN_ADAMW, TRAIN_MUON, TRAIN_SGD };

struct train_config {
    int opt;         /* enum train_opt: the rule for dense parameters */
    double lr;       /* peak */
    double table_lr; /* of the tables (row-wise Adagrad): always this */
    double beta1, beta2, eps, decay; /* adamw; beta1 is sgd's momentum too */
    double clip;       /* largest norm of the dense gradient; 0: no limit */
    long batch;        /* positions a step: streams times their segment */
    int remember;      /* 1: tables carry over to the next epoch, see train.c */
    int sum;           /* 1: the gradient is a sum over positions, not a mean */
    struct comm *comm; /* the other ranks; NULL: none. Not owned */
};

struct train_member;

struct train {
    struct ffn *f;
    struct bytes *data;
    struct team *team;
    struct train_config c;
    uint64_t steps, seen; /* in the life of the model */
    float *m, *v;         /* [f->size] moments, model memory, owned */
    float *acc;           /* [rows] of Adagrad, the same; negative where
                             the row is from an earlier epoch */
    uint64_t epoch;       /* that acc belongs to */
    /* of the last step */
    double loss;      /* mean nats */
    double accuracy;  /* share of targets with the largest logit */
    double grad_norm; /* before clipping */
    /* the batch */
    long n;
    uint8_t *input, *target;
    struct segment *segment; /* [streams] */
    size_t *at;              /* [streams + 1] first position of each */
    struct train_member *member;
    double lr_now;
    double learn_seconds; /* for a byte to be remembered; 0: not known yet */
    struct exchange x;    /* lost: the other ranks cannot be reached */
    double total[2];      /* over all members: nats, number right */
};

int train_open(struct train *t, struct ffn *f, struct bytes *data,
               struct team *team, const struct train_config *c, struct why *w);
void train_close(struct train *t);

/* One step at lr_scale (0..1) times the configured rates. A step whose loss or
 * gradient is not finite, or during which a rank is lost, changes nothing and
 * returns -1. */
int train_step(struct train *t, double lr_scale, struct why *w);

/* Remember what the epoch has not read to the end yet, for so many seconds at
 * most and a window: for a model that is about to be used. Training cannot go
 * on from there; train_recall goes back to what was remembered before, as far
 * as a checkpoint tells. */
void train_settle(struct train *t, double seconds);
double train_settle_seconds(const struct train *t); /* a guess */
void train_recall(struct train *t);

/* Floating-point operations a second of square products on the whole team:
 * what mfu_percent is a share of. The best of many, which takes some 50 ms. */
double train_peak(struct team *team, const struct kern *k);

/* Bytes that the run needs beyond the model. */
size_t train_memory(const struct ffn *f, const struct train_config *c,
                    size_t segment, int members);

#endif
