/*
 * ffn.h - a byte-level feed-forward language model.
 *
 * For each position i with byte b, model width d and hidden width h:
 *
 *	x0 = E[b] + W_in f		f: rows of the hashed context tables
 *	x  = x + W_down act(W_up n + b_up) + b_down, n = norm(x)   per layer
 *	logits = H norm(x)		H = E when tied
 *
 * (pre-norm, Xiong et al. 2020; gated act: Shazeer 2020, GLU variants). With
 * norm=post the residual sum is normalised instead; with none, nothing is.
 * Without context features a position sees only its own byte: a bigram model.
 * Row k of f comes from table k at a row that ngram.h chooses, so the tables
 * hold most parameters but a position touches only features * width of them.
 *
 * Dense parameters are one block of floats; param[] names its parts.
 */
#ifndef LU_FFN_H
#define LU_FFN_H

#include <stddef.h>
#include <stdint.h>

#include "common/why.h"
#include "kern.h"
#include "num/ngram.h"

enum { FFN_VOCAB = 256, FFN_MAX_LAYERS = 64, FFN_MAX_PARAMS = 400 };
enum {
    FFN_MAX_FEATURES = NGRAM_MAX_ORDER + NGRAM_MAX_WORDS + NGRAM_MAX_REPEATS
};
enum ffn_norm { FFN_PRE, FFN_POST, FFN_NONE };

struct ffn_config {
    long context; /* window in bytes: no position sees past its start */
    long layers, model, hidden;
    long orders, words, repeats, bits; /* context features, see ngram.h */
    long width;                        /* of a table row */
    int act;                           /* enum kern_act */
    int norm;                          /* enum ffn_norm */
    int tied;                          /* the head is the embedding */
};

struct ffn_param {
    char name[32];
    size_t at; /* offset into w, in floats */
    int rows, cols;
    int matrix; /* weight decay and muon apply to matrices only */
};

struct ffn {
    struct ffn_config c;
    struct ngram ngram;
    const struct kern *k;
    struct ffn_param param[FFN_MAX_PARAMS];
    int nparam;
    size_t size;                         /* dense floats */
    float *w;                            /* [size], model memory, owned */
    int features;                        /* context tables */
    size_t row_at[FFN_MAX_FEATURES + 1]; /* first row of each; last: all */
    float *table;                        /* [rows][width], the same */
};

/* Lay out and allocate a model, all zero. Fails on impossible shapes. */
int ffn_open(struct ffn *f, const struct ffn_config *c, struct why *w);
void ffn_close(struct ffn *f);

/* Lay out only: w and table stay NULL. For sizes without memory. */
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

/* All parameters, tables included; multiply-adds of one position forward. */
size_t ffn_count(const struct ffn *f);
double ffn_macs(const struct ffn *f);

/* The parameter called name, or NULL. */
const struct ffn_param *ffn_find(const struct ffn *f, const char *name);

/* Activations of up to n positions, in model memory but for rows. */
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
    float *dx, *dy, *dz, *ds;
    uint8_t *byte, *target; /* [n] what the last pass was about */
    uint32_t *row;          /* [features][n] the same as rows */
    uint32_t *rows;         /* [features][n] on the host: to be filled in */
    void *block;            /* owned, with rows */
    const struct kern *k;
};

/* train = 0 shares one layer's memory among all. */
int ffn_work_open(struct ffn_work *k, const struct ffn *f, int n, int train,
                  struct why *w);
void ffn_work_close(struct ffn_work *k);

/* Bytes that ffn_work_open would allocate. */
size_t ffn_work_size(const struct ffn *f, int n, int train);

/* Carry the first n positions of k->rows into k->row. ffn_forward needs it;
 * apart, because a trainer may want to touch the rows before. */
void ffn_take_rows(const struct ffn *f, struct ffn_work *k, int n);

/* Logits for n <= k->n positions with bytes[n], on the host, and k->row. */
void ffn_forward(const struct ffn *f, struct ffn_work *k, const uint8_t *bytes,
                 int n);

/* Then: their losses against target[n], on the host. Adds up nats and hits;
 * k->logits becomes scale times d loss / d logits. */
void ffn_loss(const struct ffn *f, struct ffn_work *k, const uint8_t *target,
              float scale, int n, double *nats, size_t *right);

/* Then: add to grad[f->size] in model memory, and leave the gradient of the
 * gathered rows in k->f. */
void ffn_backward(const struct ffn *f, struct ffn_work *k, int n, float *grad);

#endif
