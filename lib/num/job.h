/*
 * job.h - a training run put together: texts, model, ranks, threads, state.
 *
 * What ffn-train is asked for goes in; every rank calls the same functions in
 * this order: job_read, job_open, session_run. An empty reason means that
 * another rank gives it.
 */
#ifndef LU_JOB_H
#define LU_JOB_H

#include "common/jobserver.h"
#include "common/sbuf.h"
#include "num/bpb.h"
#include "num/device.h"
#include "num/ffnfile.h"
#include "num/session.h"
#include "num/train.h"

struct job {
    struct ffn_config shape;
    struct train_config rule;
    int precision;               /* enum ffn_precision */
    int device_kind;             /* enum device_kind, or -1 */
    long segment, seed, threads; /* threads 0: as many as there is room for */
    int isis;                    /* its initial values and order of data */
    int resume, any_seed;        /* continue out, with the file's own seed */
    const char *out, *val_path;  /* NULL: none */
    const char *ranks;           /* see comm_open */
    /* open */
    struct sbuf text, val;
    const char *text_name; /* of the first text, for reasons */
    int from_stdin;
    struct ffn model;
    struct device device;
    struct bytes data;
    struct jobserver *js;
    struct comm *comm;
    int members; /* ranks, also once comm is closed */
    struct team *team;
    struct train train;
    struct ffnfile from; /* what was continued; zero: nothing */
    int resumed;
};

/* The n texts at path as one, standard input for none, and that at val_path. */
int job_read(struct job *j, char *const *path, int n, struct why *w);

/* Model, ranks and the rest. Where the model is to go is tried out now, not
 * after an hour of training. */
int job_open(struct job *j, struct why *w);

/* The model that was saved, on the whole of val; seconds of that. */
int job_evaluate(struct job *j, const struct session *s, struct bpb *b,
                 double *seconds, struct why *w);

/* The closing block; val_bpb may be NAN. */
void job_summary(const struct job *j, const struct session *s, double val_bpb,
                 double eval_seconds, int karpathy, struct sbuf *b);

#endif
