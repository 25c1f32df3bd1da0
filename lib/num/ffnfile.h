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

struct ffnfile {
    struct ckpt ckpt;       /* closed for a bundle */
    struct isis_state isis; /* of a bundle */
    int bundle;
    long steps, seen, seed; /* positions and steps in the model's life */
    long epoch, next;       /* place in the training text */
    double seconds;         /* spent training */
};

/* Build *f from path. On success ffnfile_close() and ffn_close() are due. */
int ffnfile_load(struct ffn *f, struct ffnfile *x, const char *path,
                 struct why *w);
void ffnfile_close(struct ffnfile *x);

/* Put the optimizer's state and the place in the text into *t. */
int ffnfile_resume(const struct ffnfile *x, struct train *t, struct why *w);

/* Write t's model and state; seconds is the training time of its whole life. */
int ffnfile_save(const char *path, const struct train *t, double seconds,
                 struct why *w);

#endif
