/*
 * ffn.h - a byte-level feed-forward language model.
 *
 * For each position i with byte b, model width d and hidden width h:
 *
 *	x0 = E[b] + W_in f		f: rows of the embedding tables
 *	x  = x + W_down act(W_up n + b_up) + b_down, n = norm(x)   per layer
 *	logits = H norm(x)		H = E when tied
 *
 * (pre-norm, Xiong et al. 2020; gated act: Shazeer 2020, GLU variants). With
 * norm=post the residual sum is normalised instead; with none, nothing is.
 * Row k of f comes from table k at a row that reader.h chooses, so the tables
 * hold most parameters but a position touches only features * width of them.
 * Last, with g = 2 sigmoid(G norm(x) + b), one gate for each source of hints,
 *
 *	logits[symbol] += g[source] weight[kind]	for each hint
 *
 * which mixes what was counted with what was learned in the logistic domain,
 * by weights that depend on the position (Mahoney 2005, PAQ, 2.2, for bits).
 * Without rows and hints a position sees only its own byte: a bigram model.
 *
 * Dense parameters are one block of floats; param[] names its parts.
 */
#ifndef LU_FFN_H
#define LU_FFN_H

#include <stddef.h>
#include <stdint.h>

#include "common/why.h"
#include "kern.h"
#include "num/reader.h"

enum { FFN_VOCAB = 256, FFN_MAX_LAYERS = 64, FFN_MAX_PARAMS = 400 };
enum ffn_norm { FFN_PRE, FFN_POST, FFN_NONE };

struct ffn_config {
    long context; /* window in bytes: no position sees past its start */
    long layers, model, hidden;
    struct reader_config read; /* where rows and hints come from */
    long width;                /* of a table row */
    int act;                   /* enum kern_act */
    int norm;                  /* enum ffn_norm */
    int tied;                  /* the head is the embedding */
};

struct ffn_param {
    char name[32];
    size_t at; /* offset into w, in floats */
    int rows, cols;
    int matrix; /* weight decay and muon apply to matrices only */
    float rate; /* of learning, relative to the others */
};

struct ffn {
    struct ffn_config c;
    struct reader_plan plan;
    const struct kern *k;
    struct ffn_param param[FFN_MAX_PARAMS];
    int nparam;
    size_t size;                        /* dense floats */
    float *w;                           /* [size], model memory, owned */
    int tail;                           /* param[] of what follows layers */
    int hint;                           /* and of the hints; 0: none */
    int features;                       /* tables */
    size_t row_at[READER_MAX_ROWS + 1]; /* first row of each; last: all */
    float *table;                       /* [rows][width], model memory */
    struct memory memory;               /* of the text, on the host */
};

/* Lay out and allocate a model, all zero. Fails on impossible shapes. */
int ffn_open(struct ffn *f, const struct ffn_config *c, struct why *w);
void ffn_close(struct ffn *f);

/* Lay out only: w, table and memory stay empty. For sizes without memory. */
int ffn_plan(struct ffn *f, const struct ffn_config *c, struct why *w);

/* Start values, into a model that is on the host. */
void ffn_init(struct ffn *f, uint64_t seed);

/* Move an open model from the host into the model memory of k. */
int ffn_move(struct ffn *f, const struct kern *k, struct why *w);

/* Set how the products of a model on the host are computed. AUTO is bf16 where
 * the processor has it: twice as fast, and the loss moves by less than a change
 * of the seed does. Fails when it is asked for and not there. */
enum ffn_precision { FFN_AUTO, FFN_FP32, FFN_BF16 };
int ffn_products(struct ffn *f, enum ffn_precision p, struct why *w);

/* Rows of all tables together, and floats in them. */
size_t ffn_rows(const struct ffn *f);
size_t ffn_table_size(const struct ffn *f);

/* All parameters, tables included but not the memory; multiply-adds of one
 * position forward. */
size_t ffn_count(const struct ffn *f);
double ffn_macs(const struct ffn *f);

/* The parameter called name, or NULL. */
const struct ffn_param *ffn_find(const struct ffn *f, const char *name);

/* Activations of up to n positions, in model memory but for `in`. */
struct ffn_layer_work {
    float *x;           /* [n,d] input */
    float *y;           /* [n,d] normalised; for post the sum before it */
    float *z;           /* [n,inputs*h] before the activation */
    float *s;           /* [n,h] after it */
    float *mean, *rstd; /* [n] */
};
struct ffn_work {
    int n;
    struct ffn_layer_work layer[FFN_MAX_LAYERS + 1]; /* last: head's input */
    float *f;             /* [n,features*width] gathered rows, then gradient */
    float *logits;        /* [n,256], then their gradient */
    float *nats;          /* [n] */
    unsigned char *right; /* [n] */
    float *gate, *dgate;  /* [n,sources] */
    float *dx, *dy, *dz, *ds;
    uint8_t *byte, *target; /* [n] what the last pass was about */
    uint32_t *row;          /* [features][n] as in.rows */
    struct kern_hint *hint; /* as in.hints */
    uint32_t *hint_at;      /* [n + 1] as in.hint_at */
    struct reading in;      /* on the host, ld = n: to be filled in */
    void *block;            /* owned, with what `in` points to */
    const struct kern *k;
};

/* train = 0 shares one layer's memory among all. */
int ffn_work_open(struct ffn_work *k, const struct ffn *f, int n, int train,
                  struct why *w);
void ffn_work_close(struct ffn_work *k);

/* Bytes that ffn_work_open would allocate. */
size_t ffn_work_size(const struct ffn *f, int n, int train);

/* Carry the first n positions of k->in into model memory. ffn_forward needs
 * it; apart, because a trainer may want to touch the rows before. */
void ffn_take(const struct ffn *f, struct ffn_work *k, int n);

/* Logits for n <= k->n positions with bytes[n], on the host, and what
 * ffn_take carried. */
void ffn_forward(const struct ffn *f, struct ffn_work *k, const uint8_t *bytes,
                 int n);

/* Then: their losses against target[n], on the host. Adds up nats and hits;
 * k->logits becomes scale times d loss / d logits. */
void ffn_loss(const struct ffn *f, struct ffn_work *k, const uint8_t *target,
              float scale, int n, double *nats, size_t *right);

/* Then: the gradient to grad[f->size] in model memory, and leave the gradient
 * of the gathered rows in k->f. */
void ffn_backward(const struct ffn *f, struct ffn_work *k, int n, float *grad);

#endif
