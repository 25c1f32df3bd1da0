/*
 * ffnfile.h - a model, and the state of its training, in a checkpoint.
 *
 * Reads our own format (ckpt.h) and, by its first bytes, the original's
 * bundles (isis.h). Metadata: the model's configuration, how far training got,
 * and where in the text it stopped.
 */
#ifndef LU_FFNFILE_H
#define LU_FFNFILE_H

#include "num/ckpt.h"
#include "num/ffn.h"
#include "num/isis.h"
#include "num/train.h"

/* What a model does not show: how it was trained. */
struct ffnlife {
    double seconds; /* spent training */
    long evals;     /* in the last run that evaluated; 0: never */
    double val_bpb, best_bpb;
    uint64_t best_step;
};

struct ffnfile {
    struct ckpt ckpt;       /* closed for a bundle */
    struct isis_state isis; /* of a bundle */
    int bundle;
    long steps, seen, seed; /* positions and steps in the model's life */
    long epoch, next;       /* place in the training text */
    struct ffnlife life;
};

/* Build *f from path. On success ffnfile_close() and ffn_close() are due. */
int ffnfile_load(struct ffn *f, struct ffnfile *x, const char *path,
                 struct why *w);
void ffnfile_close(struct ffnfile *x);

/* Put the optimizer's state and the place in the text into *t. */
int ffnfile_resume(const struct ffnfile *x, struct train *t, struct why *w);

/* Write t's model and state. */
int ffnfile_save(const char *path, const struct train *t,
                 const struct ffnlife *life, struct why *w);

#endif
